// From which address a mail leaves; of a new one, too, to which queue it belongs and who gets answers.

import { get } from "../../lib/api.js";
import { html, useSignal, useSignalEffect } from "../../lib/html.js";
import { _, fill } from "../../lib/words.js";

/** @typedef {import("../../store/writing.js").Writing} Writing */
/** @typedef {{ queues: { id: string, name: string, path: string }[], agents: { id: string, name: string, state: { word: string } | null, load: number | null }[] }} Choices */

/** @param {{ writing: Writing }} props */
export function From({ writing }) {
  const mailboxes = writing.facts.value?.mailboxes ?? [];
  const { mailbox } = writing.fields.value;
  const now = mailboxes.find(({ id }) => id === mailbox) ?? mailboxes[0];
  if (!now) return null;
  if (mailboxes.length === 1) {
    return html`<span class="from-line wide truncate" title=${now.address}>${_("from")} <b dir="auto">${now.name || now.address}</b></span>`;
  }
  return html`<label class="from-line"><span class="wide">${_("from")}</span> <span class="sr-only">${_("From address")}</span>
    <select class="input input--sm" data-test="mailbox" onChange=${(/** @type {Event} */ event) => writing.set({ mailbox: /** @type {HTMLSelectElement} */ (event.target).value })}>
      ${mailboxes.map(({ id, name, address }) => html`<option key=${id} value=${id} selected=${id === now.id}>${name ? `${name} <${address}>` : address}</option>`)}
    </select></label>`;
}

/** @param {{ writing: Writing }} props */
export function Place({ writing }) {
  const choices = useSignal(/** @type {Choices} */ ({ queues: [], agents: [] }));
  const wanted = useSignal("");
  useSignalEffect(() => {
    const queue = writing.fields.value.queue ?? "";
    wanted.value = queue;
    get("choices/", { queue }).then(
      (answer) => wanted.peek() === queue && (choices.value = answer),
      () => undefined,
    );
  });
  const { queue, agent } = writing.fields.value;
  const { queues, agents } = choices.value;
  const isWrong = writing.problem.value.field === "queue";
  const chosen = (/** @type {Event} */ event) => /** @type {HTMLSelectElement} */ (event.target).value || null;
  return html`<div class="whence">
    <label><span class="k">${_("Queue")}</span>
      <select class="input input--sm" data-test="queue" aria-invalid=${isWrong || undefined} onChange=${(/** @type {Event} */ event) => writing.set({ queue: chosen(event), agent: null, mailbox: null })}>
        ${!queue && html`<option value="" selected>${_("Choose a queue")}</option>`}
        ${queues.map(({ id, name }) => html`<option key=${id} value=${id} selected=${id === queue}>${name}</option>`)}
      </select></label>
    <label><span class="k">${_("Answers go to")}</span>
      <select class="input input--sm" data-test="agent" onChange=${(/** @type {Event} */ event) => writing.set({ agent: chosen(event) })}>
        <option value="" selected=${!agent}>${_("Nobody yet")}</option>
        ${agents.map(({ id, name, state, load }) => html`<option key=${id} value=${id} selected=${id === agent}>${state ? fill(_("{name} ({state}, {n} open)"), { name, state: state.word, n: load ?? 0 }) : name}</option>`)}
      </select></label>
  </div>`;
}
