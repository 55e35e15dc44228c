// News from the server: one connection for all tabs of this browser, and each tab hears everything.
//
// The tab that holds a lock keeps the connection and passes the news on. When it is closed, the
// lock goes to the next tab, which says to the server how far all of them had come. A tab that
// holds the lock and does not answer (some browsers put hidden pages to sleep) loses it to one that
// is looked at. Without locks (they need https or localhost) each tab has its own connection.

import { signal } from "./html.js";
import { Line } from "./line.js";

/** @typedef {import("./line.js").News} News */
/** @typedef {import("./line.js").LineState} LineState */
/** @typedef {(news: News) => void} Handler */

/**
 * What tabs say to each other. `heard`: the version up to which everything has been told.
 * @typedef {{ kind: "news", news: News, heard: number }
 *   | { kind: "line", state: LineState, heard: number }
 *   | { kind: "welcome", to: string, state: LineState, heard: number, news: News[] }
 *   | { kind: "hello", tab: string, since: number, hurry: boolean }
 *   | { kind: "tick" }} Word
 */

const OFFLINE_AFTER_MS = 2_000;
const TICK_MS = 5_000;
const LEADER_PATIENCE_MS = 4_000;
const OVERLAP_MS = 15_000; // as the server's
const REMEMBERED = 500; // news, for a tab that opens

/** The random name of this tab, for as long as its page lives. */
export const tabId = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(36).padStart(2, "0")).join("");

/** Whether news can come: true, false (for 2 s or longer), or null: not known. */
export const online = signal(/** @type {boolean | null} */ (null));

/** @type {Map<string, Set<Handler>>} */
const handlers = new Map();

/**
 * Besides the server's news: `ready` (connected, and everything that was missed is told), `resync`
 * (read everything anew), `signed-out`.
 * @param {string} type
 * @param {Handler} handler
 * @returns {() => void} stops it
 */
export function on(type, handler) {
  const known = handlers.get(type) ?? new Set();
  handlers.set(type, known.add(handler));
  return () => known.delete(handler);
}

/**
 * @param {object} who
 * @param {string} who.user
 * @param {number} who.since the version that `/desk/` told
 * @returns {() => void} ends it
 */
export function connect({ user, since }) {
  const tabs = new Tabs(`carteria-live-${user}`, since);
  return () => tabs.end();
}

/** @param {News} news */
function emit(news) {
  for (const handler of [...(handlers.get(news.type) ?? [])]) handler(news);
}

class Tabs {
  /** @type {Line | null} */
  #line = null; // of the tab that leads
  /** @type {LineState} */
  #state = "down";
  #isReady = false;
  #heard = 0;
  #covers = 0; // from this version on, the memory has everything
  /** @type {{ heard: number, news: News }[]} */
  #memory = [];
  #askedAt = 0; // 0: the leader owes no answer
  #offline = 0;
  #ended = new AbortController();
  #queued = new AbortController();
  #release = () => {};

  /**
   * @param {string} name
   * @param {number} since
   */
  constructor(name, since) {
    this.name = name;
    this.#heard = this.#covers = since;
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = ({ data }) => this.#understand(data);
    this.#countDown();
    if (navigator.locks) {
      this.#queue();
      this.#hello(false);
    } else {
      this.#lead();
    }
    this.#watch();
  }

  end() {
    this.#ended.abort();
    clearTimeout(this.#offline);
    this.#rest();
    this.channel.close();
  }

  #watch() {
    const { signal } = this.#ended;
    const back = () => document.visibilityState === "visible" && this.#hurry();
    addEventListener("online", () => this.#hurry(), { signal });
    addEventListener("offline", () => this.#line?.doubt(), { signal });
    document.addEventListener("visibilitychange", back, { signal });
    addEventListener("pagehide", () => this.#rest(), { signal });
    addEventListener("pageshow", ({ persisted }) => persisted && this.#wake(), { signal });
    const ticks = setInterval(() => this.#tick(), TICK_MS);
    signal.addEventListener("abort", () => clearInterval(ticks));
  }

  // ---- who leads --------------------------------------------------------------------------

  #queue(steal = false) {
    this.#queued.abort();
    const mine = (this.#queued = new AbortController());
    const options = steal ? { steal } : { signal: mine.signal };
    const hold = () => new Promise((/** @type {(nothing?: unknown) => void} */ release) => this.#lead(release));
    navigator.locks.request(this.name, options, hold).catch(() => mine === this.#queued && this.#lost());
  }

  #lead(release = () => {}) {
    this.#askedAt = 0;
    this.#release = release;
    this.#line = new Line({
      since: () => this.#heard,
      hear: (news) => this.#hear(news),
      tell: (state) => this.#tell(state),
    });
    this.#line.open();
  }

  /** Stolen by a tab that had no answer; or only no longer queued. */
  #lost() {
    if (!this.#line || this.#ended.signal.aborted) return;
    this.#stopLeading();
    this.#queue();
    this.#hello(false);
  }

  #stopLeading() {
    this.#line?.close();
    this.#line = null;
    this.#isReady = false;
    this.#covers = this.#heard;
    this.#memory = [];
  }

  /** The page goes, perhaps to come back: another tab leads meanwhile. */
  #rest() {
    this.#queued.abort();
    this.#stopLeading();
    this.#release();
  }

  #wake() {
    this.#countDown();
    if (navigator.locks) {
      this.#queue();
      this.#hello(true);
    } else {
      this.#lead();
    }
  }

  // ---- the leader hears the server --------------------------------------------------------

  /** @param {News} news */
  #hear(news) {
    const tells = news.type === "ready" || news.type === "pong" || news.type === "resync";
    // Before `ready` the missed ones come in no order: a break amid them must not hide the others.
    if (tells || (this.#isReady && news.type === "session.changed")) this.#heard = Math.max(this.#heard, news.version);
    if (news.type === "pong") return;
    if (news.type === "ready") this.#isReady = true;
    if (news.type === "resync") this.#forget();
    else this.#remember(news);
    this.#say({ kind: "news", news, heard: this.#heard });
    emit(news);
  }

  /** @param {LineState} state */
  #tell(state) {
    if (state !== "up") this.#isReady = false;
    this.#say({ kind: "line", state, heard: this.#heard });
    this.#show(state);
  }

  /** @param {News} news */
  #remember(news) {
    this.#memory.push({ heard: this.#heard, news });
    const gone = this.#memory.length > REMEMBERED ? this.#memory.shift() : null;
    if (gone) this.#covers = gone.heard + OVERLAP_MS;
  }

