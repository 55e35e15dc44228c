// One mail that is being written. Every pause of the hand is saved; until the server has it, this
// tab keeps it. Nothing here touches the page: the editor lends its words.

import { get, leave, post, Problem, put } from "../lib/api.js";
import { batch, signal } from "../lib/html.js";
import { _ } from "../lib/words.js";
import { desk } from "./desk.js";
import { forget, keep } from "./kept.js";
import { bareWords, fingerprint } from "./mail-text.js";
import { Pace, waitAfter } from "./pace.js";
import { Uploads } from "./uploads.js";

/** @typedef {import("./shapes.js").Draft} Draft */
/** @typedef {import("./shapes.js").DraftFacts} DraftFacts */
/** @typedef {import("./shapes.js").Content} Content */
/** @typedef {import("./shapes.js").Note} Note */
/** @typedef {import("./kept.js").Kept} Kept */
/** @typedef {import("./writing-shapes.js").About} About */
/** @typedef {import("./writing-shapes.js").Fields} Fields */
/** @typedef {import("./writing-shapes.js").Lent} Lent */
/** @typedef {import("./writing-shapes.js").State} State */
/** @typedef {import("./writing-shapes.js").Words} Words */

const KEEP_MS = 150; // this tab's copy
const OWN_MS = 1_000;
const MOST_SENT = 8;
/** @type {Fields} */
const BLANK = { to: [], cc: [], bcc: [], subject: "", plain: false, mailbox: null, queue: null, agent: null };

let last = 0;

export class Writing {
  key = "";
  /** @type {About} */
  about;
  id = signal("");
  /** @type {import("../lib/html.js").Signal<DraftFacts | null>} */
  facts = signal(null);
  fields = signal(BLANK);
  /** @type {import("../lib/html.js").Signal<State>} */
  state = signal("begun");
  savedAt = signal(0);
  /** @type {import("../lib/html.js").Signal<Note[]>} */
  notes = signal([]);
  /** Why the server did not take it, beside the field that it is about. */
  problem = signal({ field: "", sentence: "" });
  /** What another browser made of it.
   * @type {import("../lib/html.js").Signal<Draft | null>} */
  theirs = signal(null);
  /** What came since, when Send was refused for it.
   * @type {import("../lib/html.js").Signal<{ id: string, who: string, snippet: string, at: string }[]>} */
  newer = signal([]);
  /** Whom an answer would show the conversation for the first time, when Send was refused for it.
   * @type {import("../lib/html.js").Signal<{ sentence: string, people: string[] } | null>} */
  strangers = signal(null);
  /** Those of them that the author wants, in small letters.
   * @type {Set<string>} */
  #confirmed = new Set();
  shown = signal(true);
  /** Send was pressed, and waits for the draft or its files. */
  waits = signal(false);
  /** What has to be over before the server is asked for a draft.
   * @type {Promise<unknown>} */
  after = Promise.resolve();
  isNew = false; // nothing of its own yet: closing it leaves nothing behind

  /** @type {Lent | null} */
  editor = null;
  uploads = new Uploads(() => this.begun(), () => this.editor?.pictures());

  /** @type {Words} */
  #words = { html: "", text: "" };
  /** The letters that stood there from the start. */
  #opening = "";
  #version = 0;
  /** Up to which message its author has read. */
  seen = signal(0);
  /** What was to happen with the session when Send was refused. */
  lastThen = "";
  #pace = new Pace(() => this.#saveOnce());
  #keeper = 0;
  /** Fingerprints of what the server was told on top of this version, as long as it has not answered.
   * @type {string[]} */
  #sent = [];
  /** @type {Promise<void> | null} */
  #beginning = null;
  #isOver = false;
  #isBegun = false; // its opening, the signature, stands in its words
  /** Whose addresses `facts` tells.
   * @type {string | null} */
  #queue = null;

