// One connection to the server that is kept: it comes back by itself, and notices when it is dead.

/** @typedef {{ type: string, id: string, version: number, [fact: string]: unknown }} News */

/**
 * @typedef {object} Listener
 * @property {() => number} since how far we have come; said after opening
 * @property {(news: News) => void} hear
 * @property {(state: LineState) => void} tell
 */

/** @typedef {"up" | "down" | "out"} LineState out: signed out; somebody has to `hurry` it */

const SIGNED_OUT = 4401; // close codes
const RIGHTS_CHANGED = 4403;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const SILENT_MS = 25_000; // after that we ask whether anybody is there
const FRESH_MS = 3_000; // heard so lately, nobody need be asked
const PATIENCE_MS = 10_000; // for an answer, and for opening
const SHORT_LIFE_MS = 2_000; // a connection that ended so soon is not opened again at once

export class Line {
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {LineState} */
  #state = "down";
  #wait = FIRST_WAIT_MS;
  #retryAt = 0;
  #openedAt = 0;
  #heardAt = 0;
  #askedAt = 0; // 0: no answer is owed
  #anew = false; // rights have changed: everything is read again
  #timer = 0;

  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
  }

  open() {
    this.#openedAt = this.#askedAt = Date.now();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = (this.#socket = new WebSocket(`${scheme}://${location.host}/ws/`));
    socket.onopen = () => this.#begin();
    socket.onmessage = ({ data }) => this.#heard(JSON.parse(data));
    socket.onclose = ({ code }) => this.#lost(code);
    this.tick();
  }

  #begin() {
    this.#askedAt = Date.now();
    this.#say({ since: this.#anew ? 0 : this.listener.since() });
  }

  /** For good. */
  close() {
    clearTimeout(this.#timer);
    this.#retryAt = Infinity;
    this.#drop();
  }

  /** Somebody looks at the page again, or the network is back: nobody waits for a timer now. */
  hurry() {
    const now = Date.now();
    if (!this.#socket && now - this.#openedAt > FIRST_WAIT_MS) this.open();
    else if (this.#state === "up" && !this.#askedAt && now - this.#heardAt > FRESH_MS) this.#ask();
  }

  /** The system says that the network is gone; it may be wrong, so we ask whether anybody is there. */
  doubt() {
    if (this.#state === "up" && !this.#askedAt) this.#ask();
  }

  /** Does what is due. Timers of a hidden tab are slow, so other tabs may call this as well. */
  tick() {
    clearTimeout(this.#timer);
    const now = Date.now();
    this.#heardAt = Math.min(this.#heardAt, now); // the clock was put back
    if (!this.#socket && now >= this.#retryAt) this.open();
    else if (this.#socket && this.#askedAt && now - this.#askedAt >= PATIENCE_MS) this.#lost(0);
    else if (this.#state === "up" && !this.#askedAt && now - this.#heardAt >= SILENT_MS) this.#ask();
    else this.#timer = setTimeout(() => this.tick(), Math.min(this.#dueAt() - now + 1, SILENT_MS));
  }

  #dueAt() {
    if (!this.#socket) return this.#retryAt;
    return this.#askedAt ? this.#askedAt + PATIENCE_MS : this.#heardAt + SILENT_MS;
  }

  #ask() {
    this.#askedAt = Date.now();
    this.#say({ ping: 1 });
    this.tick();
  }

  /** @param {object} words */
  #say(words) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(words));
  }

  /** @param {News} news */
  #heard(news) {
    this.#heardAt = Date.now();
    this.#askedAt = this.#state === "up" ? 0 : this.#heardAt; // until `ready`, more is owed
    if (news.type === "ready") this.#ready(news);
    this.listener.hear(news);
  }

  /** @param {News} news */
  #ready(news) {
    this.#askedAt = 0;
    this.#wait = FIRST_WAIT_MS;
    if (this.#anew) this.listener.hear({ type: "resync", id: "", version: news.version });
    this.#anew = false;
    this.#become("up");
    this.tick();
  }

  /** @param {number} code */
  #lost(code) {
    const livedLong = Date.now() - this.#openedAt > SHORT_LIFE_MS;
    this.#drop();
    this.#anew ||= code === RIGHTS_CHANGED;
    const atOnce = code === RIGHTS_CHANGED && livedLong;
    this.#retryAt = code === SIGNED_OUT ? Infinity : Date.now() + (atOnce ? 0 : this.#pause());
    this.#become(code === SIGNED_OUT ? "out" : "down");
    this.tick();
  }

  #pause() {
    const pause = this.#wait * (0.5 + Math.random() / 2);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
    return pause;
  }

  /** A dead connection may take minutes to say that it is closed; we no longer listen to it. */
  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#askedAt = 0;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** @param {LineState} state */
  #become(state) {
    if (this.#state === state) return;
    this.#state = state;
    this.listener.tell(state);
  }
}
