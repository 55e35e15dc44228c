// Where one is, as the address says it: what the list shows, and what is open beside it.

import { signal } from "./html.js";

/**
 * @typedef {object} Route
 * @property {string} view mine, unassigned, all, drafts, closed; empty in a queue
 * @property {string} queue its id, or empty
 * @property {string} status
 * @property {string} sort
 * @property {string} since a date, or empty
 * @property {string} until
 * @property {string} q words that are searched for
 * @property {string} session the Session ID of the open conversation
 * @property {string} message of a mail link
 * @property {string} draft the open draft of a new mail
 */

const LIST = /** @type {const} */ (["view", "queue", "status", "sort", "since", "until", "q"]);
/** @type {Route} */
const NOWHERE = {
  view: "mine",
  queue: "",
  status: "open",
  sort: "newest",
  since: "",
  until: "",
  q: "",
  session: "",
  message: "",
  draft: "",
};

export const base = document.documentElement.dataset["base"] ?? "/";

export const route = signal(read(location));

addEventListener("popstate", () => (route.value = read(location)));

/**
 * @param {Partial<Route>} change
 * @param {{ replace?: boolean }} [how]
 */
export function go(change, { replace = false } = {}) {
  const next = { ...route.peek(), message: "", ...change };
  const address = addressOf(next);
  if (address === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  route.value = next;
}

/**
 * Another list: whatever was set apart in the old one is forgotten, the open conversation stays.
 * @param {Partial<Route>} change
 * @returns {Partial<Route>}
 */
export function anotherList(change) {
  const { session, message, draft } = route.peek();
  return { ...NOWHERE, view: change.queue ? "" : NOWHERE.view, session, message, draft, ...change };
}

/** @param {Route} to */
export function addressOf(to) {
  const query = new URLSearchParams();
  for (const name of LIST) {
    const usual = name === "view" && to.queue ? "" : NOWHERE[name];
    if (to[name] !== usual) query.set(name, to[name]);
  }
  if (to.message) query.set("message", to.message);
  const path = to.session ? `s/${to.session}/` : to.draft ? `d/${to.draft}/` : "";
  return `${base}${path}${query.size ? `?${query}` : ""}`;
}

/**
 * What the list is asked for.
 * @param {Route} of
 */
export function choiceOf(of) {
  return Object.fromEntries(LIST.map((name) => [name, of[name]]));
}

/**
 * @param {{ pathname: string, search: string }} address
 * @returns {Route}
 */
function read({ pathname, search }) {
  const query = new URLSearchParams(search);
  const [kind, id] = pathname.slice(base.length).split("/");
  const found = { ...NOWHERE, message: query.get("message") ?? "" };
  if (query.has("queue")) found.view = "";
  for (const name of LIST) found[name] = query.get(name) ?? found[name];
  if (kind === "s") found.session = id ?? "";
  if (kind === "d") found.draft = id ?? "";
  return found;
}
