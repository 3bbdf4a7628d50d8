// Enhancements of working HTML: reveal and hide, copying, local times, single keys. What is asked by htmx, the
// dialog and the focus are in requests.js; few modules on purpose: each is a request of the first load.

const root = document.documentElement;
const $ = (selector, from = document) => from?.querySelector(selector) ?? null;
const status = $("#status");
const notice = $("#notice");
const dialog = $("#dialog");
const say = (text) => { $("#said").textContent = text; };

// ── One listener for presses ─────────────────────────────────────────────────────────────────────────
document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-copy], [data-reveal], [data-hide-all], [data-dress], [data-read-again]");
  if (!pressed) return;
  const data = pressed.dataset;
  if ("copy" in data) {
    copy(data.copy);
  } else if ("reveal" in data && !event.metaKey && !event.ctrlKey) {
    if (reveal(pressed)) {
      event.preventDefault();
      record(pressed);
    }
  } else if ("hideAll" in data) {
    hideAll();
  } else if ("readAgain" in data && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    readAgain(pressed);
  } else if ("dress" in data) {
    event.preventDefault();
    root.dataset[data.dress] = pressed.value;
    for (const one of document.querySelectorAll(`[data-dress="${data.dress}"]`)) one.setAttribute("aria-pressed", one.value === pressed.value);
    const body = new FormData(pressed.form);
    body.set(pressed.name, pressed.value);
    keepPreference(pressed.form.action, body);
  }
});

// A sign-on proxy answers 401 to X-Requested-With; any other leads to its own page, which is not followed.
async function send(address, body) {
  const headers = { "HX-Request": "true", "X-Requested-With": "XMLHttpRequest" };
  const answer = await fetch(address, { method: "POST", body, keepalive: true, redirect: "manual", headers }).catch(() => null);
  const isOurs = Boolean(answer?.headers.has("X-Request-ID"));
  const isEnded = answer !== null && (answer.status === 401 || (!isOurs && await isSignOn(answer)));
  if (isEnded) document.dispatchEvent(new Event("session:ended"));
  return { isEnded, isTaken: isOurs && answer.ok };
}

async function isSignOn(answer) {
  if (answer.ok || answer.type === "opaqueredirect") return true;
  return answer.status === 403 && (await answer.text()).includes("<form");
}

async function keepPreference(address, body) {
  const { isEnded, isTaken } = await send(address, body);
  if (!isTaken && !isEnded) toast("Couldn't save this choice. It holds until you leave the page.");
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text); // there is none on plain HTTP, and a policy may forbid it
    toast("Copied");
  } catch {
    copySelection(text);
  }
}

function copySelection(text) {
  const before = document.activeElement;
  const place = dialog.open ? $("#dialog-notice") : notice;
  place.replaceChildren($("#copy-by-hand").content.cloneNode(true));
  const field = $("textarea", place);
  field.value = text;
  field.select();
  if (!document.execCommand("copy")) return;
  place.replaceChildren();
  before.focus();
  toast("Copied");
}

function toast(text) {
  status.textContent = text;
  setTimeout(() => { if (status.textContent === text) status.textContent = ""; }, 2000);
}

// ── Showing media: by press, never by hover; a reveal ends by itself ─────────────────────────────────
const REVEALED_FOR = 30_000;

function reveal(link) {
  if (link.classList.contains("shown")) return false;
  const before = [...link.childNodes];
  const asked = link.classList.contains("ask");
  const { src, kind } = link.dataset;
  const player = kind === "video" || kind === "audio";
  const box = player ? document.createElement("div") : link;
  if (src) {
    const shown = document.createElement(player ? kind : "img");
    Object.assign(shown, player ? { controls: true, muted: true, preload: "metadata" } : { alt: link.getAttribute("aria-label") ?? link.textContent.trim() });
    shown.referrerPolicy = "no-referrer";
    shown.src = src;
    box.replaceChildren(shown);
    if (player) {
      box.className = "media";
      link.replaceWith(box);
      shown.focus();
    }
  }
  link.classList.remove("ask");
  link.classList.add("shown");
  const takeBack = () => {
    if (player && !box.firstChild.paused) return void setTimeout(takeBack, REVEALED_FOR);
    link.replaceChildren(...before);
    link.classList.toggle("ask", asked);
    link.classList.remove("shown");
    if (player) box.replaceWith(link);
  };
  setTimeout(takeBack, REVEALED_FOR);
  return true;
}

// A reveal is an event of the audit; where it cannot be written, the page says so.
async function record(link) {
  const { pathname, searchParams } = new URL(link.href);
  const body = new FormData($("#prefs"));
  body.set("variant", searchParams.get("reveal"));
  body.set("ticket", searchParams.get("ticket") ?? "");
  const { isEnded, isTaken } = await send(`${pathname}reveal/`, body);
  if (!isTaken && !isEnded) notice.replaceChildren($("#unrecorded").content.cloneNode(true));
}

