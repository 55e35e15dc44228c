// The open conversation. What was read before is shown at once and asked again behind it; an answer
// that is older than what is known, or about another conversation, changes nothing.

import { batch, effect, signal } from "../lib/html.js";
import { get, post, Problem } from "../lib/api.js";
import { on } from "../lib/live.js";
import { route } from "../lib/route.js";
import { soon } from "../lib/soon.js";
import { onRow } from "./list.js";

/** @typedef {import("./reading-shapes.js").Conversation} Conversation */
/** @typedef {import("./reading-shapes.js").Message} Message */
/** @typedef {import("./reading-shapes.js").Head} Head */

const KEPT = 20; // conversations
const SETTLE_MS = 150; // several changes in a row are one question
const SEEN_MS = 1_000; // so long a mail is looked at before it counts as read
const HURRY_MS = 150; // who goes on sooner does not read: only where they stop is asked for

/**
 * @typedef {object} Reading
 * @property {string} id the Session ID, empty when nothing is open
 * @property {Conversation | null} data
 * @property {Problem | null} problem
 */

/** @type {import("../lib/html.js").Signal<Reading>} */
export const reading = signal({ id: "", data: null, problem: null });

/** What a reader opened or folded by hand, by message.
 * @type {import("../lib/html.js").Signal<Record<string, boolean>>} */
export const unfolded = signal({});

/** @type {Map<string, Conversation>} in the order of last use */
const known = new Map();
/** The newest version that the socket has told of, by conversation that is known.
 * @type {Map<string, number>} */
const told = new Map();
/** @type {Map<string, Promise<void>>} */
const asking = new Map();
/** @type {Set<string>} what changed after it was asked for, or perhaps did */
const askAgain = new Set();
let openedAt = 0;
let hurry = 0;

effect(() => {
  const { session } = route.value;
  if (session !== reading.peek().id) openSession(session);
});

/** @param {string} id */
function openSession(id) {
  const data = known.get(id) ?? null;
  if (data) remember(data);
  batch(() => {
    unfolded.value = {};
    if (data) show(data);
    else reading.value = { id, data, problem: null };
  });
  if (id && (!data || isStale(id, data))) loadUnlessHurried(id);
  if (id && data) seeSoon(data);
}

/** A key that is held down walks past a lot. @param {string} id */
function loadUnlessHurried(id) {
  if (asking.has(id) && !route.peek().message) return;
  const isHurried = Date.now() - openedAt < HURRY_MS;
  openedAt = Date.now();
  clearTimeout(hurry);
  if (!isHurried) void load(id);
  else hurry = setTimeout(() => reading.peek().id === id && load(id), HURRY_MS);
}

/** Asked beforehand, so that the next key shows it at once.
 * @param {string | null} id */
export function prefetch(id) {
  if (id && !known.has(id) && !asking.has(id)) load(id);
}

/**
 * What a verb answered.
 * @param {Head} head
 */
export function applyHead(head) {
  const data = known.get(head.id);
  if (reading.peek().id !== head.id) hasChanged(head); // its mails may be others, too
  else if (data && head.version >= data.session.version) {
    keep({ ...data, session: head });
    load(head.id); // its history has one line more
  }
}

/** Asks again, whatever is known.
 * @param {string} id */
export function reload(id) {
  return load(id);
}

/**
 * The text of a mail that came folded.
 * @param {Message} message
 */
export async function loadBody(message) {
  const whole = /** @type {Message} */ (await get(`messages/${message.id}/`));
  const { data } = reading.peek();
  if (!data) return;
  const messages = data.messages.map((one) => (one.id === message.id ? { ...one, body: whole.body } : one));
  keep({ ...data, messages });
}

/**
 * @param {string} id
 * @returns {Promise<void>} when what is true now is known
 */
function load(id) {
  if (!id) return Promise.resolve();
  const running = asking.get(id);
  if (running) {
    askAgain.add(id); // the answer on its way may be older than this wish
    return running;
  }
  const asked = ask(id).finally(() => {
    asking.delete(id);
    return askAgain.delete(id) ? load(id) : undefined;
  });
  asking.set(id, asked);
  return asked;
}

