// Enhancements of working HTML: reveal and hide, copying, local times, single keys. For htmx see requests.js.

const root = document.documentElement;
const $ = (selector, from = document) => from?.querySelector(selector) ?? null;
const status = $("#status");
const notice = $("#notice");
const dialog = $("#dialog");
const announce = (text) => {
  $("#announcement").textContent = text;
};

const PRESSABLE = "[data-copy], [data-reveal], [data-hide-all], [data-preference], [data-read-again]";

document.addEventListener("click", (event) => {
  const pressed = event.target.closest(PRESSABLE);
  if (!pressed) return;
  const data = pressed.dataset;
  if ("copy" in data) {
    copyText(data.copy || findRowId(pressed));
  } else if ("reveal" in data && !event.metaKey && !event.ctrlKey) {
    if (pressed.classList.contains("shown")) return; // from here it leads to the item
    event.preventDefault();
    if (pressed.matches(".thumb.ask")) return void revealThumb(pressed);
    revealMedia(pressed, data.src);
    recordReveal(pressed);
  } else if ("hideAll" in data) {
    toggleHideAll();
  } else if ("readAgain" in data && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    reloadMedia(pressed);
  } else if ("preference" in data) {
    event.preventDefault();
    applyPreference(pressed);
  }
});

async function applyPreference(button) {
  const name = button.dataset.preference;
  root.dataset[name] = button.value;
  for (const one of document.querySelectorAll(`[data-preference="${name}"]`)) {
    one.setAttribute("aria-pressed", one.value === button.value);
  }
  const body = new FormData(button.form);
  body.set(button.name, button.value);
  await savePreference(button.form.action, body);
  if (root.dataset.layout === "grid" && name === "layout" && root.dataset.media === "blurred") reloadRows();
}

const findRowId = (element) => element.closest(".row").id.replace("row-", "");

// A blurred table loads no pictures, the grid does: rows that are read again come with theirs.
function reloadRows() {
  const thumbs = [...document.querySelectorAll("#list .thumb.ask")];
  const asked = new URLSearchParams(location.search);
  ["cursor", "trail"].forEach((name) => asked.delete(name));
  thumbs.forEach((thumb) => asked.append("id", findRowId(thumb)));
  const address = `${location.pathname.replace(/media\/$/, "live/")}?${asked}`;
  const options = { target: thumbs[0]?.closest("tr"), swap: "none" }; // a press of the list goes on beside it
  if (thumbs.length) htmx.ajax("GET", address, options).catch(() => {}); // requests.js has said why
}

// A sign-on proxy answers 401 to X-Requested-With; any other leads to its own page, which is not followed.
async function postForm(address, body) {
  const headers = { "HX-Request": "true", "X-Requested-With": "XMLHttpRequest" };
  const options = { method: "POST", body, keepalive: true, redirect: "manual", headers };
  const answer = await fetch(address, options).catch(() => null);
  const isOurs = Boolean(answer?.headers.has("X-Request-ID"));
  const isEnded = answer !== null && (answer.status === 401 || (!isOurs && await isSignOn(answer)));
  if (isEnded) document.dispatchEvent(new Event("session:ended"));
  return { isEnded, isTaken: isOurs && answer.ok, answer };
}

async function isSignOn(answer) {
  if (answer.ok || answer.type === "opaqueredirect") return true;
  return answer.status === 403 && (await answer.text()).includes("<form");
}

async function savePreference(address, body) {
  const { isEnded, isTaken } = await postForm(address, body);
  if (!isTaken && !isEnded) showToast("Couldn't save this choice. It holds until you leave the page.");
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text); // there is none on plain HTTP, and a policy may forbid it
    showToast("Copied");
  } catch {
    offerSelection(text);
  }
}

function offerSelection(text) {
  const before = document.activeElement;
  const place = dialog.open ? $("#dialog-notice") : notice;
  place.replaceChildren($("#copy-by-hand").content.cloneNode(true));
  const field = $("textarea", place);
  field.value = text;
  field.select();
  if (!document.execCommand("copy")) return;
  place.replaceChildren();
  before.focus();
  showToast("Copied");
}

