// What the server answers under /desk/, for the type checker. No code.

/** @typedef {import("../lib/html.js").Markup} Markup */

// ---- desk and list ------------------------------------------------------------------------

/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 * @property {string} initials
 * @property {number} tint 1 to 6
 */

/**
 * @typedef {object} Look glyph, word and colour of an agent's state: never one of them alone
 * @property {string} state
 * @property {string} word
 * @property {string} glyph
 * @property {string} css
 */

/** @typedef {Look & { reason: string | null, chosen: boolean, note: string | null }} Offer */

/**
 * @typedef {object} OwnState
 * @property {string} agent
 * @property {number} version
 * @property {Look} effective
 * @property {Look | null} then the chosen one, while a call or chat covers it
 * @property {string} since
 * @property {string | null} chosen_at
 * @property {boolean} by_self
 * @property {string | null} set_by
 * @property {string} reason
 * @property {string | null} told who or what set it, if it was not the agent
 * @property {boolean} moved the product moved the agent
 * @property {string | null} asked what is said while the agent is offline
 * @property {Offer[]} offers
 */

/**
 * @typedef {object} View
 * @property {string} id
 * @property {string} title
 * @property {number | null} count
 */

/**
 * @typedef {object} QueueEntry
 * @property {string | null} id nothing for a heading that is no queue
 * @property {string} name
 * @property {string | null} parent
 * @property {number} depth
 * @property {string} short
 * @property {number | null} count
 */

/**
 * @typedef {object} Desk
 * @property {Person & { language: string, keys: boolean, colours_url: string | null }} user
 * @property {string} csrf
 * @property {{ enabled: boolean }} channel
 * @property {boolean} test_signatures
 * @property {View[]} views
 * @property {QueueEntry[]} queues
 * @property {OwnState | null} state
 * @property {{ new: boolean, tickets: string | null, board: string | null, settings: string | null }} may
 * @property {number} undo_seconds
 * @property {{ customer_inbox: string } | null} demo
 * @property {number} version
 */

/**
 * @typedef {object} Address
 * @property {string} email
 * @property {string} name
 */

/**
 * @typedef {object} Row one session in the list
 * @property {string} id
 * @property {number} version
 * @property {Address} customer
 * @property {string} initials
 * @property {number} tint
 * @property {string} subject
 * @property {string} snippet
 * @property {string} status
 * @property {string} status_word
 * @property {{ id: string, name: string }} queue
 * @property {Person | null} agent
 * @property {boolean} mine
 * @property {boolean} unread
 * @property {boolean} files
 * @property {number} count
 * @property {"failed" | "unknown" | null} delivery
 * @property {boolean} warns
 * @property {boolean} draft
 * @property {string} updated_at
 * @property {string | null} waiting_since
 */

/**
 * @typedef {object} DraftRow
 * @property {string} id
 * @property {"reply" | "forward" | "new"} kind
 * @property {string | null} session
 * @property {string} to_words
 * @property {string} subject
 * @property {string} snippet
 * @property {string} updated_at
 * @property {Person} author
 * @property {boolean} mine
 */

// ---- drafts -------------------------------------------------------------------------------

/**
 * @typedef {object} Upload a file of a mail that is not sent yet
 * @property {string} id
 * @property {string} name
 * @property {string} ext
 * @property {number} size
 * @property {string} size_words
 * @property {string} verdict
 * @property {string} verdict_word
 * @property {string} icon
 * @property {string} reason
 * @property {string} reason_code
 * @property {boolean} inline
 * @property {boolean} stopped it cannot be sent
 * @property {string} cid how the text names it, empty for a file beside the text
 * @property {string | null} url where a clean picture is shown from
 */

/**
 * @typedef {object} Note said beside a field, never in the way of Send
 * @property {string} code
 * @property {string} field
 * @property {string} sentence
 * @property {string} address whom it is about, in small letters, or empty
 */

/**
 * @typedef {object} Content what its author writes
 * @property {Address[]} to
 * @property {Address[]} cc
 * @property {Address[]} bcc
 * @property {string} subject
 * @property {string} html
 * @property {string} text
 * @property {boolean} plain
 * @property {string | null} mailbox
 * @property {string | null} queue
 * @property {string | null} agent
 */

/**
 * @typedef {object} DraftFacts what the server says about it
 * @property {string} id
 * @property {number} version
 * @property {"reply" | "forward" | "new"} kind
 * @property {string | null} session
 * @property {string | null} answers
 * @property {number} newest
 * @property {{ id: string, address: string, name: string }[]} mailboxes
 * @property {Person} author
 * @property {boolean} mine
 * @property {string} saved_at
 * @property {Upload[]} files
 * @property {string} limits
 * @property {number} most_bytes
 * @property {Note[]} notes
 */

/** @typedef {DraftFacts & Content} Draft */

/**
 * @typedef {object} Canned
 * @property {string} id
 * @property {string} name
 * @property {string} language
 * @property {{ id: string, name: string } | null} queue
 * @property {string} html
 * @property {string} text
 * @property {string[]} missing
 */

export {};