  /**
   * @param {About} about
   * @param {string} [key]
   */
  constructor(about, key) {
    this.about = about;
    this.key = key ?? `${about.kind}-${about.session || "new"}-${Date.now().toString(36)}-${(last += 1)}`;
  }

  /** @param {Kept} kept */
  static ofKept({ key, id, kind, session, message, content, version, dirty, shown, sent }) {
    const writing = new Writing({ kind, session, message }, key);
    const { html, text, ...fields } = content;
    writing.id.value = id;
    writing.fields.value = fields;
    writing.shown.value = shown;
    writing.#words = { html, text };
    writing.#version = version;
    writing.#sent = sent;
    writing.#isBegun = Boolean(id);
    if (dirty) writing.#pace.changed();
    return writing;
  }

  // ---- with the server ------------------------------------------------------------------------------

  get isDirty() {
    return this.#pace.isDirty;
  }

  /** Whether anything was written beyond what stood there from the start. */
  get isTouched() {
    return this.#pace.mark > 0 || !this.isNew || this.uploads.rows.peek().length > 0;
  }

  /** What only this tab has, and the server will not get by waiting a moment. */
  get isStuck() {
    return this.isDirty && !["typed", "saving", "sending"].includes(this.state.peek());
  }

  /** The draft's id, as soon as the server has one. */
  async begun() {
    while (!this.id.peek() && !this.#isOver) await this.begin();
    return this.id.peek();
  }

  /** A draft of its own; again and again until the server answers. */
  begin() {
    this.#beginning ??= this.#begin().finally(() => (this.#beginning = null));
    return this.#beginning;
  }

  async #begin() {
    const { kind, session, message } = this.about;
    await this.after;
    for (let attempt = 0; !this.id.peek() && !this.#isOver; attempt += 1) {
      try {
        const newest = this.seen.peek() || undefined;
        const asked = { kind, newest, ...(session && { session }), ...(message && { message }), ...this.#chosenQueue() };
        this.#arrived(await post("drafts/", asked));
      } catch (problem) {
        if (!this.#canWait(problem)) throw problem;
        await pause(waitAfter(attempt));
      }
    }
  }

  #chosenQueue() {
    const { queue } = this.fields.peek();
    return queue ? { queue } : {};
  }

  /**
   * What was typed before the answer came stays on top of it.
   * @param {Draft} draft
   */
  #arrived(draft) {
    if (!this.isDirty) {
      this.isNew = draft.version <= 1;
      this.take(draft);
      return;
    }
    const { to, cc, bcc, subject, plain } = this.fields.peek();
    const mine = this.fields.peek();
    this.takeFacts(draft);
    this.fields.value = {
      ...fieldsOf(draft),
      plain,
      to: to.length ? to : draft.to,
      cc: cc.length ? cc : draft.cc,
      bcc: bcc.length ? bcc : draft.bcc,
      subject: subject || draft.subject,
      ...(mine.mailbox && { mailbox: mine.mailbox }),
    };
    if (!this.#isBegun || draft.version > 1) this.#append(draft);
    this.#isBegun = true;
    this.changed();
  }

  /** @param {Words} words */
  #append({ html, text }) {
    if (this.editor) this.editor.append(html);
    else this.#words = { html: this.#words.html + html, text: `${this.#words.text}\n\n${text}` };
  }

  /**
   * Everything as the server has it.
   * @param {Draft} draft
   */
  take(draft) {
    batch(() => {
      this.takeFacts(draft);
      this.fields.value = fieldsOf(draft);
      this.#words = { html: draft.html, text: draft.text };
      this.#opening = this.isNew ? bareWords(draft) : "";
      this.#pace.saved(this.#pace.mark);
      this.#sent = [];
      this.#isBegun = true;
      this.theirs.value = null;
      this.state.value = this.isNew ? "begun" : "saved";
    });
    this.editor?.show(this.#words);
    this.#keepNow();
  }

  /** @param {Draft} draft */
  takeFacts(draft) {
    this.id.value = draft.id;
    this.facts.value = draft;
    this.#queue = draft.queue;
    this.#version = draft.version;
    this.hasRead(draft.newest);
    this.notes.value = draft.notes ?? [];
    this.savedAt.value = Date.parse(draft.saved_at) || Date.now();
    this.about = { kind: draft.kind, session: draft.session ?? "", message: draft.answers ?? "" };
    this.uploads.show(draft);
  }

  /**
   * @param {unknown} problem
   * @returns {boolean} nobody answered, or somebody has to sign in again first
   */
  #canWait(problem) {
    if (!(problem instanceof Problem)) return false;
    if (problem.status === 401) this.state.value = "signed-out";
    else if (problem.isPassing) this.state.value = "offline";
    else return false;
    return true;
  }

