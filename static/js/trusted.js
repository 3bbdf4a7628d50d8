// The browser lets a text become markup or script only through this policy (Trusted Types): markup that came
// from us, in an answer or with a script, and never script or the address of one.

const MAX_TRUSTED = 8; // answers that are yet to be taken over; one is parsed as soon as it has come
// What htmx puts round a part of a page, and where it keeps what stays.
const WRAPPER = ['<body><template class="internal-htmx-wrapper">', "</template></body>"];
const PANTRY = "<div id='--htmx-preserve-pantry--'></div>";
const trusted = new Set();

function isTrusted(text) {
  if (text === "" || text === PANTRY) return true;
  return [...trusted].some((one) => text === one || text === WRAPPER.join(one));
}

// For markup of our own, and for answers that no request of htmx brought; returns the text.
htmx.trust = (text) => {
  trusted.delete(text);
  trusted.add(text);
  if (trusted.size > MAX_TRUSTED) trusted.delete(trusted.values().next().value);
  return text;
};

document.addEventListener("htmx:beforeSend", ({ detail: { xhr } }) => {
  xhr.addEventListener("readystatechange", () => {
    const isOurs = xhr.readyState === XMLHttpRequest.DONE && xhr.getResponseHeader("X-Request-ID");
    if (isOurs) htmx.trust(xhr.responseText);
  });
});

window.trustedTypes?.createPolicy("default", { createHTML: (text) => (isTrusted(text) ? text : null) });
