// When a mail is saved: after each pause of the hand, and every few seconds while it does not rest;
// one save at a time, and again and again until the server has it.

const AFTER_TYPING_MS = 1_200;
const AT_LEAST_EVERY_MS = 4_000;
const AGAIN_MS = [1_000, 2_000, 4_000, 8_000, 15_000];

export class Pace {
  #changes = 0;
  #saved = 0;
  #firstUnsaved = 0;
  #timer = 0;
  #failures = 0;
  /** @type {Promise<void> | null} */
  #saving = null;
  #isOver = false;
  #saveOnce;

  /** @param {() => Promise<boolean>} saveOnce whether it goes on at once */
  constructor(saveOnce) {
    this.#saveOnce = saveOnce;
  }

  /** How much was changed so far: what is saved is everything up to a mark. */
  get mark() {
    return this.#changes;
  }

  get isDirty() {
    return this.#changes > this.#saved;
  }

  get isSaving() {
    return this.#saving !== null;
  }

  changed() {
    this.#changes += 1;
    this.#firstUnsaved ||= Date.now();
  }

  saveSoon() {
    const left = this.#firstUnsaved + AT_LEAST_EVERY_MS - Date.now();
    this.#plan(Math.max(0, Math.min(AFTER_TYPING_MS, left)));
  }

  /** It did not work: the more often, the later. */
  saveLater() {
    this.#plan(waitAfter(this.#failures) + Math.random() * 200);
    this.#failures += 1;
  }

  /** What is changed from now on waits for its own pause. */
  begins() {
    this.#firstUnsaved = 0;
  }

  /** @param {number} mark */
  saved(mark) {
    this.#saved = mark;
    this.#failures = 0;
  }

  /** @returns {Promise<void>} when everything is saved, or cannot be for now */
  save() {
    clearTimeout(this.#timer);
    this.#saving ??= this.#saveAll().finally(() => (this.#saving = null));
    return this.#saving;
  }

  /** Nothing begins meanwhile. @returns {Promise<void>} */
  async rest() {
    clearTimeout(this.#timer);
    await this.#saving;
  }

  end() {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  async #saveAll() {
    while (this.isDirty && !this.#isOver) {
      if (!(await this.#saveOnce())) return;
    }
  }

  /** @param {number} wait */
  #plan(wait) {
    clearTimeout(this.#timer);
    if (!this.#isOver) this.#timer = setTimeout(() => this.save(), wait);
  }
}

/**
 * @param {number} failures so far
 * @returns {number} milliseconds
 */
export function waitAfter(failures) {
  return AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)] ?? 0;
}
