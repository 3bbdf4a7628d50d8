// A job's page reads itself again every two seconds; a screen reader is told only what is news: that it runs, each
// quarter of the way, that it stands still, and the end. The tab's title keeps up with the page's.

let last = document.querySelector("#job").dataset.said;

document.addEventListener("htmx:afterSettle", () => {
  const title = document.querySelector("#job h1")?.textContent;
  if (title) document.title = `${title} · Vault+`;
  const said = document.querySelector("#job")?.dataset.said ?? last;
  if (said === last) return;
  last = said;
  document.querySelector("#said").textContent = said;
});
