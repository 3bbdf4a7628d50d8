// A job's page reads itself again every two seconds; a screen reader is told only what is news: that it runs,
// each quarter of the way, that it stands still, and the end. The tab's title keeps up with the page's.

let lastMessage = document.querySelector("#job").dataset.announcement;

document.addEventListener("htmx:afterSettle", () => {
  const title = document.querySelector("#job h1")?.textContent;
  if (title) document.title = `${title} · Vault+`;
  const message = document.querySelector("#job")?.dataset.announcement ?? lastMessage;
  if (message === lastMessage) return;
  lastMessage = message;
  document.querySelector("#announcement").textContent = message;
});
