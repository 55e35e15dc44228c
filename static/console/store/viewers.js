// Who else has the open conversation before them, and who is writing; and that we have.

import { effect, signal } from "../lib/html.js";
import { get, latest, post, tell } from "../lib/api.js";
import { on, tabId } from "../lib/live.js";
import { route } from "../lib/route.js";

/**
 * @typedef {object} Viewer
 * @property {string} id
 * @property {string} name
 * @property {string} initials
 * @property {number} tint
 * @property {boolean} writing
 * @property {string} since
 * @property {string} until when this ends unless they say a word again
 */

const SETTLE_MS = 300; // who only walks through the list is not announced
const AGAIN_MS = 20_000;
const HIDDEN_MS = 4 * 60_000; // a page that nobody looked at for so long is left

/** Others only. @type {import("../lib/html.js").Signal<Viewer[]>} */
export const viewers = signal([]);

const asked = latest();
let open = "";
let writing = false;
let isSaid = false;
let again = 0;
let end = 0;
let hidden = 0;

/**
 * @param {string} session its Session ID
 * @returns {Viewer[]} nobody, unless it is the open one
 */
export function viewersOf(session) {
  return route.value.session === session ? viewers.value : [];
}

/** @param {string} session */
function look(session) {
  if (session === open) return;
  leave();
  open = session;
  writing = false;
  viewers.value = [];
  if (open) again = setTimeout(say, SETTLE_MS);
}

/**
 * The composer says it when there are words in the making, and when there are none any more.
 * @param {boolean} on
 */
export function write(on) {
  if (on === writing) return;
  writing = on;
  if (open && isSaid) say();
}

function say() {
  clearTimeout(again);
  if (!open) return;
  isSaid = true;
  again = setTimeout(say, AGAIN_MS);
  const session = open;
  // Never cancelled: when a newer question overtakes it, only its answer is dropped.
  ask(session, () => post(`sessions/${session}/here/`, { tab: tabId, writing }));
}

function leave() {
  clearTimeout(again);
  clearTimeout(end);
  if (isSaid) tell(`sessions/${open}/gone/`, { tab: tabId });
  isSaid = false;
}

/**
 * @param {string} session
 * @param {(abort: AbortSignal) => Promise<{ viewers: Viewer[], now: string }>} question
 */
function ask(session, question) {
  const shown = (/** @type {{ viewers: Viewer[], now: string }} */ answer) => {
    if (session === open) show(answer.viewers, Date.parse(answer.now));
  };
  asked(question).then(shown, () => undefined); // the next sign of life asks again
}

/**
 * @param {Viewer[]} told
 * @param {number} now by the server's clock: this machine's may be wrong
 */
function show(told, now) {
  viewers.value = told;
  clearTimeout(end);
  if (!told.length) return;
  const first = Math.min(...told.map(({ until }) => Date.parse(until)));
  end = setTimeout(() => show(told.filter(({ until }) => Date.parse(until) > first), first), Math.max(0, first - now));
}

on("session.viewers", ({ id }) => {
  const session = open;
  if (session && id === session && isSaid) ask(session, (abort) => get(`sessions/${session}/viewers/`, {}, abort));
});
on("ready", () => {
  look(route.peek().session); // after signing in again
  if (isSaid) say();
});
on("signed-out", () => look(""));

effect(() => look(route.value.session));

document.addEventListener("visibilitychange", () => {
  clearTimeout(hidden);
  if (document.visibilityState === "hidden") hidden = setTimeout(leave, HIDDEN_MS);
  else if (open && !isSaid) say();
});
addEventListener("pagehide", leave);
addEventListener("pageshow", ({ persisted }) => persisted && say());
