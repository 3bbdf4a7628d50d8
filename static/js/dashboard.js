// Enhancements of working HTML: copying, single keys. For media see media.js, for times times.js, for htmx
// requests.js.

const root = document.documentElement;
const $ = (selector, from = document) => from?.querySelector(selector) ?? null;
const status = $("#status");
const notice = $("#notice");
const dialog = $("#dialog");
const announce = (text) => {
  $("#announcement").textContent = text;
};

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-copy], [data-hide-all]");
  if (!pressed) return;
  const { copy } = pressed.dataset;
  if (copy === undefined) toggleHideAll();
  else copyText(copy || pressed.closest(".row").id.replace("row-", ""));
});

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
document.addEventListener("toast", ({ detail }) => showToast(detail));
function showToast(text) {
  status.textContent = text;
  setTimeout(() => {
    if (status.textContent === text) status.textContent = "";
  }, TOAST_MS);
}

function toggleHideAll() {
  const hidden = root.classList.toggle("hide-all");
  for (const player of document.querySelectorAll("video, audio")) player.pause();
  $("[data-hide-all]")?.setAttribute("aria-pressed", hidden);
  const control = root.dataset.keys === "off" ? "Hide all" : "h";
  announce(hidden ? `Everything is hidden. Press ${control} to show it again.` : "");
}

function enhance(from) {
  for (const button of from.querySelectorAll("button[hidden]")) button.hidden = false;
  const land = $("[data-land]");
  if (land) location.replace(land.href); // Back leads to where the link was, not to the search for it
}

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
