// The live board's script: listens on the one socket, reads the page again, and changes only what
// differs. Without this file the page works, and shows what was true when it was loaded.

const SETTLE_MS = 150; // several changes in a row are one reading
const AGES_MS = 30_000; // ages grow, and who goes away without a word is gone
const LONGEST_WAIT_MS = 15_000;
const NOT_SIGNED_IN = 4401; // close codes
const RIGHTS_CHANGED = 4403;
const HEARD = ["agent.state", "session.changed"];

let wait = 500;

function listen() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws/`);
  socket.onopen = () => {
    wait = 500;
    show(true);
    refresh(); // the socket has no memory: whatever happened meanwhile is read now
  };
  socket.onmessage = (event) => {
    if (HEARD.includes(JSON.parse(event.data).type)) refresh();
  };
  socket.onclose = ({ code }) => {
    if (code === NOT_SIGNED_IN) location.reload(); // which leads to the sign-in
    else if (code === RIGHTS_CHANGED) listen();
    else {
      show(false);
      setTimeout(listen, wait + Math.random() * wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
  };
}

function show(online) {
  for (const sign of all(document, "[data-online]")) sign.hidden = !online;
  for (const banner of all(document, "[data-offline]")) banner.hidden = online;
}

// ---- reading the page again: one at a time, so that no answer overtakes another ---------------

let timer = 0;
let reading = false;
let again = false;

function refresh() {
  again = true;
  timer ||= setTimeout(read, SETTLE_MS);
}

async function read() {
  timer = 0;
  if (reading) return;
  reading = true;
  again = false;
  const fresh = await page();
  reading = false;
  if (fresh) merge(fresh);
  if (again) refresh();
}

async function page() {
  const asked = { headers: { Accept: "text/html" } };
  const response = await fetch(location.pathname, asked).catch(() => null);
  if (response?.redirected || response?.status === 404) location.reload(); // signed out, or no right
  if (!response?.ok || response.redirected) return null;
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

function merge(fresh) {
  mergeCards(fresh);
  for (const piece of all(fresh, "[data-piece]")) {
    const old = document.querySelector(`[data-piece="${piece.dataset.piece}"]`);
    if (old && !inUse(old) && words(old) !== words(piece)) old.replaceWith(piece);
  }
}

/** Whoever came goes where the server puts them; whoever left goes, unless a hand is there. */
function mergeCards(fresh) {
  const [now, next] = [document, fresh].map((root) => root.querySelector("[data-cards]"));
  const wanted = all(fresh, "[data-card]").map((card) => card.dataset.card);
  if (all(document, "[data-card]").map((card) => card.dataset.card).join() === wanted.join()) return;
  if (!now || !next) location.reload(); // the first came, or the last one left
  else if (!all(now, "details[open]").length && !now.contains(document.activeElement)) {
    now.replaceWith(next.cloneNode(true));
  }
}

function inUse(piece) {
  return (piece.matches("details") && piece.open) || piece.contains(document.activeElement);
}

/** The token against forged requests is written differently every time. */
function words(piece) {
  return piece.outerHTML.replace(/(csrfmiddlewaretoken" value=")\w+/g, "$1");
}

function all(root, selector) {
  return /** @type {HTMLElement[]} */ ([...root.querySelectorAll(selector)]);
}

listen();
setInterval(refresh, AGES_MS);
addEventListener("click", (event) => {
  for (const menu of all(document, "details.set[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of all(document, "details.set[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
