// Files of a draft: each comes by itself and is scanned while one writes. What the server has is the
// truth; a row that is still on its way, or did not get there, stands beside it.

import { get, post, Problem } from "../lib/api.js";
import { signal } from "../lib/html.js";
import { _, fill } from "../lib/words.js";
import { readDesk } from "./desk.js";
import { nameAndSize, rowOf } from "./upload-row.js";
import { canTryAgain, carry } from "./upload-way.js";

/** @typedef {import("./shapes.js").Upload} Upload */

/** @typedef {import("./upload-row.js").Row} Row */

const AT_ONCE = 1; // in their order; a second line would only share the same way
const HEARD_MS = 150; // several verdicts in a row are one look
const FIRST_LOOK_MS = 800;
const LONGEST_LOOK_MS = 20_000;
const MARKED_MS = 1_500;

export class Uploads {
  /** @type {import("../lib/html.js").Signal<Row[]>} */
  rows = signal([]);
  limits = signal("");
  /** The row that is pointed at, by its key. */
  marked = signal("");
  /** Read aloud. */
  said = signal("");

  /** @type {Map<string, File>} */
  #files = new Map();
  /** @type {Map<string, XMLHttpRequest>} */
  #coming = new Map();
  /** Cancelled when they may have been over already: the server drops them, too.
   * @type {Set<string>} */
  #unwanted = new Set();
  #changes = 0; // a look that began before the last change came too late
  #mostBytes = Infinity;
  #timer = 0;
  #pause = FIRST_LOOK_MS;
  #isOver = false;
  #begun;
  #changed;

  /**
   * @param {() => Promise<string>} begun the draft's id, once the server has it
   * @param {() => void} changed the server has more or fewer files, or another verdict
   */
  constructor(begun, changed) {
    this.#begun = begun;
    this.#changed = changed;
  }

  // ---- what the server has ------------------------------------------------------------------

  /** @param {{ files: Upload[], limits: string, most_bytes?: number }} told */
  show(told) {
    if (told.most_bytes) this.#mostBytes = told.most_bytes;
    const known = new Map(this.rows.peek().map((row) => [row.upload?.id, row]));
    const here = told.files.flatMap((upload) => this.#shown(upload, known.get(upload.id)));
    const others = this.rows.peek().filter((row) => !row.upload);
    this.rows.value = [...here, ...others];
    this.limits.value = told.limits;
    this.#changed();
    if (this.isWaiting && !this.#timer) this.lookSoon();
  }

  /**
   * @param {Upload} upload
   * @param {Row | undefined} row
   * @returns {Row[]}
   */
  #shown(upload, row) {
    if (!row && this.#unwanted.delete(nameAndSize(upload))) {
      void this.#drop(upload.id);
      return [];
    }
    if (row?.upload && row.upload.verdict !== upload.verdict) this.#tellVerdict(upload);
    return [{ ...rowOf(upload.name, upload.inline), ...row, state: "here", problem: "", upload }];
  }

  get isWaiting() {
    return this.rows.peek().some((row) => row.upload?.verdict === "waiting");
  }

  get isBusy() {
    return this.rows.value.some(({ state }) => state === "coming" || state === "queued");
  }

  /** @returns {Row | undefined} what cannot be sent */
  get trouble() {
    return this.rows.peek().find((row) => row.state === "failed" || row.upload?.stopped);
  }

  /** The socket tells of verdicts; looking now and then is for when it cannot. */
  lookSoon() {
    this.#pause = FIRST_LOOK_MS;
    this.#lookIn(this.#pause);
  }

  /** @param {number} pause */
  #lookIn(pause) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.look(), pause);
  }

  /** The server has said that a verdict came. */
  hear() {
    this.#lookIn(HEARD_MS);
  }

