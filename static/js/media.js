// Media: what a press shows, for how long, and where it did not load; and preferences, which say what loads
// unasked.

const root = document.documentElement;
const $ = (selector, from = document) => from?.querySelector(selector) ?? null;
const notice = $("#notice");
const showToast = (text) => document.dispatchEvent(new CustomEvent("toast", { detail: text }));
const findRowId = (element) => element.closest(".row").id.replace("row-", "");

const ACTS = { reveal: revealMedia, link: giveLink, preference: applyPreference, readAgain: reloadMedia };

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-reveal], [data-link], [data-preference], [data-read-again]");
  if (!pressed) return;
  if (pressed.matches("a") && (event.metaKey || event.ctrlKey)) return;
  if (pressed.matches("a.shown")) return; // from here it leads to the item
  event.preventDefault();
  ACTS[Object.keys(ACTS).find((name) => name in pressed.dataset)](pressed);
});

async function applyPreference(button) {
  const name = button.dataset.preference;
  root.dataset[name] = button.value;
  for (const one of document.querySelectorAll(`[data-preference="${name}"]`)) {
    one.setAttribute("aria-pressed", one.value === button.value);
  }
  const body = new FormData(button.form);
  body.set(button.name, button.value);
  await savePreference(button.form.action, body);
  if (root.dataset.layout === "grid" && name === "layout" && root.dataset.media === "blurred") reloadRows();
}

// A blurred table loads no pictures, the grid does: rows that are read again come with theirs.
function reloadRows() {
  const thumbs = [...document.querySelectorAll("#list .thumb.ask")];
  const asked = new URLSearchParams(location.search);
  ["cursor", "trail"].forEach((name) => asked.delete(name));
  thumbs.forEach((thumb) => asked.append("id", findRowId(thumb)));
  const address = `${location.pathname.replace(/media\/$/, "live/")}?${asked}`;
  const options = { target: thumbs[0]?.closest("tr"), swap: "none" }; // a press of the list goes on beside it
  if (thumbs.length) htmx.ajax("GET", address, options).catch(() => {}); // requests.js has said why
}

// A sign-on proxy answers 401 to X-Requested-With; any other leads to its own page, which is not followed.
async function postForm(address, body) {
  const from = { "HX-Current-URL": location.href, "X-Requested-With": "XMLHttpRequest" };
  const headers = { "HX-Request": "true", ...from };
  const options = { method: "POST", body, keepalive: true, redirect: "manual", headers };
  const answer = await fetch(address, options).catch(() => null);
  const isOurs = Boolean(answer?.headers.has("X-Request-ID"));
  const isEnded = answer !== null && (answer.status === 401 || (!isOurs && await isSignOn(answer)));
  if (isEnded) document.dispatchEvent(new Event("session:ended"));
  return { isEnded, isOurs, isTaken: isOurs && answer.ok, answer };
}

async function isSignOn(answer) {
  if (answer.ok || answer.type === "opaqueredirect") return true;
  return answer.status === 403 && (await answer.text()).includes("<form");
}

async function savePreference(address, body) {
  const { isEnded, isTaken } = await postForm(address, body);
  if (!isTaken && !isEnded) showToast("Couldn't save this choice. It holds until you leave the page.");
}

// No page has the link of what it hides: it comes with the record of the reveal, one for each press.
async function requestLink(pressed) {
  if (pressed.matches("[aria-busy], .shown")) return "";
  pressed.setAttribute("aria-busy", "true");
  const { isEnded, isOurs, isTaken, answer } = await postReveal(pressed);
  pressed.removeAttribute("aria-busy");
  if (isEnded) return "";
  if (!isTaken) {
    notice.replaceChildren(isOurs ? await readFragment(answer) : $("#lost").content.cloneNode(true));
    return "";
  }
  notice.replaceChildren();
  const { src, reason } = await answer.json();
  if (!src) showToast(reason);
  return pressed.isConnected ? src : "";
}

async function postReveal(pressed) {
  const list = pressed.closest("[data-shown]"); // has one signature for all its rows
  const body = new FormData(pressed.form ?? $("#prefs"));
  const name = pressed.name || "show";
  body.set(name, list?.dataset.shown ?? pressed.value);
  if (list) body.set("listed", [...list.rows].filter((row) => row.id).map(findRowId).join(" "));
  const address = pressed.form?.action ?? `${pressed.pathname}reveal/`;
  const posted = await postForm(address, body);
  if (posted.answer?.status !== 422) return posted;
  const again = await findSigned(pressed.pathname ?? $("#item .item-acts a").pathname, name, body.get(name));
  if (!again) return posted;
  body.delete("listed");
  body.set(name, again);
  return postForm(address, body);
}