  // ---- what the author does ---------------------------------------------------------------------------

  /** @returns {Content} */
  content() {
    return { ...this.fields.peek(), ...this.words() };
  }

  /** @returns {Words} */
  words() {
    if (this.editor) this.#words = this.editor.words();
    return this.#words;
  }

  /** @param {Partial<Fields>} change */
  set(change) {
    this.fields.value = { ...this.fields.peek(), ...change };
    if (change.to || change.cc || change.bcc) this.strangers.value = null;
    if (Object.keys(change).some((name) => name === this.problem.peek().field)) this.clearProblem();
    this.changed();
  }

  /** @param {Words} words */
  replaceWords(words) {
    this.#words = words;
    this.changed();
  }

  /** Something was typed. */
  changed() {
    this.#pace.changed();
    const { field } = this.problem.peek();
    if (field === "text" || field === "html") this.clearProblem();
    if (!["changed", "gone", "sending", "offline", "signed-out", "saving"].includes(this.state.peek())) this.state.value = "typed";
    this.#keeper ||= setTimeout(() => this.#keepNow(), KEEP_MS);
    if (!["changed", "gone", "sending"].includes(this.state.peek())) this.#pace.saveSoon();
  }

  #keepNow() {
    clearTimeout(this.#keeper);
    this.#keeper = 0;
    const user = desk.peek()?.user.id;
    if (!user || this.#isOver) return;
    if (this.id.peek() && !this.isDirty && !this.shown.peek()) return forget(this.key); // the server has it
    keep({
      user,
      key: this.key,
      id: this.id.peek(),
      ...this.about,
      shown: this.shown.peek(),
      dirty: this.isDirty,
      version: this.#version,
      sent: this.#sent,
      content: this.content(),
    });
  }

  keepAtOnce() {
    this.#keepNow();
  }

  /** The page goes, and nobody waits for the answer. */
  flush() {
    const id = this.id.peek();
    if (id && this.isDirty && !["changed", "gone", "sending"].includes(this.state.peek())) {
      const content = this.content();
      this.#tell(content);
      void leave("PUT", `drafts/${id}/`, this.body(content)); // too long for it: this tab keeps it
    }
    this.#keepNow();
  }

  // ---- saving --------------------------------------------------------------------------------------------

  /** @returns {Promise<void>} */
  save() {
    if (this.state.peek() === "sending") return Promise.resolve(); // it would look like somebody else
    return this.#pace.save();
  }

  /** @returns {Promise<boolean>} whether it goes on at once */
  async #saveOnce() {
    const { mark } = this.#pace;
    try {
      if (!this.id.peek()) await this.begin();
      if (this.#pace.mark > mark) return true; // the draft's own beginning came below
      if (this.#isOver) return false;
      this.state.value = "saving";
      this.#pace.begins();
      const content = this.content();
      this.#tell(content);
      this.#stored(mark, await put(`drafts/${this.id.peek()}/`, this.body(content)));
      await this.#readMailboxes(content);
      return true;
    } catch (problem) {
      return this.#notSaved(problem);
    }
  }

  /**
   * @param {number} mark
   * @param {{ version: number, saved_at: string, notes: Note[] }} answer
   */
  #stored(mark, { version, saved_at, notes }) {
    batch(() => {
      this.#version = version;
      this.#sent = [];
      this.#pace.saved(mark);
      this.isNew = false;
      this.notes.value = notes ?? [];
      this.savedAt.value = Date.parse(saved_at) || Date.now();
      if (this.state.peek() !== "sending") this.state.value = this.isDirty ? "typed" : "saved";
    });
    this.#keepNow();
  }

  /**
   * Another queue sends from other addresses.
   * @param {Content} content
   */
  async #readMailboxes({ queue }) {
    const facts = this.facts.peek();
    if (this.about.kind !== "new" || !facts || this.#queue === queue) return;
    this.#queue = queue;
    const draft = await get(`drafts/${this.id.peek()}/`).catch(() => null);
    if (!draft) return;
    this.facts.value = { ...facts, mailboxes: draft.mailboxes };
    this.fields.value = { ...this.fields.peek(), mailbox: draft.mailbox };
  }

  /**
   * @param {unknown} problem
   * @returns {boolean}
   */
  #notSaved(problem) {
    this.#keepNow();
    if (!(problem instanceof Problem)) throw problem;
    if (this.#canWait(problem)) this.#pace.saveLater();
    else if (problem.code === "draft-changed") return this.#merge(problem.body.draft);
    else if (problem.status === 404 || problem.code === "sent") this.state.value = "gone";
    else this.#refused(problem);
    return false;
  }

  /** @param {Problem} problem */
  #refused(problem) {
    this.state.value = "refused";
    this.problem.value = { field: problem.field, sentence: problem.message };
  }

