// One's own state: which it is, since when and by whom, and the way to choose another.

import { html } from "../../lib/html.js";
import { say } from "../../lib/toasts.js";
import { _, age, clock, fill, fullTime } from "../../lib/words.js";
import { chooseState, ownState } from "../../store/desk.js";
import { now } from "../clock.js";
import { Icon } from "../icon.js";
import { Menu } from "../menu.js";

/** @typedef {import("../../store/shapes.js").OwnState} OwnState */
/** @typedef {import("../../store/shapes.js").Offer} Offer */

export function StatePicker() {
  const state = ownState.value;
  if (!state) return null;
  return html`<${Menu}
      class="state-picker"
      test="state-picker"
      data=${{ "data-version": state.version }}
      buttonClass=${state.effective.css}
      title=${fill(_("Your state: {state}"), { state: inWords(state) })}
      label=${_("States")}
      button=${html`<${Current} state=${state} />`}
    >
      ${state.offers.map((offer) => html`<li key=${offer.state}><${Choice} offer=${offer} /></li>`)}
      <li class="sep" aria-hidden="true"></li>
      <li class="head">${_("In-Call and In-Chat come from the call and chat systems and end with them.")}</li>
    <//>
    <${Told} state=${state} class="rail-hidden" test="state-told" />`;
}

/** @param {{ state: OwnState }} props */
function Current({ state }) {
  return html`<span class="glyph"><${Icon} name=${state.effective.glyph} /></span>
    <span class="now">
      <span class="sr-only">${_("Your state:")} </span>
      <b data-test="state-current" data-state=${state.effective.state}><bdi>${state.effective.word}</bdi></b>
      ${state.then &&
      html`<span class="then" data-test="state-then">${fill(_(", then {state}"), { state: state.then.word })}</span>`}
      <small>
        <time datetime=${state.since} title=${fullTime(state.since)}>${age(state.since, now.value)}</time>
        ${state.by_self && !state.then && state.chosen_at && fill(_(" · set by you, {time}"), { time: clock(state.chosen_at) })}
      </small>
    </span>
    <span class="spacer"></span><${Icon} name="down" />`;
}

/** @param {{ offer: Offer }} props */
function Choice({ offer }) {
  const refused = offer.reason !== null;
  return html`<button
    class="menu-item"
    type="button"
    value=${offer.state}
    data-test="state-choice"
    aria-disabled=${refused ? "true" : undefined}
    aria-current=${offer.chosen ? "true" : undefined}
    onClick=${() => refused || choose(offer.state)}
  >
    <span class=${`state-icon ${refused ? "" : offer.css}`}><${Icon} name=${offer.glyph} /></span>
    <span>
      <bdi>${offer.word}</bdi>
      ${(offer.reason ?? offer.note) && html`<small>${offer.reason ?? offer.note}</small>`}
    </span>
    ${offer.chosen && html`<span class="spacer"></span><${Icon} name="check" />`}
  </button>`;
}

/**
 * Who or what set it, if it was not the agent.
 * @param {{ state: OwnState, class?: string, test?: string }} props
 */
export function Told({ state, class: extra = "", test }) {
  if (!state.told) return null;
  return html`<p class=${`state-told ${state.moved ? "state-told--moved" : ""} ${extra}`} data-test=${test}>
    <${Icon} name=${state.moved ? "alert" : "users"} /><span dir="auto">${state.told}</span>
  </p>`;
}

/** Signed in, and Offline: the page asks for a state, and gives none by itself. */
export function AskedStrip() {
  const state = ownState.value;
  if (!state?.asked) return null;
  const refused = state.offers.filter((offer) => offer.reason);
  const possible = state.offers.filter((offer) => !offer.reason && offer.state !== "Offline");
  return html`<div class="notice notice--info ask" role="status" data-test="state-ask">
    <${Icon} name="state-offline" />
    <span>
      ${state.asked}
      ${refused.map((offer) => html` <small key=${offer.state}>${offer.word}: ${offer.reason}</small>`)}
    </span>
    <span class="choices">
      ${possible.map(
        (offer) =>
          html`<button class="btn btn--line btn--sm" type="button" key=${offer.state} value=${offer.state} data-test="state-first" onClick=${() => choose(offer.state)}>
            <span class=${`state-icon ${offer.css}`}><${Icon} name=${offer.glyph} /></span><bdi>${offer.word}</bdi>
          </button>`,
      )}
    </span>
  </div>`;
}

/** On a phone: in the head of the list. */
export function StateChip({ onClick = () => {} }) {
  const state = ownState.value;
  if (!state) return null;
  const title = fill(_("Your state: {state}"), { state: inWords(state) });
  return html`<button class=${`state state-chip phone-only ${state.effective.css}`} type="button" title=${title} aria-label=${title} data-piece="state-chip" onClick=${onClick}>
    <${Icon} name=${state.effective.glyph} /><span class="truncate"><bdi>${state.effective.word}</bdi></span>
  </button>`;
}

/** @param {OwnState} state */
function inWords(state) {
  const { effective, then } = state;
  return then ? fill(_("{state}, then {next}"), { state: effective.word, next: then.word }) : effective.word;
}

/** @param {string} state */
function choose(state) {
  chooseState(state).catch((problem) => say(problem.message));
}
