// What a mail in the making is made of, for the type checker. No code.

/** @typedef {import("./shapes.js").Content} Content */
/** @typedef {"reply" | "forward" | "new"} Kind */
/** @typedef {{ html: string, text: string }} Words */
/** @typedef {Omit<Content, "html" | "text">} Fields */
/** @typedef {"begun" | "typed" | "saving" | "saved" | "offline" | "signed-out" | "refused" | "changed" | "gone" | "sending"} State */
/** @typedef {{ kind: Kind, session: string, message: string }} About */

/**
 * @typedef {object} Lent what an editor does for a writing while it is there
 * @property {() => Words} words
 * @property {(words: Words) => void} show
 * @property {(html: string) => void} append
 * @property {() => void} pictures
 * @property {() => void} end
 */

export {};
