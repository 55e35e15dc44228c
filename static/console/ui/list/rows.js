// As many rows in the page as can be seen, however many there are.

import { html, signal, useEffect, useLayoutEffect, useRef, useSignal } from "../../lib/html.js";
import { go, route } from "../../lib/route.js";
import { _ } from "../../lib/words.js";
import { openDraft } from "../../store/drafts.js";
import { clearGone, currentIndex, hand, isDrafts, list, loadMore } from "../../store/list.js";
import { Icon } from "../icon.js";
import { NoRows } from "./no-rows.js";
import { focusOn } from "../places.js";
import { DraftEntry, SessionRow, SkeletonRow } from "./row.js";

/** @typedef {import("../../store/shapes.js").Row} Row */
/** @typedef {import("../../store/shapes.js").DraftRow} DraftRow */
/** @typedef {import("../../lib/html.js").Signal<{ row: number, height: number }>} Size */

const SPARE = 6; // rows above and below what is seen
const EARLY = 15; // rows before the end that bring the next ones
const SKELETONS = 14;

/** The first row in sight, and how many are. */
export const inSight = signal({ from: 0, seen: 1 });

/** The row under the keys. */
const focused = signal("");

export function Rows() {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const size = /** @type {Size} */ (useSignal({ row: 54, height: 900 }));
  const { rows, drafts, loading, problem, again, next, key } = list.value;
  const entries = isDrafts.value ? drafts : rows;
  const { row, height } = size.value;
  const { from } = inSight.value;
  const last = Math.min(entries.length, from + Math.ceil(height / row) + 1 + SPARE);

  useLayoutEffect(() => watchSize(/** @type {HTMLElement} */ (box.current), size), []);
  useLayoutEffect(scrollToTop, [key]);
  useLayoutEffect(() => tellSight(box.current, size.peek()), [height, row, entries.length, key]);
  useEffect(() => void (last > entries.length - EARLY && loadMore()), [last, entries.length, next]);
  useEffect(() => showCurrent(box.current, row), [route.value.session]);

  return html`<div
    class="scroll rows"
    data-rows
    ref=${box}
    onScroll=${() => tellSight(box.current, size.peek())}
    onPointerEnter=${(/** @type {PointerEvent} */ event) => event.pointerType === "mouse" && touch({ over: true })}
    onPointerLeave=${() => touch({ over: false })}
    onFocusIn=${cameIn}
    onFocusOut=${wentOut}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => walk(event, Math.max(1, Math.floor(height / row) - 1), row)}
  >
    <div class="row-probe" aria-hidden="true"></div>
    ${entries.length > 0 && html`<${Shown} entries=${entries} first=${Math.max(0, from - SPARE)} last=${last} height=${row} />`}
    ${loading && html`<${Coming} />`}
    ${problem && html`<${Failure} words=${problem} again=${again} />`}
    ${!loading && !problem && !entries.length && html`<${NoRows} />`}
  </div>`;
}

/** @param {{ entries: (Row | DraftRow)[], first: number, last: number, height: number }} props */
function Shown({ entries, first, last, height }) {
  const { next, total, gone, problem } = list.value;
  const current = currentIndex.value;
  const under = focused.value ? entries.findIndex((entry) => entry.id === focused.value) : -1;
  const tabbed = under >= 0 ? under : current >= 0 ? current : first;
  const places = new Set([...Array(Math.max(0, last - first)).keys()].map((n) => first + n));
  for (const kept of [under, current]) if (kept >= 0) places.add(kept); // what has the focus stays in the page
  const coming = next && !problem ? [0, 1] : [];
  return html`<ol aria-label=${inWords()} style=${{ blockSize: `${(entries.length + coming.length) * height}px` }}>
    ${[...places].sort(byNumber).map((at) => {
      const entry = /** @type {any} */ (entries[at]);
      const setSize = next ? (total ?? -1) : entries.length;
      return html`<li key=${entry.id} data-at=${at} aria-posinset=${at + 1} aria-setsize=${setSize} style=${{ insetBlockStart: `${at * height}px` }}>
        ${isDrafts.value
          ? html`<${DraftEntry} draft=${entry} tab=${at === tabbed} onOpen=${openDraftRow} />`
          : html`<${SessionRow} row=${entry} gone=${gone.has(entry.id)} tab=${at === tabbed} onOpen=${openRow} />`}
      </li>`;
    })}
    ${coming.map(
      (n) => html`<li key=${`coming-${n}`} aria-hidden="true" style=${{ insetBlockStart: `${(entries.length + n) * height}px` }}><${SkeletonRow} n=${n} /></li>`,
    )}
  </ol>`;
}

function inWords() {
  if (isDrafts.value) return _("Drafts");
  const words = { oldest: _("Sessions, oldest first"), waiting: _("Sessions, longest waiting first") };
  return words[/** @type {"oldest"} */ (route.value.sort)] ?? _("Sessions, newest first");
}

