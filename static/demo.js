// The customer's mailbox of a demo: new mail appears by itself, and nothing moves under the hand.
// @ts-check

const EVERY = 3000;
const TALLEST = 1200;

const box = /** @type {HTMLElement | null} */ (document.querySelector("[data-stamp]"));
if (box) follow(box);
for (const frame of document.querySelectorAll("iframe")) fit(frame);
document.getElementById("letters")?.lastElementChild?.scrollIntoView({ block: "nearest" });

document.addEventListener("keydown", (event) => {
  const form = event.target instanceof HTMLTextAreaElement ? event.target.form : null;
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1"; // a second press sends nothing twice
});

/** @param {HTMLElement} place */
function follow(place) {
  let known = "";
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(place.dataset.stamp ?? "");
      const { stamp } = await answer.json();
      if (known && stamp !== known) await refresh();
      known = stamp;
    } catch {
      // Carteria restarts, or was stopped: the next look tells
    }
  }, EVERY);
}

async function refresh() {
  const page = await (await fetch(location.href)).text();
  const fresh = new DOMParser().parseFromString(page, "text/html");
  for (const place of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(place.id);
    if (other) update(/** @type {HTMLElement} */ (place), other);
  }
  const news = /** @type {HTMLElement | null} */ (document.querySelector("[data-news]"));
  if (news) news.textContent = `${news.dataset.words ?? ""}`;
}

/** Mails are only added; a form that somebody writes in stays as it is.
 * @param {HTMLElement} place
 * @param {HTMLElement} other */
function update(place, other) {
  if (place.dataset.live === "append") {
    for (const one of [...other.children]) {
      if (document.getElementById(one.id)) continue;
      place.append(one);
      for (const frame of one.querySelectorAll("iframe")) fit(frame);
    }
  } else if (place.dataset.live !== "appear" || !place.querySelector("form")) {
    place.replaceChildren(...other.childNodes);
  }
}

/** As tall as its mail. @param {HTMLIFrameElement} frame */
function fit(frame) {
  const measure = () => {
    const height = frame.contentDocument?.documentElement.scrollHeight ?? 0;
    if (height) frame.style.blockSize = `${Math.min(height + 2, TALLEST)}px`;
  };
  frame.addEventListener("load", measure);
  measure();
}
