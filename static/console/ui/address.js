// People and addresses: where room is short the part before the @ is cut, never a domain's end.

import { html } from "../lib/html.js";
import { shortName } from "../store/addresses.js";

/** @typedef {import("../store/reading-shapes.js").Address} Address */

/** @param {{ email: string }} props */
export function Email({ email }) {
  const at = email.lastIndexOf("@");
  if (at < 0) return html`<bdi>${email}</bdi>`;
  return html`<bdi class="address-box">${email.slice(0, at)}</bdi><span class="address-domain"><bdi>${email.slice(at)}</bdi></span>`;
}

/**
 * Hidden from those who listen, unless its title says what nothing beside it does.
 * @param {{ person: { initials: string, tint: number } | null, size?: string, title?: string }} props
 */
export function Avatar({ person, size = "sm", title }) {
  const look = `avatar avatar--${person?.tint ?? "none"} ${size ? `avatar--${size}` : ""}`;
  return html`<span class=${look} title=${title} aria-hidden=${title ? undefined : "true"}>${person?.initials}</span>`;
}

/** @param {Address[]} addresses */
export function names(addresses) {
  return addresses.map(shortName).join(", ");
}
