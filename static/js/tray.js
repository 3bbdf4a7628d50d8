// Selection: each press of a box in the list is told to the server, one call after another; the bar at the foot
// of the list is its answer. Without this module a button below the list does the same, a page at a time.

const $ = (selector, from = document) => from.querySelector(selector);
const BOX = "#list input[name=item]";
const boxes = () => [...document.querySelectorAll(BOX)];
const idOf = (box) => box.value.split(" ", 1)[0];

let last = ""; // the id of the box that was pressed last: where Shift counts from
let isTelling = false;
let telling = new Map(); // boxes by id whose press is on its way to the server
const waiting = new Map(); // and those that wait until it has answered
let clears = false; // whether the tray is to be emptied before those

function tick(box, ticked) {
  box.checked = ticked;
  waiting.set(idOf(box), { value: box.value, ticked });
}

function pressed(box, isRange) {
  const all = boxes();
  const from = all.findIndex((one) => idOf(one) === last);
  const to = all.indexOf(box);
  const range = isRange && from >= 0 ? all.slice(Math.min(from, to), Math.max(from, to) + 1) : [];
  for (const one of range) if (one.checked !== box.checked) tick(one, box.checked);
  last = idOf(box);
}

document.addEventListener("click", ({ target, shiftKey }) => {
  if (target.matches?.(BOX)) pressed(target, shiftKey);
});
document.addEventListener("mousedown", (event) => { // Shift would mark the text between
  if (event.shiftKey && event.target.closest(".c-pick")) event.preventDefault();
});
document.addEventListener("change", ({ target }) => {
  if (target.matches(BOX)) tick(target, target.checked);
  else if (target.matches("[data-pick-page]")) for (const box of boxes()) if (box.checked !== target.checked) tick(box, target.checked);
  showWhole();
  tell();
});

// The box in the head stands for this page, and for no other.
function showWhole() {
  const whole = $("[data-pick-page]");
  if (!whole) return;
  const all = boxes();
  const ticked = all.filter((box) => box.checked).length;
  whole.checked = ticked > 0 && ticked === all.length;
  whole.indeterminate = ticked > 0 && ticked < all.length;
}

// Emptying is told like the presses, and in their order: two calls at once would end as chance has it.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("#tray form")) return;
  event.preventDefault();
  clears = true;
  waiting.clear();
  for (const box of boxes()) if (box.checked) tick(box, false);
  showWhole();
  tell();
});

async function tell() {
  if (isTelling || !(waiting.size || clears)) return;
  isTelling = true;
  telling = new Map(waiting);
  waiting.clear();
  const bar = $("#tray");
  const form = $("#picks") ?? $("form", bar); // an empty list has no boxes, and a tray all the same
  const values = new FormData();
  values.set("csrfmiddlewaretoken", $("[name=csrfmiddlewaretoken]", form).value);
  values.set("ticket", bar.dataset.ticket);
  if (clears) values.set("clear", "all");
  clears = false;
  for (const [id, { value, ticked }] of telling) values.append(ticked ? "item" : "out", ticked ? value : id);
  await htmx.ajax("POST", form.getAttribute("action"), { source: bar, target: bar, swap: "outerHTML", values }).catch(() => null);
  const sent = telling;
  telling = new Map();
  isTelling = false;
  if ($("#tray") === bar) takeBack(sent);
  else if (!waiting.size) $("#said").textContent = $("#tray").dataset.said;
  tell();
}

// Nobody took it, and why stands beside it: the boxes show again what is in the tray.
function takeBack(sent) {
  for (const box of boxes()) {
    const before = sent.get(idOf(box));
    if (before && !waiting.has(idOf(box))) box.checked = !before.ticked;
  }
  showWhole();
}

// The review that was pressed in has been swapped: the button that had the focus is gone with what it took out.
document.addEventListener("htmx:afterSettle", ({ detail: { target } }) => {
  if (target.id === "review") ($("#review [aria-invalid]") ?? $("#review h1")).focus();
});
// A row or page that comes in was made before the presses that are still on their way.
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  for (const box of elt.querySelectorAll("input[name=item]")) {
    const press = waiting.get(idOf(box)) ?? telling.get(idOf(box));
    if (press) box.checked = press.ticked;
  }
  showWhole();
});
showWhole();
