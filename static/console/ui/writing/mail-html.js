// The HTML of a mail and how it stands in the editor: cleaned on the way in, whole on the way out.
//
// Pages of ours carry no styles of their own and load no pictures from elsewhere. So what a
// signature or a forwarded mail brings of these waits in `data-` attributes while one writes.

import purify from "../../../vendor/dompurify.js";

/** @typedef {import("../../store/shapes.js").Upload} Upload */

const WRITTEN = (
  "a b blockquote br code del div em h1 h2 h3 h4 h5 h6 hr i img ins li ol p pre s span strike strong sub sup" +
  " table tbody td tfoot th thead tr u ul"
).split(" ");
const OF_MAILS = WRITTEN.concat(
  "abbr address article aside bdi big caption center cite col colgroup dd dfn dir dl dt figcaption figure font footer header kbd main mark menu nav q samp section small tt var wbr".split(" "),
);
const SHARED = ["href", "alt", "src", "width", "height", "dir", "lang", "title", "colspan", "rowspan", "start", "type", "style"];
const OF_BOXES = [
  ...SHARED,
  ...["align", "valign", "bgcolor", "border", "cellpadding", "cellspacing", "color", "size", "face", "nowrap", "span"],
];
const TAG = /<\w+(?: [\w:-]+="[^"]*")*>/g;

/**
 * What the server has cleaned already: a signature, a canned reply, a draft.
 * @param {string} html
 */
export function fragmentOfMail(html) {
  const fragment = purified(html, OF_MAILS, OF_BOXES);
  for (const styled of fragment.querySelectorAll("[style]")) {
    styled.setAttribute("data-style", styled.getAttribute("style") ?? "");
    styled.removeAttribute("style");
  }
  for (const image of fragment.querySelectorAll("img")) putAside(image);
  return document.importNode(fragment, true);
}

/**
 * What somebody pastes from anywhere: words, their emphasis, lists, tables and links.
 * @param {string} html
 * @param {(address: string) => string} cidOf of a picture that is ours, else empty
 * @returns {{ fragment: DocumentFragment, pictures: string[], left: number }} with addresses of
 *   pictures that came along as data, and how many were left out
 */
export function fragmentOfPaste(html, cidOf) {
  const fragment = purified(html, WRITTEN, SHARED);
  for (const styled of fragment.querySelectorAll("[style]")) meant(/** @type {HTMLElement} */ (styled));
  /** @type {string[]} */
  const pictures = [];
  let left = 0;
  for (const image of fragment.querySelectorAll("img")) {
    const address = image.getAttribute("src") ?? "";
    const cid = cidOf(address);
    image.removeAttribute("src");
    if (cid) {
      image.setAttribute("data-cid", cid);
      continue;
    }
    if (address.startsWith("data:image/")) pictures.push(address);
    else left += 1;
    image.remove();
  }
  return { fragment: document.importNode(fragment, true), pictures, left };
}

/**
 * What is sent: pictures by the name that the mail gives them, styles in their place.
 * @param {Element} root
 */
export function mailHtml(root) {
  const copy = document.implementation.createHTMLDocument("").importNode(root, true);
  for (const image of copy.querySelectorAll("img")) {
    const cid = image.getAttribute("data-cid");
    if (cid) image.setAttribute("data-src", `cid:${cid}`);
    if (!image.hasAttribute("data-src")) image.remove();
    if (image.hasAttribute("data-name")) image.alt = image.getAttribute("data-name") ?? "";
    for (const name of ["src", "data-cid", "data-coming", "data-name", "data-look", "class", "tabindex"]) image.removeAttribute(name);
  }
  for (const input of copy.querySelectorAll("input")) input.remove(); // where the caret stands
  const html = copy.innerHTML.replace(/[\u200B\uFEFF]/g, "");
  return html.replace(TAG, (tag) => tag.replace(" data-style=", " style=").replace(" data-src=", " src="));
}

/** @param {string} text */
export function paragraphs(text) {
  const parts = text.replace(/\r\n?/g, "\n").split(/\n{2,}/);
  return parts.map((part) => `<p>${escaped(part).replace(/\n/g, "<br>") || "<br>"}</p>`).join("");
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/**
 * @param {string} html
 * @param {string[]} tags
 * @param {string[]} attributes
 * @returns {DocumentFragment} of a document that loads nothing and shows nothing
 */
function purified(html, tags, attributes) {
  return purify.sanitize(html, {
    ALLOWED_TAGS: tags,
    ALLOWED_ATTR: attributes,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}

/** @param {Element} image */
function putAside(image) {
  const address = image.getAttribute("src") ?? "";
  image.removeAttribute("src");
  if (address.startsWith("cid:")) image.setAttribute("data-cid", address.slice(4));
  else if (/^https?:/i.test(address)) image.setAttribute("data-src", address);
}

/**
 * Word processors say bold and italic by style alone.
 * @param {HTMLElement} styled
 */
function meant(styled) {
  const { fontWeight, fontStyle, textDecorationLine, textDecoration } = styled.style;
  styled.removeAttribute("style");
  const isBold = /^(bold|[6-9]00)/.test(fontWeight);
  if (styled.matches("b, strong") && fontWeight && !isBold) {
    styled.replaceWith(...styled.childNodes); // the clipboard's own wrapper
    return;
  }
  const isLine = styled.matches("a");
  if (isBold) wrap(styled, "b");
  if (fontStyle === "italic") wrap(styled, "i");
  if (!isLine && `${textDecorationLine} ${textDecoration}`.includes("underline")) wrap(styled, "u");
}

/**
 * @param {Element} styled
 * @param {string} tag
 */
function wrap(styled, tag) {
  if (styled.matches("ul, ol, table, tbody, tr, p, div, h1, h2, h3, h4, h5, h6, blockquote")) return;
  const within = styled.ownerDocument.createElement(tag);
  within.append(...styled.childNodes);
  styled.append(within);
}
