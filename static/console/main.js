// Starts the console.

import { keepFocus } from "./lib/focus.js";
import { html, render } from "./lib/html.js";
import { App } from "./ui/shell/app.js";

const place = /** @type {HTMLElement} */ (document.getElementById("app"));
render(html`<${App} />`, place);
keepFocus(place);
