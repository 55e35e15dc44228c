// A dialog takes the focus and all keys, and gives both back.

import { html, useId, useLayoutEffect, useRef } from "../lib/html.js";
import { modal } from "../lib/keys.js";
import { _ } from "../lib/words.js";
import { Icon } from "./icon.js";

/**
 * @param {object} props
 * @param {string} props.title
 * @param {() => void} props.onClose
 * @param {string} [props.class]
 * @param {boolean} [props.bare] no heading of its own: the title is read aloud only
 * @param {import("../lib/html.js").Children} [props.children]
 * @param {import("../lib/html.js").Children} [props.footer]
 */
export function Dialog({ title, onClose, class: extra = "", bare = false, children, footer }) {
  const place = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const name = useId();
  useLayoutEffect(() => {
    const before = document.activeElement;
    place.current?.showModal();
    modal.value += 1;
    const first = place.current?.querySelector("[data-first]");
    if (first instanceof HTMLElement) first.focus();
    return () => {
      modal.value -= 1;
      place.current?.close(); // gives the focus back
      leadBack(before);
    };
  }, []);
  const pressed = useRef(false); // words that are marked beyond the edge close nothing
  const isBeside = (/** @type {Event} */ event) => event.target === place.current;
  return html`<dialog
    ref=${place}
    class=${`dialog ${extra}`}
    aria-labelledby=${bare ? undefined : name}
    aria-label=${bare ? title : undefined}
    onCancel=${(/** @type {Event} */ event) => (event.preventDefault(), onClose())}
    onPointerDown=${(/** @type {Event} */ event) => (pressed.current = isBeside(event))}
    onClick=${(/** @type {Event} */ event) => pressed.current && isBeside(event) && onClose()}
  >
    ${!bare &&
    html`<header>
      <h2 id=${name}>${title}</h2>
      <span class="spacer"></span>
      <button class="btn btn--icon btn--sm" type="button" aria-label=${_("Close")} onClick=${onClose}>
        <${Icon} name="x" />
      </button>
    </header>`}
    ${children} ${footer && html`<footer>${footer}</footer>`}
  </dialog>`;
}

/** Out of a menu that has closed meanwhile, to its button. @param {Element | null} before */
function leadBack(before) {
  const menu = before?.closest("details");
  if (menu && !before?.checkVisibility()) menu.querySelector("summary")?.focus();
}
