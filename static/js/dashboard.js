// Enhancements of working HTML: the dialog's host, reveal and hide, copying, local times, live refresh.
// Keys are in keys.js; few modules on purpose: each file is a request of the first load.

const root = document.documentElement;
const $ = (selector, from = document) => from.querySelector(selector);
const status = $("#status");
const notice = $("#notice");
const dialog = $("#dialog");
const say = (text) => { $("#said").textContent = text; };

// ── Dialog: filled by htmx, shown here; its opener gets the focus back ────────────────────────────────
let opener = null;

function openDialog() {
  if (!dialog.open) {
    const menu = document.activeElement.closest("[popover]"); // it closes, and cannot take the focus back
    opener = menu ? $(`[popovertarget="${menu.id}"]`) : document.activeElement;
    dialog.showModal();
  }
  ($("[aria-invalid]", dialog) ?? $("h1", dialog))?.focus();
}

dialog.addEventListener("close", () => {
  dialog.replaceChildren();
  if (opener?.isConnected) opener.focus();
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
  opener = $(".c-id a", next ?? document.body) ?? row ?? title;
  if (!row) opener = title;
  title?.setAttribute("tabindex", "-1");
  dialog.close();
});

// ── htmx: busy marks, lost network, no polling of a hidden page ──────────────────────────────────────
let failed = null;

document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, target } = event.detail;
  if (elt.id === "live" && (document.hidden || live.paused || dialog.open)) {
    event.preventDefault();
    return;
  }
  if (elt.id === "live") return;
  notice.replaceChildren();
  status.textContent = "";
  target?.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, requestConfig, xhr } = event.detail;
  requestConfig.target?.removeAttribute("aria-busy"); // the answer may have named another target
  if (elt.id === "live" && (xhr.status >= 400 || !xhr.status)) pause(true);
  if ("next" in elt.dataset && (xhr.status >= 400 || !xhr.status)) $("[data-stop]").hidden = true; // "Go on" shows
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  ended = xhr.status === 401;
  if (xhr.status >= 400 && !xhr.getResponseHeader("X-Request-ID")) { // a gateway's page, not ours
    event.detail.shouldSwap = false;
    if (ended) sayEnded();
    else sayNotReached(event);
  }
  // The dialog closes on this answer; only what it changes on the page behind is taken from it.
  if (xhr.getResponseHeader("HX-Trigger-After-Settle")?.includes("removal:done")) event.detail.swapOverride = "none";
});
document.addEventListener("htmx:afterSwap", (event) => {
  const { target, requestConfig } = event.detail;
  if (target !== dialog || !dialog.childElementCount) return;
  if (requestConfig.verb === "get") dialog.dataset.from = requestConfig.path;
  openDialog();
});
document.addEventListener("htmx:afterSettle", (event) => {
  const words = { list: "p.shown", answers: ".asked" }[event.detail.target?.id];
  if (words) say($(words)?.textContent ?? "");
});
for (const trouble of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(trouble, sayNotReached);

function sayNotReached({ detail: { requestConfig: { elt, verb } } }) {
  const removing = verb === "post" && dialog.contains(elt);
  failed = removing || elt.id === "live" ? null : elt;
  const words = $(removing ? "#lost-removal" : "#lost").content.cloneNode(true);
  ($("#dialog-notice") && removing ? $("#dialog-notice") : notice).replaceChildren(words);
}

document.addEventListener("htmx:load", (event) => dress(event.detail.elt));

// ── A session that ended: what was typed waits in this tab until the same page is back ───────────────
let ended = false;
const place = () => `typed ${location.pathname}${location.search}`;
// Named one by one: no token, no connection's id, nothing that has to be typed by hand to confirm is among them.
const typed = () => document.querySelectorAll("#ticket, #reason, [id^='f-']");

function sayEnded() {
  const words = $("#ended").content.cloneNode(true);
  $("a", words).href = (location.pathname + location.search).replace(/^\/+/, "/");
  ((dialog.open && $("#dialog-notice")) || notice).replaceChildren(words);
}

addEventListener("pagehide", () => {
  if (!ended) return;
  const fields = Object.fromEntries([...typed()].map((field) => [field.id, field.value]));
  sessionStorage.setItem(place(), JSON.stringify({ from: dialog.open ? dialog.dataset.from : "", fields }));
});

async function takeUp() {
  const kept = JSON.parse(sessionStorage.getItem(place()));
  if (!kept) return;
  sessionStorage.removeItem(place());
  if (kept.from) await htmx.ajax("GET", kept.from, "#dialog");
  for (const field of typed()) field.value = kept.fields[field.id] ?? field.value;
}

// ── Live refresh: paused by a press, and by the first answer that is none ────────────────────────────
const live = { paused: false };

function pause(paused) {
  live.paused = paused;
  const button = $("[data-pause]");
  if (!button) return;
  button.setAttribute("aria-pressed", paused);
  button.title = paused ? "Resume live refresh" : "Pause live refresh";
  const glyph = $("use", button);
  glyph.setAttribute("href", glyph.getAttribute("href").replace(/#.*/, paused ? "#play" : "#pause"));
}

// ── One listener for presses ─────────────────────────────────────────────────────────────────────────
document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-close], [data-again], [data-copy], [data-reveal], [data-hide-all], [data-pause], [data-dress], [data-stop]");
  if (!pressed) return;
  const data = pressed.dataset;
  if ("close" in data && dialog.open) {
    event.preventDefault();
    if (!isWaiting()) dialog.close();
  } else if ("again" in data) {
    notice.replaceChildren();
    if (failed?.isConnected) htmx.trigger(failed, failed.matches("form") ? "submit" : "click");
    else location.reload();
  } else if ("copy" in data) {
    copy(data.copy);
  } else if ("reveal" in data && !event.metaKey && !event.ctrlKey) {
    if (reveal(pressed)) {
      event.preventDefault();
      record(pressed);
    }
  } else if ("hideAll" in data) {
    hideAll();
  } else if ("pause" in data) {
    pause(!live.paused);
  } else if ("stop" in data) {
    htmx.trigger("[data-next]", "htmx:abort");
  } else if ("dress" in data) {
    event.preventDefault();
    root.dataset[data.dress] = pressed.value;
    for (const one of document.querySelectorAll(`[data-dress="${data.dress}"]`)) one.setAttribute("aria-pressed", one.value === pressed.value);
    const body = new FormData(pressed.form);
    body.set(pressed.name, pressed.value);
    fetch(pressed.form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
  }
});

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied");
  } catch {
    toast("Your browser does not let us copy");
  }
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
  const answer = await fetch(`${pathname}reveal/`, { method: "POST", body, keepalive: true, headers: { "HX-Request": "true" } }).catch(() => null);
  ended = answer?.status === 401;
  if (ended) sayEnded();
  else if (!answer?.ok) notice.replaceChildren($("#unrecorded").content.cloneNode(true));
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
  if (live.paused) pause(true);
  const land = $("[data-land]");
  if (land) location.replace(land.href); // Back leads to where the link was, not to the search for it
}
document.addEventListener("mouseover", (event) => {
  const time = event.target.closest?.("time[datetime]:not([title])");
  if (time) time.title = `${near.format(new Date(time.dateTime))} ${zoneOf(new Date(time.dateTime))} · ${time.dateTime}`;
});
dress(document);
takeUp();
