// A button with more things to do behind it: arrows walk them, Escape, Tab and a press elsewhere close.

import { html, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { Icon } from "./icon.js";

/**
 * @typedef {object} Entry
 * @property {string} test
 * @property {string} icon
 * @property {string} title
 * @property {string} [keys]
 * @property {boolean} [checked] a switch; else something that is done
 * @property {() => void} run
 */

/**
 * @param {object} props
 * @param {Entry[]} props.entries a switch stands apart from what is done
 * @param {string} props.label
 * @param {string} props.icon
 * @param {string} props.test
 * @param {string} [props.class]
 * @param {string} [props.buttonClass]
 */
export function ActionMenu({ entries, label, icon, test, class: look = "more", buttonClass = "" }) {
  const [open, setOpen] = useState(false);
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => {
    if (!open) return undefined;
    itemsOf(place.current)[0]?.focus();
    const elsewhere = (/** @type {Event} */ event) => place.current?.contains(/** @type {Node} */ (event.target)) || setOpen(false);
    addEventListener("pointerdown", elsewhere, true);
    return () => removeEventListener("pointerdown", elsewhere, true);
  }, [open]);
  const close = () => {
    setOpen(false);
    place.current?.querySelector("button")?.focus();
  };
  const pick = (/** @type {Entry} */ { checked, run }) => {
    if (checked === undefined) close();
    run();
  };
  return html`<span class=${look} ref=${place} onKeyDown=${(/** @type {KeyboardEvent} */ event) => walk(event, itemsOf(place.current), close)}>
    <button type="button" class=${`btn btn--icon ${buttonClass}`} aria-haspopup="menu" aria-expanded=${open} aria-label=${label} title=${label} data-test=${test} onClick=${() => setOpen(!open)}><${Icon} name=${icon} /></button>
    ${open && html`<ul class="menu" role="menu" aria-label=${label}>${entries.map((entry) => html`<${Choice} key=${entry.test} entry=${entry} pick=${() => pick(entry)} />`)}</ul>`}
  </span>`;
}

/** @param {{ entry: Entry, pick: () => void }} props */
function Choice({ entry: { test, icon, title, keys, checked }, pick }) {
  const isSwitch = checked !== undefined;
  return html`${isSwitch && html`<li class="sep" role="separator"></li>`}
    <li role="none"><button type="button" role=${isSwitch ? "menuitemcheckbox" : "menuitem"} aria-checked=${checked} tabindex="-1" data-test=${test} onClick=${pick}><${Icon} name=${icon} />${title}${keys && html`<span class="spacer"></span><kbd aria-hidden="true">${keys}</kbd>`}</button></li>`;
}

/** @param {HTMLElement | null} menu */
function itemsOf(menu) {
  return /** @type {HTMLElement[]} */ ([...(menu?.querySelectorAll("[role^=menuitem]") ?? [])]);
}

/**
 * @param {KeyboardEvent} event
 * @param {HTMLElement[]} items
 * @param {() => void} close
 */
function walk(event, items, close) {
  if (!items.length) return; // it is closed
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (to !== undefined) items.at(to % items.length)?.focus();
  else if (event.key === "Escape" || event.key === "Tab") close();
  else return;
  event.stopPropagation();
  if (event.key !== "Tab") event.preventDefault();
}