  /**
   * An answer of the server that got lost makes its own draft look like somebody else's.
   * @param {Draft} theirs
   * @returns {boolean}
   */
  #merge(theirs) {
    if (this.#sent.includes(fingerprint(theirs))) {
      this.#version = theirs.version;
      this.#sent = [];
      return true; // on top of it goes what was typed since
    }
    this.theirs.value = theirs;
    this.state.value = "changed";
    return false;
  }

  useMine() {
    const theirs = this.theirs.peek();
    if (!theirs) return;
    this.takeFacts(theirs);
    this.theirs.value = null;
    this.state.value = "typed";
    this.changed();
  }

  useTheirs() {
    const theirs = this.theirs.peek();
    if (theirs) this.take(theirs);
  }

  /** What was sent or thrown away elsewhere goes on as a draft of its own. */
  saveAnew() {
    this.id.value = "";
    this.#version = 0;
    this.uploads.show({ files: [], limits: this.uploads.limits.peek() });
    this.state.value = "typed";
    this.changed();
  }

  /**
   * Nobody else can have written on top of what we saved within the same second.
   * @param {number} moment of the server, at which somebody changed it
   */
  isOwnChange(moment) {
    return moment <= this.savedAt.peek() + OWN_MS;
  }

  /** Another browser has saved it: followed at once where nothing of ours would be lost. */
  async follow() {
    if (this.isDirty || this.#pace.isSaving || !this.id.peek()) return;
    const { mark } = this.#pace;
    const draft = await get(`drafts/${this.id.peek()}/`).catch((problem) => problem);
    if (draft instanceof Problem) {
      if (draft.status === 404 && this.state.peek() !== "sending") this.state.value = "gone";
      return;
    }
    if (draft.version <= this.#version || this.#pace.mark > mark || this.#pace.isSaving) return;
    this.take(draft);
  }

  /** After a reload: what this tab kept goes on top of what the server has. */
  async resume() {
    if (this.#isOver) return undefined;
    if (!this.id.peek()) return this.save();
    const draft = await get(`drafts/${this.id.peek()}/`).catch((problem) => problem);
    if (draft instanceof Error) {
      if (this.#canWait(draft)) await pause(waitAfter(1)).then(() => this.resume());
      else this.state.value = "gone";
      return undefined;
    }
    if (!this.isDirty || fingerprint(this.content()) === fingerprint(draft)) return this.take(draft);
    const seen = this.#version;
    this.takeFacts(draft);
    this.#version = seen; // the server says what is newer, be it an answer to us that got lost
    return this.save();
  }

  /** @param {Content} content */
  #tell(content) {
    this.#sent = [...this.#sent.slice(1 - MOST_SENT), fingerprint(content)];
  }

  /**
   * As the server takes it; addresses that are half typed, too.
   * @param {Content} content
   */
  body(content) {
    return { ...content, version: this.#version, newest: this.seen.peek() };
  }

  // ---- sending -----------------------------------------------------------------------------------------------

  /** The author has read up to here.
   * @param {number} message */
  hasRead(message) {
    if (message <= this.seen.peek()) return;
    this.seen.value = message;
    this.newer.value = this.newer.peek().filter(({ id }) => Number(id) > message);
  }

  /** Nothing was added to what stood there from the start. */
  get isEmpty() {
    const content = this.content();
    const hasPicture = !content.plain && content.html.includes("<img");
    return bareWords(content) === this.#opening && !hasPicture && !this.uploads.rows.peek().length;
  }

  /**
   * @param {string} field
   * @param {string} sentence
   */
  refuse(field, sentence) {
    this.problem.value = { field, sentence };
  }

  /** It is right that these get it, too. @param {string[]} people */
  confirm(people) {
    for (const one of people) this.#confirmed.add(one.toLowerCase());
    this.strangers.value = null;
  }

  clearProblem() {
    if (this.problem.peek().sentence) this.problem.value = { field: "", sentence: "" };
  }

  /**
   * Resolves with the server's answer; a second Send of the same draft gets the same one.
   * @param {{ then: string, override: string }} how
   */
  async send(how) {
    await this.#pace.rest();
    const id = await this.begun();
    this.state.value = "sending";
    this.lastThen = how.then;
    try {
      return await this.#sendOnce(id, how);
    } catch (problem) {
      this.#notSent(problem);
      throw problem;
    }
  }

  /**
   * @param {string} id
   * @param {{ then: string, override: string }} how
   * @returns {Promise<any>}
   */
  async #sendOnce(id, how, again = true) {
    const content = this.content();
    this.#tell(content);
    try {
      return await post(`drafts/${id}/send/`, { ...this.body(content), ...how, confirmed: [...this.#confirmed] });
    } catch (problem) {
      const theirs = problem instanceof Problem && problem.code === "draft-changed" && problem.body.draft;
      if (again && theirs && this.#merge(theirs)) return this.#sendOnce(id, how, false);
      throw problem;
    }
  }

  /** @param {unknown} problem */
  #notSent(problem) {
    if (this.state.peek() === "sending") this.state.value = "typed";
    if (!(problem instanceof Problem)) return;
    if (problem.code === "thread-changed") this.newer.value = problem.body.newer ?? [];
    else if (["new-recipients", "unwanted"].includes(problem.code)) this.strangers.value = { sentence: problem.message, people: problem.body.people ?? [] };
    else if (problem.status === 404) this.state.value = "gone";
    else if (this.#canWait(problem)) this.refuse("", problem.status === 401 ? signedOutSentence() : problem.message);
    else if (!this.theirs.peek()) this.refuse(problem.field, problem.message);
    if (this.isDirty) this.#pace.saveLater();
  }

  /** Sent, or thrown away: this tab forgets it. */
  end() {
    this.#isOver = true;
    this.#pace.end();
    clearTimeout(this.#keeper);
    this.waits.value = false;
    this.uploads.end();
    this.editor?.end();
    forget(this.key);
  }
}

/**
 * @param {Content} draft
 * @returns {Fields}
 */
function fieldsOf({ to, cc, bcc, subject, plain, mailbox, queue, agent }) {
  return { to, cc, bcc, subject, plain, mailbox, queue, agent };
}

function signedOutSentence() {
  return _("You are signed out. Sign in again in another tab, then send again.");
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
