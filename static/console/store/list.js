// The list of sessions: what is shown, what follows, and where one stands in it.

import { get } from "../lib/api.js";
import { batch, computed, effect, signal, untracked } from "../lib/html.js";
import { choiceOf, route } from "../lib/route.js";

/** @typedef {import("./shapes.js").Row} Row */
/** @typedef {import("./shapes.js").DraftRow} DraftRow */

/**
 * @typedef {object} List
 * @property {string} key which choice it shows
 * @property {string} title
 * @property {Row[]} rows
 * @property {DraftRow[]} drafts instead of rows in the view of drafts
 * @property {string | null} next
 * @property {number | null} total
 * @property {boolean} loading the first rows are on their way
 * @property {boolean} more further rows are on their way
 * @property {string} problem why there are no (further) rows
 * @property {() => unknown} again what is tried again then
 * @property {Set<string>} newer ids that wait behind the bar
 * @property {Set<string>} gone ids of rows that belong here no longer
 * @property {boolean} behind some may have come that nobody told of
 */

/** @type {List} */
const NOTHING = {
  key: "",
  title: "",
  rows: [],
  drafts: [],
  next: null,
  total: null,
  loading: true,
  more: false,
  problem: "",
  again: readList,
  newer: new Set(),
  gone: new Set(),
  behind: false,
};

export const list = signal(NOTHING);

/** Where the hand is: rows under it do not move. */
export const hand = signal({ over: false, focus: false, top: true });

export const isAtRest = computed(() => !hand.value.over && !hand.value.focus && hand.value.top);

export const isDrafts = computed(() => route.value.view === "drafts");

/** Where the open conversation stands in the list, or -1. */
export const currentIndex = computed(() => {
  const { session } = route.value;
  return session ? list.value.rows.findIndex((row) => row.id === session) : -1;
});

export const key = computed(() => JSON.stringify(choiceOf(route.value)));
let asking = new AbortController();
let loadingMore = false;

// ---- reading ------------------------------------------------------------------------------

/** Another choice is another list. */
export function followRoute() {
  return effect(() => {
    const wanted = key.value;
    untracked(() => void (wanted !== list.peek().key && open(wanted)));
  });
}

/** @param {string} wanted */
function open(wanted) {
  list.value = { ...NOTHING, key: wanted };
  return readList();
}

/**
 * From the top; what is shown stays until the answer is there. The last question is the only one
 * that is answered.
 */
export async function readList() {
  await askList().catch(showProblem);
}

/** Rejects with the Problem; resolves unless it was overtaken, too. */
export async function askList() {
  const wanted = key.peek();
  asking.abort();
  const { signal: abort } = (asking = new AbortController());
  try {
    const answer = await (isDrafts.peek() ? get("drafts/", {}, abort) : get("sessions/", choiceOf(route.peek()), abort));
    if (wanted === key.peek()) takeList(answer, wanted);
  } catch (problem) {
    if (!abort.aborted && wanted === key.peek()) throw problem;
  }
}

/** @param {unknown} problem */
export function showProblem(problem) {
  const words = problem instanceof Error ? problem.message : "";
  list.value = { ...list.peek(), loading: false, problem: words, again: readList };
}

/** After a break: what could not be read then. */
export function readMissing() {
  const { problem, again } = list.peek();
  if (problem) again();
}

/**
 * @param {any} answer
 * @param {string} [wanted] the choice that it answers
 */
export function takeList(answer, wanted = key.peek()) {
  const rows = isDrafts.peek() ? [] : answer.rows.map(orKnown);
  const drafts = isDrafts.peek() ? answer.rows : [];
  loadingMore = false;
  list.value = {
    ...NOTHING,
    key: wanted,
    title: answer.title ?? "",
    rows,
    drafts,
    next: answer.next ?? null,
    total: answer.total ?? (isDrafts.peek() ? drafts.length : null),
    loading: false,
  };
}

/** The next rows, once at a time. */
export async function loadMore() {
  const { key: of, next, loading } = list.peek();
  if (!next || loading || loadingMore) return;
  loadingMore = true;
  list.value = { ...list.peek(), more: true, problem: "" };
  const answer = await get("sessions/", { ...choiceOf(route.peek()), before: next }).catch((problem) => problem);
  const now = list.peek();
  if (now.key !== of || now.next !== next) return; // another list meanwhile
  loadingMore = false;
  if (answer instanceof Error) {
    list.value = { ...now, more: false, problem: answer.message, again: loadMore };
    return;
  }
  const known = new Set(now.rows.map((row) => row.id));
  const added = answer.rows.filter((/** @type {Row} */ row) => !known.has(row.id));
  list.value = { ...now, rows: [...now.rows, ...added], next: answer.next, more: false };
}

// ---- what the reader does --------------------------------------------------------------------------

/** @param {Row} row fresh from the answer to a verb */
export function onRow(row) {
  const now = list.peek();
  const rows = now.rows.map((one) => (one.id === row.id ? latestOf(one, row) : one));
  list.value = { ...now, rows };
}

/**
 * @param {string} id
 * @param {number} step
 * @returns {string | null} the conversation that stands before or after it; the first without one
 */
export function neighbour(id, step) {
  const { rows, gone } = list.peek();
  const from = rows.findIndex((row) => row.id === id);
  for (let at = from < 0 && step < 0 ? rows.length - 1 : from + step; at >= 0 && at < rows.length; at += step) {
    const row = /** @type {Row} */ (rows[at]);
    if (!gone.has(row.id)) return row.id;
  }
  if (step > 0) void loadMore();
  return null;
}

/** Rows that belong here no longer go when one has gone on to another. */
export function clearGone() {
  const now = list.peek();
  if (!now.gone.size || hand.peek().over) return 0;
  const { session } = route.peek();
  const leaving = now.rows.filter((row) => now.gone.has(row.id) && row.id !== session);
  if (!leaving.length) return 0;
  const ids = new Set(leaving.map((row) => row.id));
  const at = now.rows.findIndex((row) => row.id === session);
  const above = now.rows.slice(0, Math.max(0, at)).filter((row) => ids.has(row.id)).length;
  batch(() => {
    list.value = {
      ...now,
      rows: now.rows.filter((row) => !ids.has(row.id)),
      gone: new Set([...now.gone].filter((id) => !ids.has(id))),
      total: now.total === null ? null : Math.max(0, now.total - ids.size),
    };
  });
  return above;
}

/**
 * @param {Row} fresh
 * @returns {Row}
 */
function orKnown(fresh) {
  const known = list.peek().rows.find((row) => row.id === fresh.id);
  return known ? latestOf(known, fresh) : fresh;
}

/**
 * @param {Row} known
 * @param {Row} fresh
 * @returns {Row} an answer that was overtaken brings nothing old back
 */
export function latestOf(known, fresh) {
  return fresh.version < known.version ? known : fresh;
}
