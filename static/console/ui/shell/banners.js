// What concerns the whole page, said above it, or above the list; each with its way out.

import { anotherUser, signedOut } from "../../lib/api.js";
import { html } from "../../lib/html.js";
import { online } from "../../lib/live.js";
import { _ } from "../../lib/words.js";
import { desk, ownState } from "../../store/desk.js";
import { Icon } from "../icon.js";
import { AskedStrip, Told } from "./state-picker.js";

/** Above all panes. */
export function Strips() {
  if (anotherUser.value) return html`<div class="strips"><${SomebodyElse} /></div>`;
  return html`<div class="strips">
    ${signedOut.value && html`<${SignedOut} />`}
    ${ownState.value?.told && html`<div class="notice notice--info narrow-only" role="status"><${Told} state=${ownState.value} /></div>`}
    <${AskedStrip} />
  </div>`;
}

/** The page and all that was written stay; the sign-in is done beside it. */
function SignedOut() {
  return html`<div class="notice notice--danger" data-signed-out role="alert">
    <${Icon} name="lock" />
    <span><b>${_("You are signed out.")}</b> ${_("What you wrote is still here. Sign in in a new tab, then come back to this one.")}</span>
    <span class="actions"><a class="btn btn--sm btn--line" href="/accounts/login/" target="_blank" rel="noopener">${_("Sign in")}</a></span>
  </div>`;
}

/** Nothing of the first user is shown to the second; who comes back finds it as it was. */
function SomebodyElse() {
  return html`<div class="notice notice--danger" data-another-user role="alert">
    <${Icon} name="users" /><span><b dir="auto">${anotherUser.value}</b> ${_("What stood here is kept for whoever was signed in before. Load the page to go on.")}</span>
    <span class="actions"><button class="btn btn--sm btn--line" type="button" onClick=${() => location.reload()}>${_("Load again")}</button></span>
  </div>`;
}

/** Above the list. */
export function ListBanners() {
  const { channel, test_signatures: trial, may } = desk.value ?? {};
  return html`
    ${online.value === false &&
    !signedOut.value &&
    html`<div class="notice notice--danger" data-offline role="status">
      <${Icon} name="alert" /><span>${_("No connection: this page may be out of date. Trying again…")}</span>
    </div>`}
    ${trial &&
    html`<div class="notice notice--danger" role="note">
      <${Icon} name="shield-x" />
      <span>${_("Trial scanner: it knows only a test virus and calls real viruses clean. Open no file from strangers.")}</span>
    </div>`}
    ${channel &&
    !channel.enabled &&
    html`<div class="notice notice--warn" role="note" data-test="channel-off">
      <${Icon} name="alert" /><span>${_("The email channel is off: no mail comes in, and nothing can be answered.")}</span>
      ${may?.settings && html`<span class="actions"><a class="btn btn--sm btn--link" href=${may.settings}>${_("Settings")}</a></span>`}
    </div>`}
  `;
}
