// Enhancements of working HTML: the dialog's host, where the focus goes, reveal and hide, copying, local times.
// What is asked and taken by htmx is in requests.js, keys are in keys.js; few modules on purpose: each file is a
// request of the first load.

const root = document.documentElement;
const $ = (selector, from = document) => from.querySelector(selector);
const status = $("#status");
const notice = $("#notice");
const dialog = $("#dialog");
const say = (text) => { $("#said").textContent = text; };

// ── Dialog: filled by htmx, shown here; its opener gets the focus back ────────────────────────────────
let opener = null;

function openDialog(asker) {
  if (!dialog.open) {
    const pressed = [document.activeElement, asker].find((one) => one !== document.body) ?? $("#main");
    const menu = pressed.closest("[popover]"); // it closes, and cannot take the focus back
    opener = menu ? $(`[popovertarget="${menu.id}"]`) : pressed;
    dialog.showModal();
  }
  ($("[aria-invalid]", dialog) ?? $("h1", dialog))?.focus();
}

dialog.addEventListener("close", () => {
  dialog.replaceChildren();
  if (opener) giveFocus(opener);
  opener = null;
});
// Enter in a field never removes anything: only the button does. Where nothing can be lost, Enter sends.
dialog.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("input") && !event.target.closest("[data-enter]")) event.preventDefault();
});
// Nothing closes the dialog while its answer is out. Esc is caught before it asks the dialog to close: of
// such requests a browser lets only one be prevented.
const isWaiting = () => $(".htmx-request", dialog) !== null;
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && dialog.open && isWaiting()) event.preventDefault();
}, true);
dialog.addEventListener("cancel", (event) => {
  if (isWaiting()) event.preventDefault();
});

document.addEventListener("removal:done", (event) => {
  const row = document.getElementById(`row-${event.detail.id}`);
  const title = $("#item h1");
  const next = row?.nextElementSibling ?? row;
  opener = (next && $(".c-id a", next)) ?? row ?? title ?? opener;
  title?.setAttribute("tabindex", "-1");
  dialog.close();
});

document.addEventListener("htmx:afterSwap", ({ detail: { target, requestConfig } }) => {
  if (target !== dialog || !dialog.childElementCount) return;
  if (requestConfig.verb === "get") dialog.dataset.from = requestConfig.path;
  if (!$("#dialog-notice")) { // what is said outside an open dialog, nobody sees or hears
    const words = dialog.appendChild(document.createElement("div"));
    words.id = "dialog-notice";
    words.setAttribute("role", "alert");
  }
  openDialog(requestConfig.elt);
});
document.addEventListener("htmx:afterSettle", (event) => {
  const words = { list: "p.shown", answers: ".asked" }[event.detail.target?.id];
  if (words) say($(words)?.textContent ?? "");
});
document.addEventListener("htmx:load", (event) => dress(event.detail.elt));

// ── Focus: what a swap takes it from is followed by the same control, else by what it stood in ────────
let focused = null; // what had the focus last: nobody is told when a swap removes it

document.addEventListener("focusin", ({ target }) => { focused = target; });
document.addEventListener("htmx:afterSettle", () => {
  if (document.activeElement === document.body && focused && !focused.isConnected) giveFocus(focused);
});
document.addEventListener("htmx:afterRequest", ({ detail: { requestConfig } }) => { // it was disabled meanwhile
  if (document.activeElement === document.body && focused?.isConnected && requestConfig.elt.contains(focused)) focused.focus();
});

function giveFocus(lost) {
  const next = lost.isConnected ? lost : findSuccessor(lost);
  if (!next.matches("a[href], button, input, select, textarea, summary, [tabindex]")) next.tabIndex = -1;
  next.focus({ preventScroll: true });
}

function findSuccessor(lost) {
  const words = (one) => [one.getAttribute("href"), one.name, one.ariaLabel ?? one.textContent.trim()].join(" ");
  let part = null;
  for (let one = lost; one; one = one.parentElement) {
    const twin = one.id && document.getElementById(one.id);
    if (!twin) continue;
    if (one === lost) return twin;
    const same = [...twin.querySelectorAll(lost.localName)].find((other) => words(other) === words(lost));
    if (same?.checkVisibility()) return same;
    part ??= twin;
  }
  const home = part?.closest("section, main, [tabindex]") ?? $("#main");
  return home.id === "main" ? $("#list, h1[tabindex]", home) ?? home : $("h1[tabindex]", home) ?? home;
}

// ── One listener for presses ─────────────────────────────────────────────────────────────────────────
document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-close], [data-copy], [data-reveal], [data-hide-all], [data-dress], [data-read-again]");
  if (!pressed) return;
  const data = pressed.dataset;
  if ("close" in data && dialog.open) {
    event.preventDefault();
    if (!isWaiting()) dialog.close();
  } else if ("copy" in data) {
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
dress(document);
