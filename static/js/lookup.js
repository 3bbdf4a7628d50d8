// The form for many ids: a file may be dropped anywhere on it, and what is large is counted when it is sent.

const MAX_COUNTED_BYTES = 100_000; // bytes that are worth sending while one types
const form = document.querySelector("[data-drop]");
const ids = form.querySelector("#ids");
const file = form.querySelector("#file");

form.addEventListener("htmx:beforeRequest", (event) => {
  if (ids.value.length + (file.files[0]?.size ?? 0) <= MAX_COUNTED_BYTES) return;
  event.preventDefault();
  event.stopPropagation(); // nothing is under way that would have to be marked
  const message = document.createElement("span");
  message.textContent = "A text this long is counted when you press Look up";
  form.querySelector("#count").replaceChildren(message);
});

const hasFile = (event) => event.dataTransfer.types.includes("Files");

form.addEventListener("dragover", (event) => {
  if (!hasFile(event)) return;
  event.preventDefault();
  form.classList.add("over");
});
for (const over of ["dragleave", "drop"]) form.addEventListener(over, () => form.classList.remove("over"));
form.addEventListener("drop", (event) => {
  if (!hasFile(event)) return;
  event.preventDefault();
  file.files = event.dataTransfer.files;
  file.dispatchEvent(new Event("change", { bubbles: true }));
  file.focus();
});
