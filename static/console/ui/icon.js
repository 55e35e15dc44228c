// Our own icons; the word stands beside them, or in the label of the button.

import { html } from "../lib/html.js";

/** @param {{ name: string, class?: string }} props */
export function Icon({ name, class: extra = "" }) {
  return html`<svg class=${`i ${extra}`} aria-hidden="true"><use href=${`#i-${name}`} /></svg>`;
}