// What was signed too long ago is signed anew by the item's page, if it still shows the same variant.
async function findSigned(address, name, before) {
  const headers = { "HX-Request": "true", "X-Requested-With": "XMLHttpRequest" };
  const answer = await fetch(address, { redirect: "manual", headers }).catch(() => null);
  if (!answer?.ok || !answer.headers.has("X-Request-ID")) return "";
  const [label] = before.split(":");
  return $(`[name=${name}][value^="${label}:"]`, await readFragment(answer))?.value ?? "";
}

async function readFragment(answer) {
  const read = new DOMParser().parseFromString(htmx.trust(await answer.text()), "text/html");
  return document.adoptNode(read.body.firstElementChild);
}

async function giveLink(button) {
  const src = await requestLink(button);
  if (!src) return;
  const place = button.parentElement;
  const given = $("#given-link").content.cloneNode(true);
  $("a", given).href = src;
  Object.assign($("[data-copy]", given), { hidden: false }).dataset.copy = src;
  place.replaceChildren(given);
  const pressed = $(button.dataset.link, place);
  pressed.focus();
  pressed.click();
}

// Media shows by a press, never by hover: loading it may count as an access. A reveal ends by itself.
const REVEAL_MS = 30_000;

async function revealMedia(pressed) {
  const src = await requestLink(pressed);
  if (!src) return;
  const before = [...pressed.childNodes];
  const asked = pressed.classList.contains("ask");
  const { kind } = pressed.dataset;
  const player = kind === "video" || kind === "audio";
  const box = player ? document.createElement("div") : pressed;
  if (asked) {
    const media = document.createElement(player ? kind : "img");
    if (player) Object.assign(media, { controls: true, muted: true, preload: "metadata" });
    else media.alt = pressed.getAttribute("aria-label") ?? pressed.textContent.trim();
    media.referrerPolicy = "no-referrer";
    media.src = src;
    box.replaceChildren(media);
    if (player) {
      box.className = "media";
      pressed.replaceWith(box);
      media.focus();
    }
  }
  pressed.classList.remove("ask");
  pressed.classList.add("shown");
  const conceal = () => {
    if (player && !box.firstChild.paused) return void setTimeout(conceal, REVEAL_MS);
    pressed.replaceChildren(...before);
    pressed.classList.toggle("ask", asked);
    pressed.classList.remove("shown");
    if (player) box.replaceWith(pressed);
  };
  setTimeout(conceal, REVEAL_MS);
}

// Where a picture or clip did not load, its place says so. The item read again brings a fresh link.
document.addEventListener("error", ({ target }) => {
  const isMedia = target instanceof HTMLImageElement || target instanceof HTMLMediaElement;
  const place = isMedia && target.closest(".media, .thumb");
  if (!place) return;
  const message = $(place.matches(".thumb") ? "#unloaded-thumb" : "#unloaded").content.cloneNode(true);
  const again = $("[data-read-again]", message);
  again.href = (place.closest("tr")?.querySelector(".c-id a") ?? $("#item .item-acts a") ?? location).href;
  again.title = `${target.alt || target.ariaLabel} couldn't be loaded. Refresh`;
  place.replaceWith(message);
}, true);

async function reloadMedia(link) {
  const row = link.closest("#list tr");
  if (row) { // as it is read while it moves, with all rows of the answer put in their places
    const address = link.pathname.replace(/media\/[^/]+\/$/, `live/?id=${findRowId(row)}`);
    await htmx.ajax("GET", address, { target: row, swap: "none" });
    $(`[id="${row.id}"] .c-id a`)?.focus();
  } else if ($("#item")) {
    await htmx.ajax("GET", link.href, { target: "#item", swap: "outerHTML" });
    $("#item h1")?.focus();
  } else {
    location.assign(link.href);
  }
}

// An image that failed before this script ran is asked for once more, and fails where it can be heard.
function retryImages(from) {
  for (const image of from.querySelectorAll(":is(.media, .thumb) img")) {
    if (image.complete && !image.naturalWidth) image.src = image.src;
  }
}
document.addEventListener("htmx:load", (event) => retryImages(event.detail.elt));
retryImages(document);
