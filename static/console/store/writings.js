// The mails that are being written in this tab, and which of them is open.

import { Problem } from "../lib/api.js";
import { batch, computed, signal } from "../lib/html.js";
import { go, route } from "../lib/route.js";
import { say } from "../lib/toasts.js";
import { reading } from "./reading.js";
import { Writing } from "./writing.js";

/** @typedef {import("./shapes.js").Draft} Draft */

/** The one in front last.
 * @type {import("../lib/html.js").Signal<Writing[]>} */
export const writings = signal([]);

/** The open draft, or null: of the open conversation, or the new mail of the address. */
export const composer = computed(() => {
  const { session, draft } = route.value;
  const shown = writings.value.filter((one) => one.shown.value);
  if (draft) return shown.findLast((one) => one.id.value === draft) ?? null;
  return session ? (shown.findLast((one) => one.about.session === session) ?? null) : null;
});

/** Says which draft should take the focus when it appears. */
export const wantsFocus = signal("");

/** Drafts that have gone, or go when their Undo has passed.
 * @type {import("../lib/html.js").Signal<Set<string>>} */
const leaving = signal(new Set());

/**
 * @param {string} id
 * @param {boolean} isLeaving
 */
export function setLeaving(id, isLeaving) {
  const others = [...leaving.peek()].filter((one) => one !== id);
  leaving.value = new Set(isLeaving && id ? [...others, id] : others);
}

/** An own draft of the open conversation, whose composer is closed. */
export const waitingDraft = computed(() => {
  const { id, data } = reading.value;
  const closed = writings.value.findLast((one) => one.about.session === id && !one.shown.value);
  const known = data?.drafts.find((one) => one.mine && !leaving.value.has(one.id));
  return closed?.id.value || known?.id || "";
});

/**
 * @param {string} session
 * @param {(writing: Writing) => boolean} fits
 */
export function of(session, fits) {
  return writings.peek().findLast((one) => one.about.session === session && fits(one));
}

/** @param {string} id */
export function withId(id) {
  return writings.peek().find((one) => one.id.peek() === id);
}

/**
 * @param {Draft} draft
 * @param {boolean} isNew
 */
export function opened(draft, isNew) {
  const known = withId(draft.id);
  if (known) return known;
  const writing = new Writing({ kind: draft.kind, session: draft.session ?? "", message: draft.answers ?? "" });
  writing.isNew = isNew;
  writing.take(draft);
  add(writing);
  return writing;
}

/** @param {Writing} writing */
export function show(writing) {
  const { session } = writing.about;
  batch(() => {
    writing.shown.value = true;
    writings.value = [...writings.peek().filter((one) => one !== writing), writing]; // in front
    wantsFocus.value = writing.key;
  });
  writing.keepAtOnce();
  if (session) go({ session, draft: "" });
  else if (writing.id.peek()) go({ session: "", draft: writing.id.peek() });
}

/** @param {Writing} writing */
export function add(writing) {
  writings.value = [...writings.peek(), writing];
}

/** @param {Writing} writing */
export function drop(writing) {
  writing.end();
  takeOut(writing);
}

/** @param {Writing} writing */
export function takeOut(writing) {
  writings.value = writings.peek().filter((one) => one !== writing);
}

/** @param {unknown} problem */
export function tell(problem) {
  if (!(problem instanceof Problem)) throw problem;
  say(problem.message);
}
