// Giving the conversation to another queue or to somebody: the dialogs behind T and A.

import { html, signal, useEffect, useState } from "../../lib/html.js";
import { get, Problem } from "../../lib/api.js";
import { _, ngettext } from "../../lib/words.js";
import { reading } from "../../store/reading.js";
import { perform } from "../../store/verbs.js";
import { Avatar } from "../address.js";
import { Chooser } from "../chooser.js";

/** Which of the two dialogs is open.
 * @type {import("../../lib/html.js").Signal<"" | "transfer" | "assign">} */
export const handingOn = signal("");

const close = () => (handingOn.value = "");

export function HandOn() {
  useEffect(() => close, [reading.value.id]); // another conversation is not handed on by mistake
  if (!handingOn.value) return null;
  return handingOn.value === "transfer" ? html`<${Transfer} />` : html`<${Assign} />`;
}

/** @typedef {{ queues: { id: string, name: string, path: string }[], agents: any[] }} Choices */

/** @returns {[Choices | null, string]} */
function useChoices() {
  const { id } = reading.value;
  const [choices, setChoices] = useState(/** @type {Choices | null} */ (null));
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let isWanted = true;
    get("choices/", { session: id }).then(
      (told) => isWanted && setChoices(told),
      (refusal) => {
        if (!(refusal instanceof Problem)) throw refusal;
        if (isWanted) setProblem(refusal.message);
      },
    );
    return () => void (isWanted = false);
  }, [id]);
  return [choices, problem];
}

function Transfer() {
  const [choices, problem] = useChoices();
  const choose = (/** @type {string} */ queue) => {
    close();
    perform("transfer", { queue });
  };
  const queues = choices?.queues.map((queue) => ({ id: queue.id, title: queue.name, detail: queue.path === queue.name ? "" : queue.path }));
  return html`<${Chooser} title=${_("Transfer to a queue")} choices=${queues ?? null} problem=${problem} none=${_("There is no other queue that takes transfers.")} choose=${choose} close=${close} />`;
}

function Assign() {
  const [choices, problem] = useChoices();
  const choose = (/** @type {string} */ agent) => {
    close();
    perform("assign", { agent });
  };
  const agents = choices?.agents.map((agent) => ({
    id: agent.id,
    title: agent.name,
    detail: `${agent.state.word} · ${ngettext("{n} open session", "{n} open sessions", agent.load)}`,
    mark: html`<${Avatar} person=${agent} />`,
  }));
  return html`<${Chooser} title=${_("Assign to an agent")} choices=${agents ?? null} problem=${problem} none=${_("Nobody else works in this queue.")} choose=${choose} close=${close} />`;
}
