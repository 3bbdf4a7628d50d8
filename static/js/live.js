// The live refresh of what is not over yet. Only a script reads again, so a script brings the button that
// pauses it (what a press does stands in requests.js), and the ids of the rows that the list asks for again.

const PAUSE_BUTTON = [
  '<button class="icon-button" type="button" id="live-pause" data-pause aria-pressed="false"',
  ' title="Pause live refresh"><i class="i" data-i="pause"></i>',
  '<span class="vh">Pause live refresh</span></button>',
].join("");

function addPauseButton() {
  const live = document.querySelector("#live[hx-trigger]");
  if (live && !live.querySelector("button")) {
    live.insertAdjacentHTML("beforeend", htmx.trust(PAUSE_BUTTON));
  }
}
document.addEventListener("htmx:load", addPauseButton);
addPauseButton();

document.addEventListener("htmx:configRequest", ({ detail: { elt, formData } }) => {
  if (elt.id !== "live") return;
  const moving = document.querySelectorAll("[data-complete-rows] > .row:has(.slot.pending, .slot.storing)");
  for (const row of moving) formData.append("id", row.id.replace("row-", ""));
});
