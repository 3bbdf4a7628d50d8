// What a page says in trouble: a template each, in the script, for in trouble nobody can be asked for it.

const glyph = (name) => `<i class="i" data-i="${name}"></i>`;
const dismiss = [
  "<button type=\"button\" class=\"icon-button dismiss\" aria-label=\"Dismiss\">",
  `${glyph("x")}</button>`,
].join("");
const problem = (...parts) => `<div class="problem">${parts.join("")}</div>`;

const TEMPLATES = {
  lost: problem(
    "<h2>Couldn't reach the dashboard</h2>",
    "<p>What you see may be out of date. Check your network, then try again.</p>",
    "<p><button class=\"button primary\" type=\"button\" data-again>Try again</button></p>",
    dismiss,
  ),
  ended: problem(
    "<h2>Your session has ended</h2>",
    "<p>What you typed is kept, and nothing was sent.</p>",
    "<p><a class=\"button primary\" href=\"/\">Sign in and come back</a></p>",
    dismiss,
  ),
  "copy-by-hand": problem(
    "<label for=\"copy-text\">Your browser doesn't let this page copy. Press Ctrl+C (or ⌘C) to copy the ",
    "selected text.</label><textarea id=\"copy-text\" rows=\"3\" readonly></textarea>",
    dismiss,
  ),
  unloaded: [
    `<div class="media none">${glyph("alert")}`,
    "<span>This couldn't be loaded. Its link may have ended.</span> ",
    `<a class="button" href="" data-read-again>${glyph("refresh")}Refresh</a></div>`,
  ].join(""),
  "unloaded-thumb": [
    "<a class=\"thumb ask\" data-i=\"refresh\" href=\"\" data-read-again>",
    "<small>Couldn't be loaded. Refresh</small></a>",
  ].join(""),
  "lost-removal": problem(
    "<h2>Couldn't reach the dashboard</h2>",
    "<p>Your request may have arrived all the same. Don't press again: close this, and look at the item or ",
    "the list first.</p>",
  ),
};

for (const [id, markup] of Object.entries(TEMPLATES)) {
  document.body.insertAdjacentHTML("beforeend", htmx.trust(`<template id="${id}">${markup}</template>`));
}

document.addEventListener("click", ({ target }) => {
  if (target.closest(".dismiss")) target.closest("[role=alert]").replaceChildren();
});
document.addEventListener("keydown", ({ key }) => {
  const isFree = !document.querySelector("dialog[open], :popover-open");
  if (key === "Escape" && isFree) document.querySelector("#notice").replaceChildren();
});
