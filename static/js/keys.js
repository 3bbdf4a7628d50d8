// Single keys, each a shorter way to what the page offers anyway: a key presses the same link, box or button.
// They can be switched off (data-keys), and mean nothing in fields, with modifiers, or behind a dialog.

const $ = (selector, from = document) => from?.querySelector(selector);
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
  x: (shiftKey) => $("input[type=checkbox]", current())
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
