// Times in the reader's zone, and what a short text says in full where the pointer stands on it.

const momentFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const zoneFormat = new Intl.DateTimeFormat(undefined, { timeZoneName: "short" });
const nameZone = (moment) =>
  zoneFormat.formatToParts(moment).find((part) => part.type === "timeZoneName").value;
const formatMoment = (moment) => `${momentFormat.format(moment)} ${nameZone(moment)}`;

// A row has its times as Unix seconds.
const readMoment = ({ dateTime, dataset: { at = 0 } }) =>
  dateTime || (at > 0 && new Date(at * 1000).toISOString().replace(".000", ""));

// Print the page's times in the reader's zone, and UTC beside them where it differs: tickets and logs speak
// of UTC.
function localizeTimes(from) {
  for (const time of from.querySelectorAll("time[data-local]")) {
    const moment = new Date(time.dateTime);
    time.textContent = `${formatMoment(moment)} `;
    if (moment.getTimezoneOffset()) {
      const utc = document.createElement("small");
      utc.textContent = time.dateTime.replace("T", " ").replace("Z", " UTC");
      time.append(utc);
    }
    time.removeAttribute("data-local");
  }
}

document.addEventListener("mouseover", (event) => {
  const part = event.target.closest?.(":is(time[datetime], [data-at], .slot, .c-type):not([title])");
  const moment = part && readMoment(part);
  if (part) part.title = moment ? `${formatMoment(new Date(moment))} · ${moment}` : part.textContent;
});
document.addEventListener("htmx:load", (event) => localizeTimes(event.detail.elt));
localizeTimes(document);
