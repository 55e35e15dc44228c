// Around the picture that is chosen: three sizes, its own, and a corner to pull.

import { html, useSignal } from "../../lib/html.js";
import { _ } from "../../lib/words.js";
import { Icon } from "../icon.js";

/** @typedef {import("./rich-words.js").RichWords} RichWords */

const SIZES = /** @type {const} */ ([
  ["S", 160],
  ["M", 320],
  ["L", 640],
]);
const STEP = 10; // pixels, by the arrow keys

/** @param {{ editor: RichWords }} props */
export function PictureTools({ editor }) {
  const image = editor.picture.value;
  const from = useSignal({ x: 0, width: 0 });
  void editor.moved.value;
  if (!image?.isConnected) return null;
  const pull = (/** @type {PointerEvent} */ event) => {
    event.preventDefault();
    /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId);
    from.value = { x: event.clientX, width: image.width };
    editor.rememberForUndo();
  };
  const pulled = (/** @type {PointerEvent} */ event) => {
    if (!from.peek().width) return;
    const isLeft = getComputedStyle(image).direction === "rtl";
    editor.resize(image, from.peek().width + (event.clientX - from.peek().x) * (isLeft ? -1 : 1));
  };
  const let_go = () => (from.value = { x: 0, width: 0 });
  const stepped = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowRight: STEP, ArrowUp: STEP, ArrowLeft: -STEP, ArrowDown: -STEP }[event.key];
    if (!step) return;
    event.preventDefault();
    editor.rememberForUndo();
    editor.resize(image, image.width + step);
  };
  const choose = (/** @type {number | null} */ width) => () => {
    editor.rememberForUndo();
    editor.resize(image, width);
  };
  const { offsetLeft: x, offsetTop: y, offsetWidth: width, offsetHeight: height } = image;
  const top = y - editor.element.scrollTop;
  return html`<div class="picture-frame" style=${{ left: `${x}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` }}>
    <button type="button" class="picture-corner" aria-label=${_("Size: pull, or press the arrow keys")} onPointerDown=${pull} onPointerMove=${pulled} onPointerUp=${let_go} onPointerCancel=${let_go} onKeyDown=${stepped}></button>
    <div class="picture-tools" role="group" aria-label=${_("Picture")}>
      ${SIZES.map(([name, size]) => html`<button type="button" class="btn btn--sm" aria-pressed=${image.getAttribute("width") === String(size)} aria-label=${sizeWords[name]()} title=${sizeWords[name]()} onClick=${choose(size)}>${name}</button>`)}
      <button type="button" class="btn btn--sm" aria-pressed=${!image.hasAttribute("width")} onClick=${choose(null)}>${_("Original")}</button>
      <button type="button" class="btn btn--icon btn--sm" aria-label=${_("Remove the picture")} title=${_("Remove the picture")} onClick=${() => editor.removePicture(image)}><${Icon} name="x" /></button>
    </div>
  </div>`;
}

const sizeWords = { S: () => _("Small"), M: () => _("Medium"), L: () => _("Large") };