// Where a picture or clip did not load, its place says so. The item read again brings a fresh link.
document.addEventListener("error", ({ target }) => {
  const isMedia = target instanceof HTMLImageElement || target instanceof HTMLMediaElement;
  const place = isMedia && target.closest(".media, .thumb");
  if (!place) return;
  const words = $(place.matches(".thumb") ? "#unloaded-thumb" : "#unloaded").content.cloneNode(true);
  const again = $("[data-read-again]", words);
  again.href = (place.closest("tr")?.querySelector(".c-id a") ?? $("#item .item-acts a") ?? location).href;
  again.title = `${target.alt || target.ariaLabel} couldn't be loaded. Refresh`;
  place.replaceWith(words);
}, true);

async function readAgain(link) {
  const row = link.closest("#list tr");
  if (row) { // as it is read while it moves, with all rows of the answer put in their places
    const id = row.id.replace("row-", "");
    await htmx.ajax("GET", link.pathname.replace(/media\/[^/]+\/$/, `live/?id=${id}`), { target: row, swap: "none" });
    $(`[id="${row.id}"] .c-id a`)?.focus();
  } else if ($("#item")) {
    await htmx.ajax("GET", link.href, { target: "#item", swap: "outerHTML" });
    $("#item h1")?.focus();
  } else {
    location.assign(link.href);
  }
}

function hideAll() {
  const hidden = root.classList.toggle("hide-all");
  for (const player of document.querySelectorAll("video, audio")) player.pause();
  $("[data-hide-all]")?.setAttribute("aria-pressed", hidden);
  say(hidden ? `Everything is hidden. Press ${root.dataset.keys === "off" ? "Hide all" : "h"} to show it again.` : "");
}

// ── Times in the reader's zone, UTC beside them; the exact moment of a row by its title ──────────────
const near = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const zone = new Intl.DateTimeFormat(undefined, { timeZoneName: "short" });
const zoneOf = (moment) => zone.formatToParts(moment).find((part) => part.type === "timeZoneName").value;

function dress(from) {
  for (const time of (from ?? document).querySelectorAll?.("time[data-local]") ?? []) {
    const moment = new Date(time.dateTime);
    const utc = document.createElement("small");
    utc.textContent = time.dateTime.replace("T", " ").replace("Z", " UTC");
    time.replaceChildren(`${near.format(moment)} ${zoneOf(moment)} `, utc);
    time.removeAttribute("data-local");
  }
  for (const hidden of (from ?? document).querySelectorAll?.("button[hidden]") ?? []) hidden.hidden = false;
  // One that failed before this script was there is asked for once more, and fails where it can be heard.
  for (const image of (from ?? document).querySelectorAll?.(":is(.media, .thumb) img") ?? []) if (image.complete && !image.naturalWidth) image.src = image.src;
  const land = $("[data-land]");
  if (land) location.replace(land.href); // Back leads to where the link was, not to the search for it
}
document.addEventListener("mouseover", (event) => {
  const time = event.target.closest?.("time[datetime]:not([title])");
  if (time) time.title = `${near.format(new Date(time.dateTime))} ${zoneOf(new Date(time.dateTime))} · ${time.dateTime}`;
});
document.addEventListener("htmx:load", (event) => dress(event.detail.elt));
dress(document);

// ── Single keys, each a shorter way to what the page offers anyway: a key presses the same link, box or button ──
// They can be switched off (data-keys), and mean nothing in fields, with modifiers, or behind a dialog.
const ROWS = "main :is(.row, .card, [data-row])";
let last = ""; // the id of the row that had the focus: a refresh of the row takes its focus away

const rows = () => [...document.querySelectorAll(ROWS)].filter((row) => row.checkVisibility());

function current() {
  const row = document.activeElement?.closest(ROWS) ?? document.getElementById(last);
  return row?.checkVisibility() ? row : null;
}

function move(step) {
  const all = rows();
  const at = all.indexOf(current());
  const row = all[at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)];
  if (!row) return;
  const link = $(".c-id a, [data-go]", row) ?? $("a[href]:not([hidden])", row) ?? row;
  if (link === row) row.tabIndex = -1;
  link.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

document.addEventListener("focusin", ({ target }) => { last = target.closest(ROWS)?.id || last; });

const ACTS = {
  "/": () => { $("#q")?.focus(); $("#q")?.select(); },
  j: () => move(1),
  k: () => move(-1),
  // Pressed as by hand, so that whoever listens to the box hears of it, and of Shift.
  x: (shiftKey) => current()?.querySelector("input[type=checkbox]")
    ?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey })),
  r: () => $("[data-reveal]:not(.shown)", current() ?? $("#item"))?.click(),
  h: () => $("[data-hide-all]")?.click(),
  "?": () => $("[data-keys-sheet]")?.click(),
};

const isTyping = (target) => target.closest("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])");

document.addEventListener("keydown", (event) => {
  const { key, shiftKey } = event;
  const letter = key.length === 1 ? key.toLowerCase() : "";
  if (document.documentElement.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!Object.hasOwn(ACTS, letter) || isTyping(event.target)) return;
  if (shiftKey && letter !== key && letter !== "x") return; // a capital; "/" and "?" may need Shift
  if (event.repeat && !"jk".includes(letter)) return;
  if (letter !== "h" && $("dialog[open], :popover-open")) return; // hiding is never in the way
  event.preventDefault();
  ACTS[letter](shiftKey);
});