function Coming() {
  return html`<div role="status" aria-label=${_("The list is on its way")}>
    ${[...Array(SKELETONS).keys()].map((n) => html`<${SkeletonRow} key=${n} n=${n} />`)}
  </div>`;
}

/** @param {{ words: string, again: () => unknown }} props */
function Failure({ words, again }) {
  return html`<div class="notice notice--danger" role="alert">
    <${Icon} name="alert" /><span>${words}</span>
    <span class="actions"><button class="btn btn--sm btn--link" type="button" onClick=${() => again()}>${_("Try again")}</button></span>
  </div>`;
}

// ---- what is seen -------------------------------------------------------------------------------

export function scrollToTop() {
  boxOf()?.scrollTo({ top: 0 });
  touch({ top: true });
  inSight.value = { ...inSight.peek(), from: 0 };
}

/**
 * A row is as high as the style says, which fingers and larger letters change.
 * @param {HTMLElement} box
 * @param {Size} size
 */
function watchSize(box, size) {
  const probe = /** @type {HTMLElement} */ (box.querySelector(".row-probe"));
  const read = () => {
    const [row, height] = [probe.getBoundingClientRect().height, box.clientHeight];
    const known = size.peek();
    if (row && height && (row !== known.row || height !== known.height)) size.value = { row, height };
  };
  const observer = new ResizeObserver(read);
  observer.observe(box);
  observer.observe(probe);
  read();
  return () => observer.disconnect();
}

/**
 * @param {HTMLElement | null} box
 * @param {{ row: number, height: number }} size
 */
function tellSight(box, { row, height }) {
  const top = box?.scrollTop ?? 0;
  const from = Math.floor(top / row);
  const seen = Math.max(1, Math.floor((top + height) / row) - from);
  const known = inSight.peek();
  if (from !== known.from || seen !== known.seen) inSight.value = { from, seen };
  touch({ top: top < 4 });
}

/** @param {Partial<typeof hand.value>} change */
function touch(change) {
  const next = { ...hand.peek(), ...change };
  if (JSON.stringify(next) !== JSON.stringify(hand.peek())) hand.value = next;
}

/**
 * The open conversation stays in view; rows that are done go once it is another.
 * @param {HTMLElement | null} box
 * @param {number} row
 */
function showCurrent(box, row) {
  const above = clearGone();
  if (box && above) box.scrollTop -= above * row;
  if (currentIndex.peek() >= 0) keepInView(currentIndex.peek(), row);
}

/**
 * @param {number} at
 * @param {number} row
 */
function keepInView(at, row) {
  const box = boxOf();
  if (!box?.clientHeight) return;
  const [top, bottom] = [at * row, (at + 1) * row];
  if (top < box.scrollTop) box.scrollTop = top;
  else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
}

// ---- focus and keys -----------------------------------------------------------------------------

/** A click is no visible focus: it does not hold the rows. @param {FocusEvent} event */
function cameIn(event) {
  const place = /** @type {HTMLElement} */ (event.target);
  touch({ focus: place.matches(":focus-visible") });
  focused.value = idOf(place);
}

/** @param {FocusEvent} event */
function wentOut(event) {
  if (event.relatedTarget instanceof Node && boxOf()?.contains(event.relatedTarget)) return;
  touch({ focus: false });
  focused.value = "";
}

/**
 * @param {KeyboardEvent} event
 * @param {number} page rows
 * @param {number} row
 */
function walk(event, page, row) {
  const from = Number(event.target instanceof Element ? (event.target.closest("[data-at]")?.getAttribute("data-at") ?? -1) : -1);
  if (from < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  const last = (isDrafts.peek() ? list.peek().drafts : list.peek().rows).length - 1;
  const to = {
    ArrowDown: from + 1,
    ArrowUp: from - 1,
    PageDown: from + page,
    PageUp: from - page,
    Home: 0,
    End: last,
  }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  focusRow(Math.max(0, Math.min(last, to)), row);
}

/**
 * @param {number} at
 * @param {number} [row] its height, if known
 */
export function focusRow(at, row = document.querySelector(".row-probe")?.getBoundingClientRect().height ?? 54) {
  const { rows, drafts } = list.peek();
  const entry = (isDrafts.peek() ? drafts : rows)[at];
  if (!entry) return;
  focused.value = entry.id;
  keepInView(at, row);
  requestAnimationFrame(() => focusOn(`[data-rows] [data-at="${at}"] .row`));
}

/** @param {HTMLElement} place */
function idOf(place) {
  return place.dataset["session"] ?? place.dataset["draft"] ?? "";
}

function boxOf() {
  return /** @type {HTMLElement | null} */ (document.querySelector("[data-rows]"));
}

/**
 * @param {number} one
 * @param {number} other
 */
function byNumber(one, other) {
  return one - other;
}

// ---- opening ------------------------------------------------------------------------------------

/** @param {{ id: string }} row */
export function openRow({ id }) {
  const isOpen = Boolean(route.peek().session);
  go({ session: id, draft: "" }, { replace: isOpen });
}

/** @param {DraftRow} draft */
function openDraftRow(draft) {
  void openDraft(draft.id);
}