const TOAST_MS = 2000;
function showToast(text) {
  status.textContent = text;
  setTimeout(() => {
    if (status.textContent === text) status.textContent = "";
  }, TOAST_MS);
}

// Media shows by a press, never by hover: loading it may count as an access. A reveal ends by itself.
const REVEAL_MS = 30_000;

function revealMedia(link, src) {
  const before = [...link.childNodes];
  const asked = link.classList.contains("ask");
  const { kind } = link.dataset;
  const player = kind === "video" || kind === "audio";
  const box = player ? document.createElement("div") : link;
  if (src) {
    const media = document.createElement(player ? kind : "img");
    if (player) Object.assign(media, { controls: true, muted: true, preload: "metadata" });
    else media.alt = link.getAttribute("aria-label") ?? link.textContent.trim();
    media.referrerPolicy = "no-referrer";
    media.src = src;
    box.replaceChildren(media);
    if (player) {
      box.className = "media";
      link.replaceWith(box);
      media.focus();
    }
  }
  link.classList.remove("ask");
  link.classList.add("shown");
  const conceal = () => {
    if (player && !box.firstChild.paused) return void setTimeout(conceal, REVEAL_MS);
    link.replaceChildren(...before);
    link.classList.toggle("ask", asked);
    link.classList.remove("shown");
    if (player) box.replaceWith(link);
  };
  setTimeout(conceal, REVEAL_MS);
}

// A table that loads nothing does not have the thumb's link either: it comes with the record of the reveal.
async function revealThumb(link) {
  if (link.hasAttribute("aria-busy")) return;
  link.setAttribute("aria-busy", "true");
  const answer = await recordReveal(link, ["link"]);
  link.removeAttribute("aria-busy");
  const { src, reason } = await answer?.json() ?? {};
  if (src && link.isConnected) revealMedia(link, src);
  else if (reason) showToast(reason);
}

// A reveal is an event of the audit; where it cannot be written, the page says so.
async function recordReveal(link, also = []) {
  const { pathname, searchParams } = new URL(link.href);
  const body = new FormData($("#prefs"));
  body.set("variant", searchParams.get("reveal"));
  body.set("ticket", searchParams.get("ticket") ?? "");
  for (const name of also) body.set(name, "on");
  const { isEnded, isTaken, answer } = await postForm(`${pathname}reveal/`, body);
  if (!isTaken && !isEnded) notice.replaceChildren($("#unrecorded").content.cloneNode(true));
  return isTaken ? answer : null;
}

// Where a picture or clip did not load, its place says so. The item read again brings a fresh link.
document.addEventListener("error", ({ target }) => {
  const isMedia = target instanceof HTMLImageElement || target instanceof HTMLMediaElement;
  const place = isMedia && target.closest(".media, .thumb");
  if (!place) return;
  const message = $(place.matches(".thumb") ? "#unloaded-thumb" : "#unloaded").content.cloneNode(true);
  const again = $("[data-read-again]", message);
  again.href = (place.closest("tr")?.querySelector(".c-id a") ?? $("#item .item-acts a") ?? location).href;
  again.title = `${target.alt || target.ariaLabel} couldn't be loaded. Refresh`;
  place.replaceWith(message);
}, true);

async function reloadMedia(link) {
  const row = link.closest("#list tr");
  if (row) { // as it is read while it moves, with all rows of the answer put in their places
    const address = link.pathname.replace(/media\/[^/]+\/$/, `live/?id=${findRowId(row)}`);
    await htmx.ajax("GET", address, { target: row, swap: "none" });
    $(`[id="${row.id}"] .c-id a`)?.focus();
  } else if ($("#item")) {
    await htmx.ajax("GET", link.href, { target: "#item", swap: "outerHTML" });
    $("#item h1")?.focus();
  } else {
    location.assign(link.href);
  }
}

function toggleHideAll() {
  const hidden = root.classList.toggle("hide-all");
  for (const player of document.querySelectorAll("video, audio")) player.pause();
  $("[data-hide-all]")?.setAttribute("aria-pressed", hidden);
  const control = root.dataset.keys === "off" ? "Hide all" : "h";
  announce(hidden ? `Everything is hidden. Press ${control} to show it again.` : "");
}

const momentFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const zoneFormat = new Intl.DateTimeFormat(undefined, { timeZoneName: "short" });
const nameZone = (moment) =>
  zoneFormat.formatToParts(moment).find((part) => part.type === "timeZoneName").value;
const formatMoment = (moment) => `${momentFormat.format(moment)} ${nameZone(moment)}`;

// Print the page's times in the reader's zone, with UTC beside them: tickets and logs speak of UTC.
function localizeTimes(from) {
  for (const time of from.querySelectorAll("time[data-local]")) {
    const moment = new Date(time.dateTime);
    const utc = document.createElement("small");
    utc.textContent = time.dateTime.replace("T", " ").replace("Z", " UTC");
    time.replaceChildren(`${formatMoment(moment)} `, utc);
    time.removeAttribute("data-local");
  }
}

// An image that failed before this script ran is asked for once more, and fails where it can be heard.
function retryImages(from) {
  for (const image of from.querySelectorAll(":is(.media, .thumb) img")) {
    if (image.complete && !image.naturalWidth) image.src = image.src;
  }
}

function enhance(from) {
  localizeTimes(from);
  for (const button of from.querySelectorAll("button[hidden]")) button.hidden = false;
  retryImages(from);
  const land = $("[data-land]");
  if (land) location.replace(land.href); // Back leads to where the link was, not to the search for it
}

document.addEventListener("mouseover", (event) => {
  const part = event.target.closest?.(":is(time[datetime], .slot):not([title])");
  const moment = part?.dateTime;
  if (part) part.title = moment ? `${formatMoment(new Date(moment))} · ${moment}` : part.textContent;
});
document.addEventListener("htmx:load", (event) => enhance(event.detail.elt));
enhance(document);

// A key presses the same link, box or button that the page offers anyway. Keys can be switched off (data-
// keys), and mean nothing in fields, with modifiers, or behind a dialog.
const ROW_SELECTOR = "main :is(.row, .card, [data-row])";
let lastRowId = ""; // the id of the row that had the focus: a refresh of the row takes its focus away

const listRows = () => [...document.querySelectorAll(ROW_SELECTOR)].filter((row) => row.checkVisibility());

function findCurrentRow() {
  const row = document.activeElement?.closest(ROW_SELECTOR) ?? document.getElementById(lastRowId);
  return row?.checkVisibility() ? row : null;
}

function moveFocus(step) {
  const all = listRows();
  const at = all.indexOf(findCurrentRow());
  const row = all[at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)];
  if (!row) return;
  const link = $(".c-id a, [data-go]", row) ?? $("a[href]:not([hidden])", row) ?? row;
  if (link === row) row.tabIndex = -1;
  link.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

document.addEventListener("focusin", ({ target }) => {
  lastRowId = target.closest(ROW_SELECTOR)?.id || lastRowId;
});

const KEY_ACTIONS = {
  "/": () => {
    $("#q")?.focus();
    $("#q")?.select();
  },
  j: () => moveFocus(1),
  k: () => moveFocus(-1),
  // Pressed as by hand, so that whoever listens to the box hears of it, and of Shift.
  x: (shiftKey) => findCurrentRow()?.querySelector("input[type=checkbox]")
    ?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey })),
  r: () => $("[data-reveal]:not(.shown)", findCurrentRow() ?? $("#item"))?.click(),
  h: () => $("[data-hide-all]")?.click(),
  "?": () => $("[data-keys-sheet]")?.click(),
};

const TYPED_IN = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])";
const isTyping = (target) => target.closest(TYPED_IN) !== null;

document.addEventListener("keydown", (event) => {
  const { key, shiftKey } = event;
  const letter = key.length === 1 ? key.toLowerCase() : "";
  if (root.dataset.keys === "off") return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!Object.hasOwn(KEY_ACTIONS, letter) || isTyping(event.target)) return;
  if (shiftKey && letter !== key && letter !== "x") return; // a capital; "/" and "?" may need Shift
  if (event.repeat && !"jk".includes(letter)) return;
  if (letter !== "h" && $("dialog[open], :popover-open")) return; // hiding is never in the way
  event.preventDefault();
  KEY_ACTIONS[letter](shiftKey);
});