  async look() {
    clearTimeout(this.#timer);
    this.#timer = -1; // nobody else begins another round
    const seen = this.#changes;
    const told = await this.#told().catch(() => null); // the next look asks again
    if (told && seen === this.#changes) this.show(told);
    if (this.#timer !== -1) return; // another look was asked for meanwhile
    this.#timer = 0;
    if (!this.isWaiting || this.#isOver) return;
    this.#pause = Math.min(LONGEST_LOOK_MS, this.#pause * 1.6);
    this.#lookIn(this.#pause + Math.random() * 200);
  }

  async #told() {
    const id = await this.#begun();
    return id ? get(`drafts/${id}/files/`) : null;
  }

  /** Sent, or thrown away. */
  end() {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#timer = 0;
    for (const xhr of this.#coming.values()) xhr.abort();
    this.#coming.clear();
    this.#files.clear();
  }

  // ---- adding ------------------------------------------------------------------------------------

  /**
   * @param {Iterable<File>} files
   * @param {{ inline?: boolean }} [how]
   * @returns {Row[]}
   */
  add(files, { inline = false } = {}) {
    const added = [...files].map((file) => {
      const row = rowOf(file.name || "file", inline);
      this.#files.set(row.key, file);
      this.#unwanted.delete(nameAndSize(file));
      return row;
    });
    this.rows.value = [...this.rows.peek(), ...added];
    this.#next();
    return added;
  }

  /** @param {string} name */
  refuseFolder(name) {
    const row = rowOf(name, false);
    this.rows.value = [...this.rows.peek(), row];
    this.#fail(row.key, _("A folder cannot be attached; choose the files in it."), false);
  }

  #next() {
    const queued = this.rows.peek().find((row) => row.state === "queued" && this.#files.has(row.key));
    if (!queued || this.#isOver || this.#coming.size >= AT_ONCE) return;
    const xhr = new XMLHttpRequest();
    this.#coming.set(queued.key, xhr);
    this.#change(queued.key, { state: "coming" });
    void this.#start(queued, xhr);
  }

  /**
   * @param {Row} row
   * @param {XMLHttpRequest} xhr
   */
  async #start({ key, inline }, xhr) {
    const file = /** @type {File} */ (this.#files.get(key));
    const progressed = (/** @type {number} */ share) => this.#change(key, { share });
    try {
      const draft = await this.#begun();
      if (!draft || !this.#coming.has(key)) return; // cancelled meanwhile
      const told = await carry(xhr, { draft, file, inline, mostBytes: this.#mostBytes, progressed });
      if (this.#coming.has(key)) this.#arrived(key, told);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (this.#coming.has(key)) this.#fail(key, problem.message, canTryAgain(problem));
    } finally {
      this.#coming.delete(key);
      this.#next();
    }
  }

  /**
   * @param {string} key
   * @param {import("./upload-way.js").Told} told
   */
  #arrived(key, told) {
    this.#changes += 1;
    const twin = this.rows.peek().find((row) => row.upload?.id === told.file.id);
    if (twin) {
      this.#takeOut(key);
      this.#mark(twin.key);
      this.said.value = fill(_("{name} is attached already."), { name: told.file.name });
    } else {
      this.#change(key, { state: "here", upload: told.file, share: 1 });
      this.#tellVerdict(told.file);
    }
    this.show(told);
    this.lookSoon();
  }

  /**
   * @param {string} key
   * @param {string} problem
   * @param {boolean} canTryAgain
   */
  #fail(key, problem, canTryAgain) {
    const row = this.rows.peek().find((one) => one.key === key);
    if (!row) return;
    this.#change(key, { state: "failed", problem, canTryAgain });
    this.said.value = `${row.name}: ${problem}`;
    this.#changed();
  }

  // ---- removing --------------------------------------------------------------------------------------

  /** @param {Row} row */
  async remove(row) {
    if (!row.upload) return this.#cancel(row);
    try {
      await this.#drop(row.upload.id);
      this.#takeOut(row.key);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 404) this.#takeOut(row.key);
      else this.said.value = problem.message;
    }
  }

  /** @param {Row} row */
  #cancel(row) {
    const file = this.#files.get(row.key);
    const xhr = this.#coming.get(row.key);
    this.#coming.delete(row.key);
    if (xhr && file) {
      this.#unwanted.add(nameAndSize(file));
      xhr.abort();
      this.lookSoon();
    }
    this.#takeOut(row.key);
    this.#next();
  }

  /** @param {Row} row */
  async again(row) {
    await readDesk(); // brings a fresh token, if signing in has changed it
    if (!this.#files.has(row.key)) return;
    this.#change(row.key, { state: "queued", problem: "", share: 0 });
    this.#next();
  }

  /** @param {string} id */
  async #drop(id) {
    const told = await post(`drafts/${await this.#begun()}/files/${id}/remove/`);
    this.#changes += 1;
    if (told.files) this.show(told);
  }

  // ---- rows --------------------------------------------------------------------------------------------

  /** @param {Row} row */
  point(row) {
    this.#mark(row.key);
  }

  /** @param {string} key */
  #mark(key) {
    this.marked.value = key;
    setTimeout(() => this.marked.peek() === key && (this.marked.value = ""), MARKED_MS);
  }

  /** @param {string} key */
  #takeOut(key) {
    this.#files.delete(key);
    this.rows.value = this.rows.peek().filter((row) => row.key !== key);
    this.#changed();
  }

  /**
   * @param {string} key
   * @param {Partial<Row>} change
   */
  #change(key, change) {
    this.rows.value = this.rows.peek().map((row) => (row.key === key ? { ...row, ...change } : row));
  }

  /** @param {Upload} upload */
  #tellVerdict(upload) {
    this.said.value = `${upload.name}: ${upload.verdict_word}`;
  }
}
