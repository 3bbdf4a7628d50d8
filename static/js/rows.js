// What only a script can use, or says a row's id once more, is put into the rows of a list here: printed, it
// would be a third of the page. Without it, a thumb is shown on the page that the id leads to.

const setAttributes = (element, attributes) => {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
};

function completeRow(row) {
  const link = row.querySelector(".c-id a");
  if (link && !link.nextElementSibling) {
    row.id = `row-${link.textContent}`;
    const copy = document.createElement("button");
    const named = { "class": "icon-button", "data-i": "copy", "data-copy": "", "aria-label": "Copy" };
    setAttributes(copy, { type: "button", ...named });
    link.after(copy);
    const thumb = row.querySelector(".thumb.ask");
    if (thumb) setAttributes(thumb, { href: link.href, "aria-label": "Show thumb" });
  }
  for (const one of row.querySelectorAll("[aria-label]")) {
    const [name, label] = [row.id.replace("row-", " "), one.getAttribute("aria-label")];
    if (!label.includes(name)) one.setAttribute("aria-label", label.replace(/…?$/, (end) => name + end));
  }
}

function completeRows() {
  document.querySelectorAll("[data-complete-rows] > .row").forEach(completeRow);
}
document.addEventListener("htmx:load", completeRows);
completeRows();
