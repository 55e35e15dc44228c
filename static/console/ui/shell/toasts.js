// What was done, said at the foot of the list: never over the composer.

import { html } from "../../lib/html.js";
import { dismiss, toasts } from "../../lib/toasts.js";
import { _ } from "../../lib/words.js";
import { Icon } from "../icon.js";
import { UndoToasts } from "../writing/undo.js";

export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${toasts.value.map(
      ({ id, words, action }) => html`<div class="toast" key=${id}>
        <span dir="auto">${words}</span><span class="spacer"></span>
        ${action &&
        html`<button class="btn btn--sm" type="button" onClick=${() => (dismiss(id), action.run())}>${action.title}</button>`}
        <button class="btn btn--icon btn--sm" type="button" aria-label=${_("Close")} onClick=${() => dismiss(id)}><${Icon} name="x" class="i--sm" /></button>
      </div>`,
    )}
    <${UndoToasts} />
  </div>`;
}