/** @param {string} id */
async function ask(id) {
  const { message } = route.peek();
  try {
    const fresh = /** @type {Conversation} */ (await get(`sessions/${id}/`, { message }));
    const old = known.get(id);
    if (old && fresh.session.version < old.session.version) return;
    keep(withBodies(fresh, old));
    if (reading.peek().id === id) seeSoon(fresh);
  } catch (problem) {
    refused(id, problem);
  }
}

/**
 * @param {string} id
 * @param {unknown} problem
 */
function refused(id, problem) {
  if (!(problem instanceof Problem)) throw problem;
  if (problem.status === 404) known.delete(id);
  if (reading.peek().id !== id || problem.status === 401) return;
  const data = problem.status === 404 ? null : reading.peek().data;
  reading.value = { id, data, problem };
}

/** @param {Conversation} data */
function keep(data) {
  remember(data);
  if (reading.peek().id === data.session.id) show(data);
}

/** @param {Conversation} data */
function remember(data) {
  const { id } = data.session;
  known.delete(id);
  known.set(id, data);
  for (const oldest of known.keys()) {
    if (known.size <= KEPT) break;
    known.delete(oldest);
    told.delete(oldest);
  }
}

/**
 * What was open when it was first shown stays open: being read does not fold a mail.
 * @param {Conversation} data
 */
function show(data) {
  const before = unfolded.peek();
  const fresh = data.messages.filter((one) => !(one.id in before));
  batch(() => {
    if (fresh.length) unfolded.value = { ...before, ...Object.fromEntries(fresh.map((one) => [one.id, one.open])) };
    reading.value = { id: data.session.id, data, problem: null };
  });
}

/**
 * The server tells the bodies of unfolded mails; others that were asked for already stay.
 * @param {Conversation} fresh
 * @param {Conversation | undefined} old
 */
function withBodies(fresh, old) {
  const bodies = new Map(old?.messages.map((one) => [one.id, one.body]));
  const messages = fresh.messages.map((one) => ({ ...one, body: one.body ?? bodies.get(one.id) ?? null }));
  return { ...fresh, messages };
}

/**
 * @param {string} id
 * @param {Conversation} data
 */
function isStale(id, data) {
  return (told.get(id) ?? 0) > data.session.version;
}

// ---- what the socket tells ------------------------------------------------------------------------

/** What is open is read, as it is now. */
export const readOpen = soon(() => load(reading.peek().id), { after: SETTLE_MS });

on("session.changed", hasChanged);

/** @param {{ id: string, version: number }} conversation */
function hasChanged({ id, version }) {
  if (known.has(id)) told.set(id, Math.max(version, told.get(id) ?? 0));
  if (reading.peek().id === id) readOpen();
  else if (asking.has(id)) askAgain.add(id);
}

on("ready", () => {
  const { id, data, problem } = reading.peek();
  if (id && (!data || problem)) readOpen(); // it could not be read during the break
});

on("resync", () => {
  const { id } = reading.peek();
  for (const other of [...known.keys()]) if (other !== id) known.delete(other);
  readOpen();
});

// ---- read and unread --------------------------------------------------------------------------------

let seenTimer = 0;
/** Shown while nobody looks at the page.
 * @type {Conversation | null} */
let unseen = null;

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && unseen) seeSoon(unseen);
});

/** Only what is in front of somebody's eyes is read.
 * @param {Conversation} data */
function seeSoon(data) {
  clearTimeout(seenTimer);
  unseen = null;
  if (!data.session.unread) return;
  seenTimer = setTimeout(() => {
    const { id } = data.session;
    if (reading.peek().id !== id) return;
    if (document.hidden) unseen = data;
    else markSeen(id, data.newest);
  }, SEEN_MS);
}

/**
 * @param {string} id
 * @param {number} newest
 */
async function markSeen(id, newest) {
  const answer = await post(`sessions/${id}/seen/`, { message: newest }).catch(() => null);
  if (!answer) return; // it stays unread, and the next look says so again
  setUnread(id, false);
  onRow(answer.row);
}

/**
 * Read and unread is the reader's own, and makes no new version.
 * @param {string} id
 * @param {boolean} unread
 */
export function setUnread(id, unread) {
  const data = known.get(id);
  if (data) keep({ ...data, session: { ...data.session, unread } });
  if (unread) clearTimeout(seenTimer);
}