  #forget() {
    this.#memory = [];
    this.#covers = this.#heard;
  }

  /**
   * A tab that opens has read the server at the moment SINCE, or slept since then.
   * @param {string} to
   * @param {number} since
   */
  #welcome(to, since) {
    const knows = since >= this.#covers;
    const missed = this.#memory.filter(({ heard }) => heard > since - OVERLAP_MS).map(({ news }) => news);
    /** @type {News} */
    const resync = { type: "resync", id: "", version: this.#heard };
    const news = knows ? missed.filter(({ type }) => type !== "ready") : [resync];
    this.#say({ kind: "welcome", to, state: this.#state, heard: this.#heard, news });
  }

  // ---- what tabs say to each other --------------------------------------------------------

  /** @param {Word} word */
  #say(word) {
    if (!this.#ended.signal.aborted) this.channel.postMessage(word);
  }

  /** @param {Word} word */
  #understand(word) {
    if (word.kind === "hello" || word.kind === "tick") this.#answer(word);
    else if (!this.#line) this.#follow(word);
  }

  /** @param {Extract<Word, { kind: "hello" | "tick" }>} word */
  #answer(word) {
    if (!this.#line) return;
    if (word.kind === "hello") {
      if (word.hurry || this.#state === "out") this.#line.hurry();
      this.#welcome(word.tab, word.since);
    } else {
      this.#line.tick();
      this.#say({ kind: "line", state: this.#state, heard: this.#heard });
    }
  }

  /** @param {Exclude<Word, { kind: "hello" | "tick" }>} word */
  #follow(word) {
    this.#askedAt = 0;
    if (word.kind === "welcome" && word.to !== tabId) return;
    this.#heard = this.#covers = Math.max(this.#heard, word.heard);
    if (word.kind === "news") emit(word.news);
    else this.#show(word.state);
    if (word.kind === "welcome") word.news.forEach(emit);
  }

  /** @param {boolean} hurry */
  #hello(hurry) {
    this.#askedAt ||= Date.now();
    this.#say({ kind: "hello", tab: tabId, since: this.#heard, hurry });
  }

  #hurry() {
    if (this.#line) {
      this.#line.hurry();
      return;
    }
    this.#askedAt = 0;
    this.#hello(true);
    setTimeout(() => this.#tick(), LEADER_PATIENCE_MS + 1);
  }

  #tick() {
    if (this.#line || this.#ended.signal.aborted || document.visibilityState !== "visible") return;
    if (this.#askedAt && Date.now() - this.#askedAt > LEADER_PATIENCE_MS) {
      this.#askedAt = 0;
      this.#queue(true);
    } else {
      this.#askedAt ||= Date.now();
      this.#say({ kind: "tick" });
    }
  }

  // ---- what the page shows ----------------------------------------------------------------

  /** @param {LineState} state */
  #show(state) {
    const before = this.#state;
    this.#state = state;
    if (state === "down") {
      this.#countDown();
      return;
    }
    clearTimeout(this.#offline);
    this.#offline = 0;
    online.value = state === "up" ? true : null;
    if (state === "out" && before !== "out") emit({ type: "signed-out", id: "", version: 0 });
  }

  /** A short break is nothing that anybody needs to know of. */
  #countDown() {
    this.#offline ||= setTimeout(() => (online.value = false), OFFLINE_AFTER_MS);
  }
}
