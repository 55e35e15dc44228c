// Drafts are opened, followed, and found again: after a reload, from a link, in another browser.

import { get, post, Problem } from "../lib/api.js";
import { computed, effect, untracked } from "../lib/html.js";
import { on } from "../lib/live.js";
import { go, route } from "../lib/route.js";
import { say } from "../lib/toasts.js";
import { desk, refreshDesk } from "./desk.js";
import { allGone } from "./discarding.js";
import { keptOf } from "./kept.js";
import { reading, reload } from "./reading.js";
import { resumeSends } from "./sends.js";
import { Writing } from "./writing.js";
import { add, drop, of, opened, show, tell, wantsFocus, withId, writings } from "./writings.js";

/** @typedef {import("./shapes.js").Draft} Draft */

const LEAVE_MS = 3_000; // so long a sign-out waits for what is not saved

// ---- opening ------------------------------------------------------------------------------------------

/** @param {string} session */
export function openReply(session) {
  const known = of(session, (one) => one.about.kind === "reply");
  if (known) return show(known);
  return start({ kind: "reply", session, message: "" });
}

/** @param {string} message */
export function openForward(message) {
  const { session } = route.peek();
  const known = of(session, (one) => one.about.kind === "forward" && one.about.message === message);
  if (known) return show(known);
  return start({ kind: "forward", session, message });
}

let isOpening = false;

export function openNew() {
  const { queue } = route.peek();
  return openOnce({ kind: "new", ...(queue && { queue }) }, (draft) => {
    const writing = opened(draft, true);
    go({ session: "", draft: draft.id });
    wantsFocus.value = writing.key;
  });
}

/**
 * Edit and resend: a mail that did not arrive, as it was.
 * @param {string} message
 */
export function openAgain(message) {
  const newest = reading.peek().data?.newest;
  return openOnce({ kind: "again", message, newest }, (draft) => show(opened(draft, false)));
}

/**
 * A second press is no second mail.
 * @param {object} asked
 * @param {(draft: Draft) => void} open
 */
async function openOnce(asked, open) {
  if (isOpening) return;
  isOpening = true;
  try {
    open(/** @type {Draft} */ (await post("drafts/", asked)));
  } catch (problem) {
    tell(problem);
  } finally {
    isOpening = false;
  }
}

/**
 * One's own goes on where it was left.
 * @param {string} id
 */
export async function openDraft(id) {
  const known = withId(id);
  if (known) return show(known);
  try {
    const draft = /** @type {Draft} */ (await get(`drafts/${id}/`));
    if (!draft.mine) return go({ session: draft.session ?? "", draft: "" }); // there it can be taken over
    return show(opened(draft, false));
  } catch (problem) {
    if (route.peek().draft === id) go({ draft: "" }, { replace: true });
    return tell(problem);
  }
}

/**
 * A colleague's, of a conversation that is no longer theirs.
 * @param {string} id
 */
export async function takeOver(id) {
  try {
    const { draft } = await post(`drafts/${id}/take/`);
    show(opened(draft, false));
    reload(draft.session ?? "");
  } catch (problem) {
    tell(problem);
  }
}

/** @param {import("./writing-shapes.js").About} about */
function start(about) {
  const writing = new Writing(about);
  writing.isNew = true;
  writing.after = allGone(about);
  const { data } = reading.peek();
  if (data?.session.id === about.session) writing.hasRead(data.newest);
  add(writing);
  show(writing);
  writing.begin().then(
    () => {
      mergeTwins(writing);
      refreshDesk();
    },
    (problem) => {
      if (!(problem instanceof Problem)) throw problem;
      if (writing.isDirty) writing.refuse("", problem.message);
      else drop(writing);
      say(problem.message);
    },
  );
}

/**
 * The server answers one draft for one conversation, whoever asks. Where both say something, their
 * author is asked which one stays.
 * @param {Writing} writing
 */
function mergeTwins(writing) {
  const twin = writings.peek().find((one) => one !== writing && one.id.peek() && one.id.peek() === writing.id.peek());
  if (!twin) return;
  if (!twin.isDirty) drop(twin);
  else if (!writing.isDirty) {
    drop(writing);
    show(twin);
  }
}

// ---- reload, other browsers, signing in again -----------------------------------------------------------

/** The desk is read many times a day, and known once. */
const isKnown = computed(() => desk.value !== null);

effect(() => void (isKnown.value && untracked(restore)));

function restore() {
  const kept = keptOf(desk.peek()?.user.id ?? "");
  for (const one of kept) {
    if (one.id && withId(one.id)) continue;
    const writing = Writing.ofKept(one);
    add(writing);
    void writing.resume();
  }
  resumeSends();
}

/** A link or a reload that leads to a draft. */
effect(() => {
  const { draft } = route.value;
  if (!draft || !isKnown.value) return;
  untracked(() => {
    const known = withId(draft);
    if (known) known.shown.value = true;
    else void openDraft(draft);
  });
});

on("draft.changed", ({ id, version }) => {
  if (isOwnChange(id, version)) return;
  void withId(id)?.follow();
  refreshDesk();
});
on("staged.changed", ({ id }) => withId(id)?.uploads.hear());
on("resync", () => {
  for (const one of writings.peek()) void one.follow();
});

function all() {
  return writings.peek();
}

addEventListener("online", () => all().forEach((one) => one.isDirty && void one.save()));
addEventListener("pagehide", () => all().forEach((one) => one.flush()));
document.addEventListener("visibilitychange", () => {
  for (const one of all()) {
    if (document.hidden) void one.save();
    else if (one.uploads.isWaiting) one.uploads.lookSoon();
  }
});
addEventListener("beforeunload", (event) => {
  if (all().some((one) => one.uploads.isBusy || one.isStuck || one.waits.peek())) event.preventDefault();
});

/**
 * Every save is told to all tabs of its author: the one that saved knows.
 * @param {string} id
 * @param {number} moment
 */
function isOwnChange(id, moment) {
  return Boolean(withId(id)?.isOwnChange(moment));
}

/** Before somebody signs out: nothing of theirs stays in this tab that the server has. */
export async function saveEverything() {
  await Promise.race([Promise.all(all().map((one) => one.save())), new Promise((over) => setTimeout(over, LEAVE_MS))]);
  for (const one of all()) if (!one.isDirty) one.end();
}
