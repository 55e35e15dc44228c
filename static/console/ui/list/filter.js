// What the list leaves out: words that are searched for, a status, a span of days, and the order.

import { html, signal, useEffect, useRef, useSignal } from "../../lib/html.js";
import { recall, remember } from "../../lib/memory.js";
import { anotherList, choiceOf, go, route } from "../../lib/route.js";
import { _, day, fill } from "../../lib/words.js";
import { list } from "../../store/list.js";
import { Icon } from "../icon.js";
import { Menu } from "../menu.js";
import { searchOpen } from "../places.js";
import { focusRow } from "./rows.js";

const TYPING_MS = 300;
const KEEP = "console-filters";

/** Status and days above the list; a phone has no button for it, and shows them always. */
const toolsOpen = signal(recall(KEEP) !== "hidden");

function isFiltered() {
  const { q, status, since, until, view } = route.value;
  const usual = q ? "any" : "open";
  return Boolean(since || until) || (status !== usual && view !== "closed");
}

export function FilterButton() {
  const words = toolsOpen.value ? _("Hide the filters") : _("Filters");
  const toggle = () => {
    toolsOpen.value = !toolsOpen.value;
    remember(KEEP, toolsOpen.value ? "shown" : "hidden");
  };
  return html`<button
    class=${`btn btn--icon btn--sm filter-button ${isFiltered() ? "is-filtered" : ""}`}
    type="button"
    aria-label=${words}
    title=${words}
    aria-expanded=${String(toolsOpen.value)}
    onClick=${toggle}
  >
    <${Icon} name="filter" />
  </button>`;
}

// ---- order ------------------------------------------------------------------------------------

export function SortMenu() {
  const words = sortWords();
  const chosen = words[route.value.sort] ?? words["newest"];
  return html`<${Menu}
    class="sort"
    buttonClass="btn btn--sm"
    title=${_("Order of the list")}
    label=${_("Order of the list")}
    button=${html`<${Icon} name="sort" /><span class="sr-only">${_("Order:")} </span><span class="wide">${chosen}</span>`}
  >
    ${Object.entries(words).map(
      ([sort, title]) => html`<li key=${sort}>
        <button class="menu-item" type="button" aria-current=${route.value.sort === sort ? "true" : undefined} onClick=${() => go({ sort })}>
          <span>${title}</span>${route.value.sort === sort && html`<span class="spacer"></span><${Icon} name="check" />`}
        </button>
      </li>`,
    )}
  <//>`;
}

/** @returns {Record<string, string>} */
function sortWords() {
  return { newest: _("Newest"), oldest: _("Oldest"), waiting: _("Longest waiting") };
}

// ---- status and days ------------------------------------------------------------------------------

export function ListTools() {
  const { status, view } = route.value;
  return html`<div class=${`list-tools ${toolsOpen.value ? "" : "is-closed"}`} role="group" aria-label=${_("Filters")}>
    ${view !== "closed" &&
    statuses().map(
      ([name, title]) => html`<button class="chip" type="button" key=${name} aria-pressed=${String(status === name)} onClick=${() => go({ status: name })}>
        ${title}
      </button>`,
    )}
    <span class="spacer"></span>
    <${Days} />
  </div>`;
}

/** @returns {[string, string][]} */
function statuses() {
  return [
    ["open", _("Open")],
    ["paused", _("Paused")],
    ["resolved", _("Resolved")],
    ["closed", _("Closed")],
    ["any", _("All")],
  ];
}

function Days() {
  const { since, until } = route.value;
  const isSet = Boolean(since || until);
  const title = isSet ? spanWords(since, until) : _("Any day");
  return html`<${Menu}
    class=${`days ${isSet ? "is-set" : ""}`}
    buttonClass=${`chip ${isSet ? "chip--on" : ""}`}
    title=${title}
    label=${_("Days")}
    button=${html`<${Icon} name="clock" class="i--sm" /><span class=${isSet ? "truncate" : "sr-only"}>${title}</span>`}
  >
    ${spans().map(([words, from]) => html`<li key=${words}>
      <button class="menu-item" type="button" aria-current=${!until && since === from ? "true" : undefined} onClick=${() => go({ since: from, until: "" })}>
        <span>${words}</span>${!until && since === from && html`<span class="spacer"></span><${Icon} name="check" />`}
      </button>
    </li>`)}
    <li class="sep" aria-hidden="true"></li>
    <li class="days-own"><${DayField} label=${_("From")} name="since" value=${since} /><${DayField} label=${_("To")} name="until" value=${until} /></li>
  <//>`;
}

