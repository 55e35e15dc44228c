// Shapes of one conversation, as the server tells it.

/** @typedef {{ email: string, name: string }} Address */
/** @typedef {{ id: string, name: string, initials: string, tint: number }} Person */
/** @typedef {{ id: string, url: string, word: string, why: string }} FormerTicket what the CRM has lost */
/**
 * @typedef {object} Ticket
 * @property {string} id empty until the CRM has opened it
 * @property {string} url
 * @property {string} word
 * @property {{ state: string, words: string }} mirror up-to-date, behind, resting or stopped
 * @property {FormerTicket[]} former
 */
/**
 * @typedef {object} Head what a row tells, and what can be done
 * @property {string} id the Session ID
 * @property {number} version
 * @property {Address} customer
 * @property {string} subject
 * @property {string} status
 * @property {string} status_word
 * @property {{ id: string, name: string }} queue
 * @property {Person | null} agent
 * @property {boolean} mine
 * @property {boolean} unread
 * @property {number} count
 * @property {string} why
 * @property {{ take: boolean, give_back: boolean, moves: { status: string, word: string }[], reply: boolean, forward: boolean, transfer: boolean, assign: boolean, rebuild: boolean, regroup: boolean }} rights
 * @property {string | null} owner_note
 * @property {string | null} no_reply
 * @property {Ticket | null} ticket
 */
/**
 * @typedef {object} File
 * @property {string} id
 * @property {string} name
 * @property {string} ext
 * @property {string} size_words
 * @property {string} verdict clean, waiting, refused, infected, withheld
 * @property {string} verdict_word
 * @property {string} icon
 * @property {string} reason
 * @property {string} reason_code
 * @property {string | null} url
 * @property {string | null} view
 * @property {string | null} thumbnail
 * @property {boolean} inline
 * @property {boolean} may_release
 */
/** @typedef {{ html: string, quoted: boolean, lines: number }} Part */
/** @typedef {{ title: string, summary: string, rows: { label: string, value: string }[], cancelled: boolean }} Invite */
/** @typedef {({ kind: "text", parts: Part[], cut: boolean } | { kind: "frame", url: string, remote: number, chars: number }) & { invite?: Invite }} Body */
/** @typedef {{ recipient: string, look: string, word: string, sentence: string, said: string, at: string }} Report what holds for one recipient; unnamed: empty */
/** @typedef {{ look: "failed" | "unwanted" | "delayed" | "arrived", word: string, reports: Report[] }} Outcome of a mail that the server took */
/** @typedef {{ why: string, marks: { code: string, word: string }[], movable: boolean }} Place why it lies in this conversation */
/**
 * @typedef {object} Message
 * @property {string} id
 * @property {"in" | "out"} direction
 * @property {string} who
 * @property {string} initials
 * @property {number} tint
 * @property {Address} from
 * @property {Address[]} to
 * @property {Address[]} cc
 * @property {Address[]} bcc
 * @property {string} subject
 * @property {string} at
 * @property {boolean} automatic
 * @property {Place} place
 * @property {string} snippet
 * @property {boolean} open
 * @property {{ id: string, at: string } | null} divider
 * @property {{ level: string, title: string, hint: string, sentences: string[], advice: string } | null} trust
 * @property {Address | null} forwarded who wrote the mail that this one passes on
 * @property {{ status: string, word: string, because: string, undo_until: string | null, outcome: Outcome | null, is_in_doubt: boolean, has_failed: boolean } | null} delivery
 * @property {File[]} files
 * @property {Body | null} body
 */
/** @typedef {{ id: string, icon: string, at: string, by: string | null, sentence: string, way?: { session: string, undo: string | null } }} Event */
/** @typedef {{ id: string, kind: string, author: Person, mine: boolean, updated_at: string, snippet: string }} DraftNote */
/**
 * @typedef {object} Conversation
 * @property {Head} session
 * @property {Message[]} messages
 * @property {Event[]} events
 * @property {{ id: string, subject: string, customer: string } | null} possible another that this may belong to
 * @property {any[]} viewers
 * @property {DraftNote[]} drafts
 * @property {number} newest
 */
/**
 * @typedef {object} Customer
 * @property {string} name
 * @property {string} email
 * @property {string} since
 * @property {number} count
 * @property {string} trouble why mails to this address may not arrive, or empty
 * @property {{ id: string, subject: string, status: string, status_word: string, updated_at: string, ticket: { id: string, url: string } | null }[]} sessions
 */

export {};
