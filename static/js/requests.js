// Requests of the page: the latest press wins, only our own answers are taken, and where none came the page
// says so; then where answers go: into the dialog, with the focus after them. The latest press is guarded
// twice: hx-sync in the templates drops the older request, and here its answer is thrown away, wherever it
// comes from.

const $ = (selector, from = document) => from.querySelector(selector);
const notice = $("#notice");
const dialog = $("#dialog");
const announce = (text) => {
  $("#announcement").textContent = text;
};
const findNotice = () => (dialog.open ? $("#dialog-notice") : notice);
const isPoll = (elt) => elt.matches("[hx-trigger^=every]");

// What protects the page stands in its head (web/jinja.py), where no script can be missing.
Object.assign(htmx.config, {
  refreshOnHistoryMiss: true,
  scrollBehavior: "auto",
  defaultSettleDelay: 0, // else a frame is shown before times are in words of here, and grows after it
  // A refusal brings its own fragment: the form with its reasons, or a word about what went wrong.
  responseHandling: [{ code: "204", swap: false }, { code: "[2345]..", swap: true }],
});

const latestRequests = new WeakMap(); // a target → the request that was made for it last
let asker = null; // the control whose question came, or is to come, into the dialog
let changeCount = 0; // answers to POSTs so far: what was read before one of them may show what is no more

// The answer is judged before htmx sees it: htmx would tell a control that is gone, and nobody else.
document.addEventListener("htmx:beforeSend", ({ detail }) => {
  const { xhr, target, requestConfig: { elt, verb } } = detail;
  const sent = { ...detail, isFromDialog: dialog.contains(elt), isPoll: isPoll(elt), changeCount };
  // The list goes on, and the question with it.
  if (!sent.isPoll && asker && target.contains(asker)) latestRequests.delete(dialog);
  if (target === dialog) asker = elt;
  latestRequests.set(target, xhr);
  const takeAnswer = xhr.onload;
  xhr.onload = () => {
    const isTaken = isOurs(xhr, detail.pathInfo.finalRequestPath);
    if (!isTaken) rejectAnswer(sent);
    if (!isTaken || isSuperseded(sent)) return xhr.onabort();
    if (verb !== "get") changeCount += 1;
    takeAnswer.call(xhr);
  };
});

function isSuperseded({ xhr, target, requestConfig: { verb }, ...sent }) {
  if (verb !== "get") return false; // it has changed something: what became of it is always shown
  if (!target.isConnected || latestRequests.get(target) !== xhr) return true;
  if (sent.isPoll) return sent.changeCount !== changeCount;
  return target === dialog && dialog.open && !sent.isFromDialog; // a question that stands is never exchanged
}

// Our answers carry a request number, and are never redirected.
function isOurs(xhr, path) {
  return Boolean(xhr.getResponseHeader("X-Request-ID")) && !isRedirected(xhr, path);
}

function isRedirected(xhr, path) {
  return new URL(xhr.responseURL).pathname !== new URL(path, location.href).pathname;
}

function rejectAnswer({ xhr, pathInfo, requestConfig }) {
  const isHtml = (xhr.getResponseHeader("Content-Type") ?? "").startsWith("text/html");
  const isForm = isHtml && (xhr.status === 200 || (xhr.status === 403 && xhr.responseText.includes("<form")));
  if (xhr.status === 401 || isForm || isRedirected(xhr, pathInfo.finalRequestPath)) showSessionEnded();
  else showNotReached(requestConfig);
  if (isPoll(requestConfig.elt)) setPaused(true);
}

let failedControl = null; // what "Try again" presses

// A link whose hx-get is "#" asks for its own address, which is then printed once.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  detail.headers["X-Requested-With"] = "XMLHttpRequest"; // a sign-on then answers 401
  if (detail.path === "#") detail.path = detail.elt.getAttribute("href");
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, target } = event.detail;
  if (isPoll(elt)) {
    const isUnseen = elt.id === "live" && (isPaused || dialog.open);
    if (isSessionEnded || document.hidden || isUnseen) event.preventDefault();
    return;
  }
  notice.replaceChildren();
  $("#status").textContent = "";
  target?.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, requestConfig, xhr } = event.detail;
  requestConfig.target?.removeAttribute("aria-busy"); // the answer may have named another target
  if (isPoll(requestConfig.elt) && xhr.status >= 400) setPaused(true);
  const isFailed = xhr.status >= 400 || !xhr.status;
  if ("next" in elt.dataset && isFailed) $("[data-stop]").hidden = true; // "Continue" shows
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  isSessionEnded = xhr.status === 401;
  // The dialog closes on this answer; only what it changes on the page behind is taken from it.
  const triggers = xhr.getResponseHeader("HX-Trigger-After-Settle");
  if (triggers?.includes("removal:done")) event.detail.swapOverride = "none";
});
for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, async ({ detail: { requestConfig } }) => {
    showNotReached(requestConfig);
    if (isPoll(requestConfig.elt)) setPaused(true);
    if (await isSessionOver()) showSessionEnded();
  });
}

function showNotReached({ elt, verb }) {
  const isRemoval = verb === "post" && dialog.contains(elt);
  failedControl = isRemoval || isPoll(elt) ? null : elt;
  const message = $(isRemoval ? "#lost-removal" : "#lost").content.cloneNode(true);
  findNotice().replaceChildren(message);
}

