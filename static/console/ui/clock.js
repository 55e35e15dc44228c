// One clock for all ages on the page.

import { signal } from "../lib/html.js";

const TICK_MS = 30_000;

export const now = signal(Date.now());

setInterval(() => (now.value = Date.now()), TICK_MS);
