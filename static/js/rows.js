// What stands in each row of a list and says its item's id once more is put there here: printed, it would be a
// third of the page. A row gets its own id, by which it is found and exchanged, and its labels name the item.

function nameRows() {
  for (const row of document.querySelectorAll("[data-name-rows] > .row")) {
    const id = row.querySelector(".c-id a")?.textContent;
    if (id) row.id ||= `row-${id}`;
    for (const one of row.querySelectorAll("[aria-label]")) {
      const label = one.getAttribute("aria-label");
      const name = row.id.replace("row-", " ");
      if (!label.includes(name)) one.setAttribute("aria-label", label.replace(/…?$/, (end) => name + end));
    }
  }
}
document.addEventListener("htmx:load", nameRows);
nameRows();
