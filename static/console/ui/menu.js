// A button that opens a few choices: arrows walk them, Escape leads back.

import { html, useEffect, useRef } from "../lib/html.js";

/**
 * @param {object} props
 * @param {import("../lib/html.js").Children} props.button what the closed menu shows
 * @param {string} [props.class]
 * @param {string} [props.buttonClass]
 * @param {string} [props.label] of the list of choices
 * @param {string} [props.title] of the button
 * @param {string} [props.test]
 * @param {Record<string, unknown>} [props.data]
 * @param {import("../lib/html.js").Children} [props.children] items of a list
 */
export function Menu({ button, class: extra = "", buttonClass = "btn", label, title, test, data = {}, children }) {
  const place = useRef(/** @type {HTMLDetailsElement | null} */ (null));
  useEffect(() => {
    /** @param {Event} event */
    const elsewhere = (event) => {
      const menu = place.current;
      if (menu?.open && event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
    };
    addEventListener("pointerdown", elsewhere);
    addEventListener("focusin", elsewhere);
    return () => {
      removeEventListener("pointerdown", elsewhere);
      removeEventListener("focusin", elsewhere);
    };
  }, []);
  return html`<details ref=${place} class=${`menu-button ${extra}`} data-test=${test} ...${data} onKeyDown=${walk} onClick=${closeAfter}>
    <summary class=${buttonClass} title=${title}>${button}</summary>
    <ul class="menu" aria-label=${label}>${children}</ul>
  </details>`;
}

/**
 * Opens it, with the first choice or the current one under the keys.
 * @param {string} selector
 */
export function openMenu(selector) {
  const menu = document.querySelector(selector);
  if (!(menu instanceof HTMLDetailsElement)) return;
  menu.open = true;
  const items = choicesOf(menu);
  (items.find((item) => item.getAttribute("aria-current") === "true") ?? items[0])?.focus();
}

/** @param {HTMLElement} menu */
function choicesOf(menu) {
  return /** @type {HTMLElement[]} */ ([...menu.querySelectorAll(".menu a[href], .menu button, .menu input")]);
}

/** @param {KeyboardEvent} event */
function walk(event) {
  const menu = /** @type {HTMLDetailsElement} */ (event.currentTarget);
  const summary = /** @type {HTMLElement} */ (menu.querySelector("summary"));
  if (event.key === "Escape" && menu.open) {
    event.preventDefault();
    event.stopPropagation();
    menu.open = false;
    summary.focus();
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || (event.target instanceof HTMLInputElement && event.target.type === "radio")) return;
  event.preventDefault();
  menu.open = true;
  const items = [summary, ...choicesOf(menu)];
  const at = items.indexOf(/** @type {HTMLElement} */ (event.target)) + step;
  items[Math.max(0, Math.min(items.length - 1, at))]?.focus();
}

/** @param {MouseEvent} event */
function closeAfter(event) {
  const menu = /** @type {HTMLDetailsElement} */ (event.currentTarget);
  const item = event.target instanceof Element ? event.target.closest(".menu a, .menu button") : null;
  if (!item || item.getAttribute("aria-disabled") === "true" || item.hasAttribute("data-stay")) return;
  menu.open = false;
  if (menu.contains(document.activeElement)) menu.querySelector("summary")?.focus();
}