/** @param {{ label: string, name: "since" | "until", value: string }} props */
function DayField({ label, name, value }) {
  return html`<label class="field">
    <span class="label">${label}</span>
    <input class="input" type="date" value=${value} onChange=${(/** @type {Event} */ event) => go({ [name]: /** @type {HTMLInputElement} */ (event.currentTarget).value })} />
  </label>`;
}

/** @returns {[string, string][]} */
function spans() {
  return [
    [_("Any day"), ""],
    [_("Today"), daysAgo(0)],
    [_("Last 7 days"), daysAgo(6)],
    [_("Last 30 days"), daysAgo(29)],
  ];
}

/** @param {number} n */
function daysAgo(n) {
  const then = new Date();
  then.setDate(then.getDate() - n);
  return [then.getFullYear(), then.getMonth() + 1, then.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

/**
 * @param {string} since
 * @param {string} until
 */
function spanWords(since, until) {
  const known = !until && spans().find(([, from]) => from === since);
  if (known) return known[0];
  const [from, to] = [since, until].map((date) => (date ? day(`${date}T12:00:00`) : ""));
  if (!to) return fill(_("From {day}"), { day: from ?? "" });
  return from ? fill(_("{from} to {to}"), { from, to }) : fill(_("Until {day}"), { day: to });
}

// ---- words ------------------------------------------------------------------------------------------

/** @type {Record<string, string> | null} */
let before = null; // the list that the search began in

export function SearchBox() {
  const { q } = route.value;
  const text = useSignal(q);
  const wanted = useRef(q); // by this hand: what it types on stays
  const find = (/** @type {string} */ words) => {
    wanted.current = words.trim();
    search(words);
  };
  useEffect(() => {
    if (q === wanted.current) return;
    wanted.current = q;
    text.value = q;
  }, [q]);
  useEffect(() => {
    if (text.value.trim() === q) return undefined;
    const typed = setTimeout(() => find(text.peek()), TYPING_MS);
    return () => clearTimeout(typed);
  }, [text.value]);
  const clear = () => {
    text.value = "";
    find("");
  };
  return html`<search class=${`list-search ${searchOpen.value || q ? "is-open" : ""}`}>
    <label class="search">
      <${Icon} name="search" />
      <span class="sr-only">${_("Search all sessions")}</span>
      <input
        id="search"
        type="text"
        inputmode="search"
        enterkeyhint="search"
        autocomplete="off"
        placeholder=${_("Search sender, subject, id, words")}
        value=${text.value}
        onInput=${(/** @type {Event} */ event) => (text.value = /** @type {HTMLInputElement} */ (event.currentTarget).value)}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => searchKeys(event, () => find(text.peek()), clear)}
      />
      ${text.value
        ? html`<button class="btn btn--icon btn--sm" type="button" aria-label=${_("Clear the search")} onClick=${clear}><${Icon} name="x" /></button>`
        : html`<kbd class="wide" aria-hidden="true">/</kbd>`}
    </label>
  </search>`;
}

/**
 * @param {KeyboardEvent} event
 * @param {() => void} find
 * @param {() => void} clear
 */
function searchKeys(event, find, clear) {
  if (event.isComposing) return;
  if (event.key === "Enter") find();
  if (event.key === "Enter" || event.key === "ArrowDown") {
    event.preventDefault();
    if (list.peek().rows.length) focusRow(0);
  }
  if (event.key === "Escape") {
    event.preventDefault();
    clear();
    searchOpen.value = false;
    focusRow(0);
  }
}

/** Over all that one may see, whatever its status; without words, back to where it began. @param {string} text */
function search(text) {
  const q = text.trim();
  const now = route.peek();
  if (q === now.q) return;
  if (q && !now.q) before = choiceOf(now);
  if (q) go(now.q ? { q } : anotherList({ view: "all", status: "any", q }), { replace: Boolean(now.q) });
  else go(anotherList(before ?? {}));
}
