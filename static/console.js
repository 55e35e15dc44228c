// The console's script: listens on the one socket, reads the page again, and changes only what
// differs. The server renders everything; without this file every page still works.

/** @type {HTMLElement | null} */
const app = document.querySelector("[data-live]");
const SETTLE_MS = 250; // several changes in a row are one reading
const LONGEST_WAIT_MS = 15_000;
const NOT_SIGNED_IN = 4401; // close codes
const RIGHTS_CHANGED = 4403;
const READ_MS = 8_000; // so long a short sentence stays
const MENUS = "details.more[open], details.state-picker[open]";

// ---- the socket ---------------------------------------------------------------------------

let wait = 500;
let missed = false;

function listen() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws/`);
  socket.onopen = () => {
    wait = 500;
    show(true);
    if (missed) refresh(true); // the socket has no memory: whatever happened meanwhile is read now
    missed = false;
  };
  socket.onmessage = (event) => {
    const { type, id } = JSON.parse(event.data);
    if (type === "session.changed") refresh(id === openSession());
    if (type === "staged.changed") document.dispatchEvent(new CustomEvent(type, { detail: id }));
    if (type === "agent.state" && id === ownState(document)?.dataset.agent) refresh(false);
  };
  socket.onclose = ({ code }) => {
    missed = true;
    if (code === NOT_SIGNED_IN) signInAgain();
    else if (code === RIGHTS_CHANGED) listen();
    else {
      show(false);
      setTimeout(listen, wait + Math.random() * wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
  };
}

/** Whoever has words in the editor reads that they are signed out, and can copy them first. */
function signInAgain() {
  const words = [...document.querySelectorAll(".composer textarea")].some((editor) => editor.value);
  if (words) document.querySelector("[data-signed-out]").hidden = false;
  else location.reload();
}

function show(online) {
  for (const sign of all(document, "[data-online]")) sign.hidden = !online;
  for (const banner of all(document, "[data-offline]")) banner.hidden = online;
}

// ---- reading the page again -----------------------------------------------------------------

let timer = 0;
let withConversation = false;

function refresh(conversation) {
  withConversation ||= conversation;
  clearTimeout(timer);
  timer = setTimeout(read, SETTLE_MS);
}

async function read() {
  const whole = withConversation;
  withConversation = false;
  const fresh = await pageFrom(whole ? location.pathname + location.search : app.dataset.list);
  if (fresh) merge(fresh, whole);
}

async function pageFrom(address, options = {}) {
  const asked = { headers: { Accept: "text/html" }, ...options };
  const response = await fetch(address, asked).catch(() => null);
  if (response?.redirected && new URL(response.url).pathname.startsWith("/accounts/")) {
    signInAgain(); // signed out elsewhere
    return null;
  }
  if (!response?.ok) return null; // the next change, or the next connection, reads again
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

let tooLate = false;

function merge(fresh, whole) {
  // An answer that was overtaken must not bring an older state back. It is asked for once more;
  // if that is as old, it is the truth: the database was restored.
  tooLate = !tooLate && versionOf(fresh) < versionOf(document);
  if (tooLate) {
    refresh(whole);
    return;
  }
  mergeRows(fresh);
  mergePieces(fresh);
  mergeComposer(fresh);
  measureFrames();
}

/** Pieces are compared by name. One that holds what a reader may have touched is never replaced. */
function mergePieces(fresh) {
  let last = null;
  for (const piece of all(fresh, "[data-piece]")) {
    const old = document.querySelector(`[data-piece="${piece.dataset.piece}"]`);
    if (!old) {
      if (last && piece.parentElement?.matches(".thread")) {
        last.after(piece);
        last = piece;
      }
      continue;
    }
    if (piece.parentElement?.matches(".thread")) last = old;
    if (piece.hasAttribute("data-keep")) {
      old.dataset.status = piece.dataset.status;
      continue;
    }
    if (old.outerHTML === piece.outerHTML) continue;
    if (old.matches("details") && old.open) piece.open = true;
    const focused = focusable(old).indexOf(document.activeElement);
    old.replaceWith(piece);
    if (focused >= 0) focusable(piece)[focused]?.focus({ preventScroll: true });
    if (last === old) last = piece;
  }
}

/** The editor comes and goes with the right to answer, but never with words in it. */
function mergeComposer(fresh) {
  const [now, next] = [document, fresh].map((page) => page.querySelector(".composer, .no-reply"));
  if (!now || !next || now.className === next.className) return;
  if (now.querySelector("textarea")?.value || now.querySelector("[data-uploads] > li")) return;
  now.replaceWith(next);
  startComposer();
}

// ---- one's own state ------------------------------------------------------------------------------

function ownState(page) {
  return /** @type {HTMLDetailsElement | null} */ (page.querySelector("[data-piece=state]"));
}

function versionOf(page) {
  return Number(ownState(page)?.dataset.version); // NaN, which is older than nothing, without one
}

/** Without leaving the page: there may be words in the editor. */
async function chooseState(button) {
  const body = new URLSearchParams(new FormData(button.form));
  body.set(button.name, button.value);
  const picker = ownState(document);
  if (picker?.contains(button)) {
    picker.open = false;
    picker.querySelector("summary").focus();
  }
  const fresh = await pageFrom(button.formAction, { method: "POST", body });
  if (!fresh) {
    say(app.dataset.notDone);
    return;
  }
  merge(fresh, false);
  for (const words of all(fresh, ".toast, .read > .notice--danger")) say(words.textContent);
}

function say(words) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.textContent = words.trim();
  document.querySelector(".toasts").append(toast);
  setTimeout(() => toast.remove(), READ_MS);
}

/** In the open picker: up and down, and Escape back to where one came from. */
function walkPicker(event) {
  const picker = ownState(document);
  if (!picker?.open || !picker.contains(event.target)) return;
  const items = focusable(picker);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    items[Math.max(0, Math.min(items.length - 1, items.indexOf(event.target) + step))].focus();
  }
  if (event.key === "Escape") items[0].focus();
}

// ---- the list: nothing moves under the hand ---------------------------------------------------

let waiting = null;

function mergeRows(fresh) {
  const now = document.querySelector("[data-rows]");
  const next = fresh.querySelector("[data-rows]");
  if (!now || !next) return;
  markCurrent(next);
  if (now.scrollTop > 0 || now.matches(":hover") || now.contains(document.activeElement)) {
    updateInPlace(now, next);
  } else {
    now.innerHTML = next.innerHTML;
    offer(null, 0);
  }
}

/** Rows that are there change where they stand; the others wait behind the bar. */
function updateInPlace(now, next) {
  const shown = new Map(all(now, "[data-row]").map((row) => [row.dataset.row, row]));
  let newer = 0;
  for (const row of all(next, "[data-row]")) {
    const old = shown.get(row.dataset.row);
    if (!old) newer += 1;
    else if (old.innerHTML !== row.innerHTML && !old.contains(document.activeElement)) {
      old.innerHTML = row.innerHTML;
    }
  }
  if (newer) offer(next, newer);
}

function offer(rows, count) {
  waiting = rows;
  const bar = document.querySelector("[data-fresh]");
  if (!bar) return;
  bar.hidden = !rows;
  bar.querySelector("span").textContent =
    count === 1 ? bar.dataset.one : (bar.dataset.many ?? "").replace("{n}", String(count));
}

function markCurrent(rows) {
  for (const link of all(rows, "[data-session]")) {
    if (link.dataset.session === openSession()) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

// ---- small things -------------------------------------------------------------------------------

function all(root, selector) {
  return /** @type {HTMLElement[]} */ ([...root.querySelectorAll(selector)]);
}

function focusable(root) {
  return all(root, "a, button, summary, input");
}

function openSession() {
  return document.querySelector(".read[data-session]")?.dataset.session ?? "";
}

/** A mail's frame is as high as the mail; it has no scripts, so the page measures it. */
function measureFrames() {
  for (const frame of all(document, "iframe.mail-frame")) {
    if (frame.dataset.measured) continue;
    frame.dataset.measured = "yes";
    const fit = () => {
      const root = frame.contentDocument?.documentElement;
      if (root?.scrollHeight) frame.style.blockSize = `${Math.ceil(root.getBoundingClientRect().height)}px`;
    };
    frame.addEventListener("load", () => {
      fit();
      frame.contentDocument && new ResizeObserver(fit).observe(frame.contentDocument.documentElement);
      const tools = frame.parentElement?.querySelector(".frame-tools");
      const shown = frame.contentWindow?.location.search ?? "";
      if (tools) tools.hidden = shown !== "";
      const foot = frame.parentElement?.querySelector(".frame-foot");
      if (foot) foot.hidden = shown.startsWith("?as=");
    });
    if (frame.contentDocument?.readyState === "complete") frame.dispatchEvent(new Event("load"));
  }
}

function tellAges() {
  const { now, minutes, hours, days } = app.dataset;
  for (const time of all(document, "time[data-age]")) {
    const passed = Math.floor((Date.now() - Date.parse(time.getAttribute("datetime"))) / 60_000);
    if (passed >= 7 * 1440) continue; // the server wrote the date
    const [word, size] = passed < 60 ? [minutes, 1] : passed < 1440 ? [hours, 60] : [days, 1440];
    time.textContent = passed < 1 ? now : word.replace("{n}", String(Math.floor(passed / size)));
  }
}

function startComposer() {
  const composer = document.querySelector("details.composer");
  const editor = composer?.querySelector("textarea");
  composer?.addEventListener("toggle", () => composer.open && editor.focus());
  document.querySelector("[data-reply]")?.addEventListener("submit", (event) => {
    // A second click must not send twice; the server would refuse it, too.
    event.target.querySelector("[data-test=send]").disabled = true;
  });
}

function goToWantedMail() {
  const wanted = document.querySelector(".msg--wanted");
  if (wanted) wanted.scrollIntoView({ block: "start" });
}

if (app) {
  listen();
  measureFrames();
  startComposer();
  goToWantedMail();
  setInterval(tellAges, 30_000);
  setTimeout(() => document.querySelector(".toasts")?.replaceChildren(), READ_MS);
  document.querySelector("[data-fresh]")?.addEventListener("click", () => {
    const rows = document.querySelector("[data-rows]");
    if (rows && waiting) {
      rows.innerHTML = waiting.innerHTML;
      rows.scrollTop = 0;
    }
    offer(null, 0);
  });
  addEventListener("click", (event) => {
    for (const menu of all(document, MENUS)) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  addEventListener("keydown", (event) => {
    walkPicker(event);
    if (event.key === "Escape") for (const menu of all(document, MENUS)) menu.open = false;
  });
  addEventListener("submit", (event) => {
    if (event.submitter?.name !== "state") return;
    event.preventDefault();
    chooseState(event.submitter);
  });
}
