// The same words without their look: for mails in plain text, and to compare two drafts.

/** @typedef {import("./shapes.js").Content} Content */

const BLOCKS = new Set(
  "ADDRESS ARTICLE ASIDE BLOCKQUOTE CENTER DD DIV DL DT FIGURE FOOTER H1 H2 H3 H4 H5 H6 HEADER HR LI MAIN OL P PRE SECTION TABLE TR UL".split(" "),
);
const APART = new Set("P H1 H2 H3 H4 H5 H6 BLOCKQUOTE UL OL TABLE PRE".split(" "));

/**
 * @param {Node} root
 * @returns {string}
 */
export function textOf(root) {
  const lines = new Lines();
  readInto(lines, root, "");
  return lines.text();
}

/**
 * What a draft says, however its HTML is written and its lines are broken: the same for the same.
 * @param {Content} content
 */
export function fingerprint({ to, cc, bcc, subject, plain, html, text }) {
  const people = [to, cc, bcc].map((field) => field.map(({ email }) => email.toLowerCase()).join());
  return hash([...people, subject.trim(), String(plain), bareWords({ plain, html, text })].join("\n"));
}

/**
 * Its letters alone.
 * @param {{ plain: boolean, html: string, text: string }} words
 */
export function bareWords({ plain, html, text }) {
  const words = plain ? text : (new DOMParser().parseFromString(html, "text/html").body.textContent ?? "");
  return words.replace(/[\s\u200B\uFEFF]+/g, "");
}

/**
 * Good enough to tell a draft's versions apart (cyrb53).
 * @param {string} text
 */
function hash(text) {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return `${low >>> 0}.${high >>> 0}`;
}

/** @param {string} html */
export function textOfHtml(html) {
  return textOf(new DOMParser().parseFromString(html, "text/html").body);
}

class Lines {
  /** @type {string[]} */
  #lines = [];
  #line = "";
  #blank = false;

  /**
   * @param {string} words
   * @param {string} prefix
   */
  add(words, prefix) {
    if (!this.#line) this.#line = prefix;
    this.#line += this.#line.endsWith(" ") && words.startsWith(" ") ? words.trimStart() : words;
  }

  /** @param {string} prefix */
  breakLine(prefix) {
    this.#push(this.#line || prefix);
  }

  /** @param {boolean} apart with an empty line */
  end(apart) {
    if (this.#line) this.#push(this.#line);
    if (apart) this.#blank = this.#lines.length > 0;
  }

  text() {
    this.end(false);
    return this.#lines.join("\n").trim();
  }

  /** @param {string} line */
  #push(line) {
    if (this.#blank) this.#lines.push("");
    this.#blank = false;
    this.#lines.push(line.trimEnd());
    this.#line = "";
  }
}

/**
 * @param {Lines} lines
 * @param {Node} node
 * @param {string} prefix of quotes and lists around
 */
function readInto(lines, node, prefix) {
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) {
      const words = (child.nodeValue ?? "").replace(/[\u200B\uFEFF]/g, "").replace(/[ \t\r\n]+/g, " ");
      if (words.trim() || words === " ") lines.add(words.replace(/\u00A0/g, " "), prefix);
    } else if (child instanceof Element || child.nodeType === Node.ELEMENT_NODE) {
      readElement(lines, /** @type {Element} */ (child), prefix);
    }
  }
}

/**
 * @param {Lines} lines
 * @param {Element} element
 * @param {string} prefix
 */
function readElement(lines, element, prefix) {
  const tag = element.tagName;
  if (tag === "BR") {
    if (element.nextSibling || !BLOCKS.has(element.parentElement?.tagName ?? "")) lines.breakLine(prefix);
    else if (element.parentElement?.childNodes.length === 1) lines.breakLine(prefix);
    return;
  }
  if (tag === "IMG") {
    const alt = element.getAttribute("data-name") ?? element.getAttribute("alt");
    if (alt) lines.add(`[${alt}]`, prefix);
    return;
  }
  const isBlock = BLOCKS.has(tag);
  if (isBlock) lines.end(APART.has(tag) && !element.closest("li"));
  if (tag === "HR") lines.add("----", prefix);
  readInto(lines, element, prefix + prefixOf(element));
  if (tag === "A") addAddress(lines, element, prefix);
  if (tag === "TD" || tag === "TH") lines.add(" ", prefix);
  if (isBlock) lines.end(APART.has(tag) && !element.closest("li"));
}

/** @param {Element} element */
function prefixOf(element) {
  if (element.tagName === "BLOCKQUOTE") return "> ";
  if (element.tagName !== "LI") return "";
  const list = element.parentElement;
  if (list?.tagName !== "OL") return "- ";
  return `${[...list.children].indexOf(element) + 1}. `;
}

/**
 * @param {Lines} lines
 * @param {Element} link
 * @param {string} prefix
 */
function addAddress(lines, link, prefix) {
  const address = (link.getAttribute("href") ?? "").replace(/^mailto:/i, "");
  const words = (link.textContent ?? "").trim();
  if (address && address !== words && !address.endsWith(`//${words}`)) lines.add(` (${address})`, prefix);
}