document.addEventListener("click", ({ target }) => {
  const pressed = target.closest("[data-again], [data-pause], [data-stop]");
  if (!pressed) return;
  if ("pause" in pressed.dataset) setPaused(!isPaused);
  else if ("stop" in pressed.dataset) htmx.trigger("[data-next]", "htmx:abort");
  else {
    pressed.closest("[role=alert]").replaceChildren();
    const control = failedControl;
    const isPressed = control?.isConnected && !control.matches("[hx-trigger^=beforetoggle]");
    if (isPressed) htmx.trigger(control, control.matches("form") ? "submit" : "click");
    else location.reload();
  }
});

// When the session has ended, what was typed waits in this tab until the same page is back.
let isSessionEnded = false;
const makeDraftKey = () => `typed ${location.pathname}${location.search}`;
// Named one by one: no token, no connection's id, nothing that has to be typed by hand to confirm is among
// them.
const findDraftFields = () => document.querySelectorAll("#ticket, #reason, #note, #ids, [id^='f-']");

function showSessionEnded() {
  isSessionEnded = true;
  const message = $("#ended").content.cloneNode(true);
  $("a", message).href = (location.pathname + location.search).replace(/^\/+/, "/");
  findNotice().replaceChildren(message);
}
document.addEventListener("session:ended", showSessionEnded);

// A sign-on elsewhere cannot be followed from here, so a request that was led there looks like a lost
// network.
async function isSessionOver() {
  const page = $("[data-keys-sheet]")?.href;
  const headers = { "X-Requested-With": "XMLHttpRequest" };
  const options = { method: "HEAD", redirect: "manual", headers };
  const answer = page && (await fetch(page, options).catch(() => null));
  if (!answer) return false;
  if (answer.type === "opaqueredirect" || answer.status === 401) return true;
  return answer.ok && !answer.headers.has("X-Request-ID");
}

addEventListener("pagehide", () => {
  if (!isSessionEnded) return;
  const fields = Object.fromEntries([...findDraftFields()].map((field) => [field.id, field.value]));
  const from = dialog.open ? dialog.dataset.from : "";
  sessionStorage.setItem(makeDraftKey(), JSON.stringify({ from, fields }));
});

async function restoreDraft() {
  const draft = JSON.parse(sessionStorage.getItem(makeDraftKey()));
  if (!draft) return;
  sessionStorage.removeItem(makeDraftKey());
  if (draft.from) await htmx.ajax("GET", draft.from, "#dialog").catch(() => null);
  for (const field of findDraftFields()) field.value = draft.fields[field.id] ?? field.value;
}

// The live refresh is paused by a press, and by the first poll that fails.
let isPaused = false;

function setPaused(paused) {
  isPaused = paused;
  const button = $("[data-pause]");
  if (!button) return;
  button.setAttribute("aria-pressed", paused);
  button.title = paused ? "Resume live refresh" : "Pause live refresh";
  $(".i", button).dataset.i = paused ? "play" : "pause";
}
document.addEventListener("htmx:load", () => {
  if (isPaused) setPaused(true);
});

// htmx fills the dialog, it is shown here, and its opener gets the focus back.
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
  if (opener) focusOrSuccessor(opener);
  opener = null;
});
// Enter in a field never removes anything: only the button does. Where nothing can be lost, Enter sends.
dialog.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("input")) return;
  if (!event.target.closest("[data-enter]")) event.preventDefault();
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
    const notice = dialog.appendChild(document.createElement("div"));
    notice.id = "dialog-notice";
    notice.setAttribute("role", "alert");
  }
  openDialog(requestConfig.elt);
});
document.addEventListener("htmx:afterSettle", (event) => {
  const selector = { list: "p.summary", answers: ".asked" }[event.detail.target?.id];
  if (selector) announce($(selector)?.textContent ?? "");
});

// Where a swap removes the control that has the focus, the same control gets it, or else what it stood in.
let focused = null; // what had the focus last: nobody is told when a swap removes it

document.addEventListener("focusin", ({ target }) => {
  focused = target;
});
document.addEventListener("htmx:afterSettle", () => {
  if (!isFocusLost() || !focused) return;
  if (!focused.isConnected) focusOrSuccessor(focused);
});
// A control that was disabled during its request has lost the focus, too.
document.addEventListener("htmx:afterRequest", ({ detail: { requestConfig } }) => {
  if (!isFocusLost() || !focused?.isConnected) return;
  if (requestConfig.elt.contains(focused)) focused.focus();
});

const isFocusLost = () => document.activeElement === document.body;

function focusOrSuccessor(lost) {
  const next = lost.isConnected ? lost : findSuccessor(lost);
  if (!next.matches("a[href], button, input, select, textarea, summary, [tabindex]")) next.tabIndex = -1;
  next.focus({ preventScroll: true });
}

function findSuccessor(lost) {
  const describe = (one) =>
    [one.getAttribute("href"), one.name, one.ariaLabel ?? one.textContent.trim()].join(" ");
  let part = null;
  for (let one = lost; one; one = one.parentElement) {
    const twin = one.id && document.getElementById(one.id);
    if (!twin) continue;
    if (one === lost) return twin;
    const others = [...twin.querySelectorAll(lost.localName)];
    const same = others.find((other) => describe(other) === describe(lost));
    if (same?.checkVisibility()) return same;
    part ??= twin;
  }
  const home = part?.closest("section, main, [tabindex]") ?? $("#main");
  return home.id === "main" ? $("#list, h1[tabindex]", home) ?? home : $("h1[tabindex]", home) ?? home;
}

// htmx answers Back and Forward once its script runs; who pressed one before that stands at an address whose
// page was never loaded.
document.addEventListener("DOMContentLoaded", () => {
  const [loaded] = performance.getEntriesByType("navigation"); // there is none where a clock is made up
  if (loaded && stripFragment(loaded.name) !== stripFragment(location.href)) location.reload();
});
const stripFragment = (address) => address.split("#")[0];

restoreDraft();
