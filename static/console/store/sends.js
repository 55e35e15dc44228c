// Mails that were sent and can still be called back, and what comes of it.

import { post, Problem } from "../lib/api.js";
import { effect, signal } from "../lib/html.js";
import { say } from "../lib/toasts.js";
import { _ } from "../lib/words.js";
import { shortName } from "./addresses.js";
import { desk } from "./desk.js";
import { reading } from "./reading.js";

/** @typedef {import("./shapes.js").Draft} Draft */

/**
 * @typedef {object} Pending
 * @property {string} message
 * @property {string} session
 * @property {string} to whom, in words
 * @property {number} from milliseconds of this browser's clock
 * @property {number} until
 * @property {boolean} isGone it can be called back no longer
 * @property {boolean} isBusy it is being called back
 */

const KEY = "carteria.sends";
const GONE_MS = 5_000; // so long "on its way" stays

/** Newest last.
 * @type {import("../lib/html.js").Signal<Pending[]>} */
export const pending = signal([]);

/** The clock of the countdowns. */
export const tick = signal(Date.now());

/** @type {Set<string>} */
const settled = new Set();
let timer = 0;

/**
 * @param {Omit<Pending, "isGone" | "isBusy">} sent
 */
export function addPending(sent) {
  if (settled.has(sent.message) || pending.peek().some((one) => one.message === sent.message)) return;
  settled.add(sent.message);
  pending.value = [...pending.peek(), { ...sent, isGone: false, isBusy: false }];
  keepAll();
  count();
}

export function newestPending() {
  return pending.value.findLast((one) => !one.isGone && !one.isBusy) ?? null;
}

/**
 * @param {string} message
 * @param {(draft: Draft) => void} comeBack
 */
export async function callBack(message, comeBack) {
  change(message, { isBusy: true });
  try {
    const { draft } = await post(`messages/${message}/undo/`);
    takeOut(message);
    comeBack(draft);
    say(_("Not sent. Your draft is back."));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    const isOver = problem.status === 409 || problem.status === 404;
    change(message, { isBusy: false, ...(isOver && { until: 0 }) });
    say(problem.message);
  }
}

/** @param {number} ms */
export function secondsLeft(ms) {
  return Math.max(0, Math.ceil(ms / 1_000));
}

function count() {
  clearTimeout(timer);
  tick.value = Date.now();
  pending.value = pending.peek().flatMap(aged);
  keepAll();
  if (pending.peek().length) timer = setTimeout(count, 250);
}

/**
 * @param {Pending} one
 * @returns {Pending[]}
 */
function aged(one) {
  const now = tick.peek();
  if (one.isBusy) return [one];
  if (now >= one.until + GONE_MS && one.isGone) return [];
  if (now >= one.until && !one.isGone) return [{ ...one, isGone: true, until: now }];
  return [one];
}

/**
 * @param {string} message
 * @param {Partial<Pending>} changed
 */
function change(message, changed) {
  pending.value = pending.peek().map((one) => (one.message === message ? { ...one, ...changed } : one));
}

/** @param {string} message */
function takeOut(message) {
  pending.value = pending.peek().filter((one) => one.message !== message);
  keepAll();
}

// ---- after a reload, and in another browser -------------------------------------------------------

function keepAll() {
  const open = pending.peek().filter((one) => !one.isGone);
  try {
    if (open.length) sessionStorage.setItem(KEY, JSON.stringify({ user: desk.peek()?.user.id, open }));
    else sessionStorage.removeItem(KEY);
  } catch {
    // Switched off: the open conversation still tells how long a mail can be called back.
  }
}

export function resumeSends() {
  const kept = read();
  if (!kept || kept.user !== desk.peek()?.user.id) return keepAll(); // somebody else's goes
  for (const one of kept.open) if (one.until > Date.now()) addPending(one);
}

/** @returns {{ user: string, open: Pending[] } | null} */
function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}

/** A mail of the open conversation that has not left yet can be called back, too. */
effect(() => {
  const { data } = reading.value;
  for (const one of data?.messages ?? []) {
    const until = untilWhen(one.delivery?.undo_until);
    if (until <= Date.now()) continue;
    const to = one.to.map(shortName).join(", ");
    addPending({ message: one.id, session: data?.session.id ?? "", to, from: Date.now(), until });
  }
});

/**
 * A clock that is wrong offers Undo no longer than the server can give.
 * @param {string | null | undefined} moment of the server's clock
 */
function untilWhen(moment) {
  if (!moment) return 0;
  return Math.min(Date.parse(moment), Date.now() + (desk.peek()?.undo_seconds ?? 0) * 1_000);
}
