// Selection: each press of a box in the list is told to the server, one call after another; the bar at the
// foot of the list is its answer. Without this module a button below the list does the same, a page at a
// time.

const $ = (selector, from = document) => from.querySelector(selector);
const BOX_SELECTOR = "#list input[name=item]";
const findBoxes = () => [...document.querySelectorAll(BOX_SELECTOR)];
const readId = (box) => box.value.split(" ", 1)[0];

let lastId = ""; // the id of the box that was pressed last: where Shift counts from
let isSending = false;
let sending = new Map(); // boxes by id whose press is on its way to the server
const queued = new Map(); // and those that wait until it has answered
let clearsFirst = false; // empties the selection before those

function queueTick(box, ticked) {
  box.checked = ticked;
  queued.set(readId(box), { value: box.value, ticked });
}

function queueTicks(all, ticked) {
  for (const box of all) if (box.checked !== ticked) queueTick(box, ticked);
}

function extendToRange(box, isRange) {
  const all = findBoxes();
  const from = all.findIndex((one) => readId(one) === lastId);
  const to = all.indexOf(box);
  const range = isRange && from >= 0 ? all.slice(Math.min(from, to), Math.max(from, to) + 1) : [];
  queueTicks(range, box.checked);
  lastId = readId(box);
}

document.addEventListener("click", ({ target, shiftKey }) => {
  if (target.matches?.(BOX_SELECTOR)) extendToRange(target, shiftKey);
});
document.addEventListener("mousedown", (event) => { // Shift would mark the text between
  if (event.shiftKey && event.target.closest(".c-pick")) event.preventDefault();
});
document.addEventListener("change", ({ target }) => {
  if (target.matches(BOX_SELECTOR)) queueTick(target, target.checked);
  else if (target.matches("[data-pick-page]")) queueTicks(findBoxes(), target.checked);
  updatePageBox();
  sendSelection();
});

// The box in the head stands for this page, and for no other.
function updatePageBox() {
  const whole = $("[data-pick-page]");
  if (!whole) return;
  const all = findBoxes();
  const ticked = all.filter((box) => box.checked).length;
  whole.checked = ticked > 0 && ticked === all.length;
  whole.indeterminate = ticked > 0 && ticked < all.length;
}

// Emptying is told like the presses, and in their order: two calls at once would end as chance has it.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("#selection form")) return;
  event.preventDefault();
  clearsFirst = true;
  queued.clear();
  queueTicks(findBoxes(), false);
  updatePageBox();
  sendSelection();
});

async function sendSelection() {
  if (isSending || !(queued.size || clearsFirst)) return;
  isSending = true;
  sending = new Map(queued);
  queued.clear();
  const bar = $("#selection");
  const form = $("#picks") ?? $("form", bar); // an empty list has no boxes, and a selection all the same
  const values = new FormData();
  values.set("csrfmiddlewaretoken", $("[name=csrfmiddlewaretoken]", form).value);
  values.set("ticket", bar.dataset.ticket);
  if (clearsFirst) values.set("clear", "all");
  clearsFirst = false;
  for (const [id, { value, ticked }] of sending) values.append(ticked ? "item" : "out", ticked ? value : id);
  const options = { source: bar, target: bar, swap: "outerHTML", values };
  await htmx.ajax("POST", form.getAttribute("action"), options).catch(() => null);
  const sent = sending;
  sending = new Map();
  isSending = false;
  if ($("#selection") === bar) revertBoxes(sent);
  else if (!queued.size) $("#announcement").textContent = $("#selection").dataset.announcement;
  sendSelection();
}

// Nobody took it, and why stands beside it: the boxes show again what is selected.
function revertBoxes(sent) {
  for (const box of findBoxes()) {
    const before = sent.get(readId(box));
    if (before && !queued.has(readId(box))) box.checked = !before.ticked;
  }
  updatePageBox();
}

// The review that was pressed in has been swapped: the button that had the focus is gone with what it took
// out.
document.addEventListener("htmx:afterSettle", ({ detail: { target } }) => {
  if (target.id === "review") ($("#review [aria-invalid]") ?? $("#review h1")).focus();
});
// A row or page that comes in was made before the presses that are still on their way.
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  for (const box of elt.querySelectorAll("input[name=item]")) {
    const press = queued.get(readId(box)) ?? sending.get(readId(box));
    if (press) box.checked = press.ticked;
  }
  updatePageBox();
});
updatePageBox();
