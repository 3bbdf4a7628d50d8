// Requests of the page: the latest press wins, only our own answers are taken, words stand where none came; and
// where answers go: into the dialog, with the focus after them.
// The same is said twice of the latest press: hx-sync in the templates drops the older request, and here its
// answer is thrown away, wherever it comes from.

const $ = (selector, from = document) => from.querySelector(selector);
const notice = $("#notice");
const dialog = $("#dialog");
const say = (text) => { $("#said").textContent = text; };
const openNotice = () => (dialog.open ? $("#dialog-notice") : notice);
const isPoll = (elt) => elt.matches("[hx-trigger^=every]");

// ── Which answers are taken ──────────────────────────────────────────────────────────────────────────
const latest = new WeakMap(); // a target → the request that was made for it last
let asker = null; // the control whose question came, or is to come, into the dialog
let changes = 0; // answers to POSTs so far: what was read before one of them may show what is no more

// The answer is judged before htmx sees it: htmx would tell a control that is gone, and nobody else.
document.addEventListener("htmx:beforeSend", ({ detail }) => {
  const { xhr, target, requestConfig: { elt, verb } } = detail;
  const sent = { ...detail, isFromDialog: dialog.contains(elt), isPoll: isPoll(elt), changes };
  if (!sent.isPoll && asker && target.contains(asker)) latest.delete(dialog); // the list goes on, and the question with it
  if (target === dialog) asker = elt;
  latest.set(target, xhr);
  const takeAnswer = xhr.onload;
  xhr.onload = () => {
    const isTaken = isOurs(xhr, detail.pathInfo.finalRequestPath);
    if (!isTaken) refuseAnswer(sent);
    if (!isTaken || isOvertaken(sent)) return xhr.onabort();
    if (verb !== "get") changes += 1;
    takeAnswer.call(xhr);
  };
});

function isOvertaken({ xhr, target, requestConfig: { verb }, ...sent }) {
  if (verb !== "get") return false; // it has changed something: what became of it is always shown
  if (!target.isConnected || latest.get(target) !== xhr) return true;
  if (sent.isPoll) return sent.changes !== changes;
  return target === dialog && dialog.open && !sent.isFromDialog; // a question that stands is never exchanged
}

// Ours carries our number, and is never led to from another address.
function isOurs(xhr, path) {
  return Boolean(xhr.getResponseHeader("X-Request-ID")) && !isLedAway(xhr, path);
}
const isLedAway = (xhr, path) => new URL(xhr.responseURL).pathname !== new URL(path, location.href).pathname;

function refuseAnswer({ xhr, pathInfo, requestConfig }) {
  const isHtml = (xhr.getResponseHeader("Content-Type") ?? "").startsWith("text/html");
  const isForm = isHtml && (xhr.status === 200 || (xhr.status === 403 && xhr.responseText.includes("<form")));
  if (xhr.status === 401 || isForm || isLedAway(xhr, pathInfo.finalRequestPath)) sayEnded();
  else sayNotReached(requestConfig);
  if (isPoll(requestConfig.elt)) pause(true);
}

// ── Busy marks, lost network, no polling of a hidden page or for nobody ──────────────────────────────
let failed = null;

document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, target } = event.detail;
  if (isPoll(elt)) {
    if (ended || document.hidden || (elt.id === "live" && (isPaused || dialog.open))) event.preventDefault();
    return;
  }
  notice.replaceChildren();
  $("#status").textContent = "";
  target?.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, requestConfig, xhr } = event.detail;
  requestConfig.target?.removeAttribute("aria-busy"); // the answer may have named another target
  if (isPoll(requestConfig.elt) && xhr.status >= 400) pause(true);
  if ("next" in elt.dataset && (xhr.status >= 400 || !xhr.status)) $("[data-stop]").hidden = true; // "Go on" shows
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  ended = xhr.status === 401;
  // The dialog closes on this answer; only what it changes on the page behind is taken from it.
  if (xhr.getResponseHeader("HX-Trigger-After-Settle")?.includes("removal:done")) event.detail.swapOverride = "none";
});
for (const trouble of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(trouble, async ({ detail: { requestConfig } }) => {
    sayNotReached(requestConfig);
    if (isPoll(requestConfig.elt)) pause(true);
    if (await isSessionOver()) sayEnded();
  });
}

function sayNotReached({ elt, verb }) {
  const removing = verb === "post" && dialog.contains(elt);
  failed = removing || isPoll(elt) ? null : elt;
  const words = $(removing ? "#lost-removal" : "#lost").content.cloneNode(true);
  openNotice().replaceChildren(words);
}

document.addEventListener("click", ({ target }) => {
  const pressed = target.closest("[data-again], [data-pause], [data-stop]");
  if (!pressed) return;
  if ("pause" in pressed.dataset) pause(!isPaused);
  else if ("stop" in pressed.dataset) htmx.trigger("[data-next]", "htmx:abort");
  else {
    pressed.closest("[role=alert]").replaceChildren();
    if (failed?.isConnected) htmx.trigger(failed, failed.matches("form") ? "submit" : "click");
    else location.reload();
  }
});

// ── A session that ended: what was typed waits in this tab until the same page is back ───────────────
let ended = false;
const place = () => `typed ${location.pathname}${location.search}`;
// Named one by one: no token, no connection's id, nothing that has to be typed by hand to confirm is among them.
const typed = () => document.querySelectorAll("#ticket, #reason, #note, #ids, [id^='f-']");

function sayEnded() {
  ended = true;
  const words = $("#ended").content.cloneNode(true);
  $("a", words).href = (location.pathname + location.search).replace(/^\/+/, "/");
  openNotice().replaceChildren(words);
}
document.addEventListener("session:ended", sayEnded);

// A sign-on elsewhere cannot be followed from here, so a request that was led there looks like a lost network.
async function isSessionOver() {
  const page = $("[data-keys-sheet]")?.href;
  const headers = { "X-Requested-With": "XMLHttpRequest" };
  const answer = page && (await fetch(page, { method: "HEAD", redirect: "manual", headers }).catch(() => null));
  if (!answer) return false;
  return answer.type === "opaqueredirect" || answer.status === 401 || (answer.ok && !answer.headers.has("X-Request-ID"));
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
  if (kept.from) await htmx.ajax("GET", kept.from, "#dialog").catch(() => null);
  for (const field of typed()) field.value = kept.fields[field.id] ?? field.value;
}

// ── Live refresh: paused by a press, and by the first answer that is none ────────────────────────────
let isPaused = false;

function pause(paused) {
  isPaused = paused;
  const button = $("[data-pause]");
  if (!button) return;
  button.setAttribute("aria-pressed", paused);
  button.title = paused ? "Resume live refresh" : "Pause live refresh";
  const glyph = $("use", button);
  glyph.setAttribute("href", glyph.getAttribute("href").replace(/#.*/, paused ? "#play" : "#pause"));
}
document.addEventListener("htmx:load", () => { if (isPaused) pause(true); });

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
document.addEventListener("click", (event) => {
  if (!dialog.open || !event.target.closest("[data-close]")) return;
  event.preventDefault();
  if (!isWaiting()) dialog.close();
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

// ── Back and Forward: htmx loads the page of the address, once its script runs ───────────────────────
// Who pressed one before that stands at an address whose page was never loaded.
document.addEventListener("DOMContentLoaded", () => {
  const [loaded] = performance.getEntriesByType("navigation"); // there is none where a clock is made up
  if (loaded && withoutFragment(loaded.name) !== withoutFragment(location.href)) location.reload();
});
const withoutFragment = (address) => address.split("#")[0];

takeUp();
