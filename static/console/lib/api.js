// Asking the server: JSON both ways, refusals as one sentence, and never an answer that is too late.

import { signal } from "./html.js";
import { _ } from "./words.js";

/** The server's sentence, or ours when there was no answer. */
export class Problem extends Error {
  /**
   * @param {number} status 0 when nothing came back
   * @param {any} body problem+json (RFC 9457)
   */
  constructor(status, body) {
    super(body.detail || _("The server did not answer as expected. Try again."));
    this.status = status;
    /** @type {string} */
    this.code = body.code ?? "";
    /** @type {string} */
    this.field = body.field ?? "";
    this.body = body;
  }

  /** The same question may be answered in a moment. */
  get isPassing() {
    return this.status === 0 || this.status >= 500 || this.status === 429;
  }
}

const PATIENCE_MS = 30_000; // a connection that says nothing must not hold a button for ever

/** Signed out elsewhere, or the sign-in has ended: the page says so and keeps what was written. */
export const signedOut = signal(false);

/** Somebody else signed in with this browser, in a sentence: what stands here is not theirs. */
export const anotherUser = signal("");

let token = "";
let reader = "";

/** @param {string} fresh the CSRF token that `/desk/` tells */
export function useToken(fresh) {
  token = fresh;
}

/**
 * For whom this page asks: whoever signs in meanwhile gets nothing of theirs, and saves nothing.
 * @param {string} user
 */
export function askFor(user) {
  reader = user;
}

/**
 * @param {string} path below /desk/
 * @param {Record<string, string | number | undefined | null>} [query] empty values are left out
 * @param {AbortSignal} [abort]
 * @returns {Promise<any>}
 */
export function get(path, query = {}, abort) {
  const said = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const search = new URLSearchParams(said.map(([name, value]) => [name, String(value)]));
  return ask("GET", said.length ? `${path}?${search}` : path, undefined, abort);
}

/**
 * @param {string} path
 * @param {object} [body]
 * @param {AbortSignal} [abort]
 * @returns {Promise<any>}
 */
export function post(path, body = {}, abort) {
  return ask("POST", path, body, abort);
}

/**
 * @param {string} path
 * @param {object} body
 * @param {AbortSignal} [abort]
 * @returns {Promise<any>}
 */
export function put(path, body, abort) {
  return ask("PUT", path, body, abort);
}

/**
 * On its way even while the page goes: nobody waits for the answer.
 * @param {string} path
 * @param {object} body
 */
export function tell(path, body) {
  void leave("POST", path, body);
}

/**
 * As `tell`, with any method. What is too long for it, 64 kB in browsers, does not arrive.
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 */
export async function leave(method, path, body) {
  await fetch(`/desk/${path}`, { ...optionsOf(method, body), keepalive: true }).catch(() => undefined);
}

/**
 * The last one that was asked under a name is the only one that answers: an older one is cancelled,
 * and its promise never settles.
 */
export function latest() {
  let controller = new AbortController();
  /**
   * @template T
   * @param {(abort: AbortSignal) => Promise<T>} asked
   * @returns {Promise<T>}
   */
  return (asked) => {
    controller.abort();
    const mine = (controller = new AbortController());
    return new Promise((resolve, reject) => {
      asked(mine.signal).then(
        (answer) => mine.signal.aborted || resolve(answer),
        (problem) => mine.signal.aborted || reject(problem),
      );
    });
  };
}

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @param {AbortSignal} [abort]
 * @returns {Promise<any>}
 */
async function ask(method, path, body, abort, again = true) {
  const { response, answer } = await fetched(method, path, body, abort);
  if (response.status === 403 && again && method !== "GET" && !isJson(response)) {
    await renewToken(); // another tab has signed in anew
    return ask(method, path, body, abort, false);
  }
  return answerOf(response, answer);
}

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @param {AbortSignal} [abort]
 * @returns {Promise<{ response: Response, answer: any }>} answer: null when it is no JSON
 */
async function fetched(method, path, body, abort) {
  const ending = new AbortController();
  const end = () => ending.abort();
  const timer = setTimeout(end, PATIENCE_MS);
  abort?.addEventListener("abort", end);
  if (abort?.aborted) end();
  try {
    const response = await fetch(`/desk/${path}`, { ...optionsOf(method, body), signal: ending.signal });
    return { response, answer: isJson(response) ? await response.json() : null };
  } catch (failure) {
    if (abort?.aborted) throw failure;
    throw new Problem(0, { code: "offline", detail: _("No connection to the server. Try again.") });
  } finally {
    clearTimeout(timer);
    abort?.removeEventListener("abort", end);
  }
}

/**
 * @param {string} method
 * @param {object} [body]
 * @returns {RequestInit}
 */
function optionsOf(method, body) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = token;
  if (reader) headers["X-Reader"] = reader;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return { method, headers, body: body === undefined ? null : JSON.stringify(body) };
}

/**
 * @param {Response} response
 * @param {any} answer
 */
function answerOf(response, answer) {
  if (response.ok && (answer || response.status === 204)) {
    signedOut.value = false;
    anotherUser.value = "";
    return answer;
  }
  throw problemOf(response.ok ? 502 : response.status, answer); // 502: a page of a proxy
}

/**
 * What was refused, and what that says of the sign-in.
 * @param {number} status
 * @param {any} answer null when it is no JSON
 */
export function problemOf(status, answer) {
  const problem = new Problem(status, answer ?? {});
  if (status === 401) {
    anotherUser.value = problem.code === "another-user" ? problem.message : "";
    signedOut.value = true;
  }
  return problem;
}

/** @param {Response} response */
function isJson(response) {
  return (response.headers.get("Content-Type") ?? "").includes("json");
}

async function renewToken() {
  useToken((await ask("GET", "")).csrf);
}

/** What an upload says of itself: its body is no JSON. @returns {Record<string, string>} */
export function uploadHeaders() {
  return { Accept: "application/json", "X-CSRFToken": token, "X-Reader": reader };
}
