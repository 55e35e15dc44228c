"""Whole replies with what their writers said anew, by the shape that they show.

Text, then what is to be seen; people and words are invented.
"""

ON = "On Tue, Mar 4, 2025 at 9:30 AM Bob Builder <bob@example.com> wrote:"

REPLIES: dict[str, tuple[str, str]] = {
    "an answer above": (f"Yes.\n\nAnn\n\n{ON}\n> Really?\n", "Yes.\n\nAnn"),
    "an answer below, the attribution signed": (f"> {ON}\n> Really?\n\nYes.", "Yes."),
    "fields behind the dashes": (
        "Yes.\n\n-------- Original message --------From: Bob <bob@example.com>\nReally?",
        "Yes.",
    ),
    "an answer below": (f"{ON}\n> first?\n> second?\n\nyes, indeed", "yes, indeed"),
    "above and below": (
        f"Yes.\n\n{ON}\n\n> Really?\n> Bob\n\nRegards, Ann",
        "Yes.\n\nRegards, Ann",
    ),
    "a signature below": (f"Yes.\n\n{ON}\n> Really?\n\n-- \nAnn", "Yes."),
    "a footer of a list below": (
        f"Yes.\n\n{ON}\n> Really?\n\n_______________________________\nlist@example.com",
        "Yes.",
    ),
    "without signs": (f"Yes.\n\n{ON}\n\nReally?\n\nBob", "Yes."),
    "an older quote in it, with signs": (
        f"Yes.\n\n{ON}\n\nReally?\n\nOn 3/3/25 9:30, Ann wrote:\n> Maybe.\n",
        "Yes.",
    ),
    "an introduction that is quoted": (
        f"Yes.\n\n{ON}\n> Really?\n>\n> On 3/3/25 9:30, Ann wrote:\n>> Maybe.\n",
        "Yes.",
    ),
    "answers between": (
        f"Hi\n\n{ON}\n> first?\nyes\n> second?\nno",
        "Hi\n\n> first?\nyes\n> second?\nno",
    ),
    "answers between, a quote at the end": (
        f"{ON}\n> first?\n\nyes\n\n> second?\n\nno\n\n> Bob\n\n-- \nAnn",
        "> first?\n\nyes\n\n> second?\n\nno",
    ),
    "a quote alone at the end": ("Yes.\n\n> Really?\n> Bob", "Yes."),
    "a short quote among words": ("Yes.\n\n> Really?\n\nBye.", "Yes.\n\n> Really?\n\nBye."),
    "a long quote above words": ("> a\n> b\n> c\n\nYes.", "Yes."),
    "signed with initials": ("Yes.\n\nBB> Really?\nBB> Bob\n", "Yes."),
    "signed with bars": (f"Yes.\n\n{ON}\n| Really?\n| Bob\n", "Yes."),
    "a long link that fell out": (
        f"Yes.\n\n{ON}\n> see\nhttps://example.com/a/very/long/path\n> please\n",
        "Yes.",
    ),
    "an introduction behind words": (f"Yes, I do. {ON}\n\n> Really?\n", "Yes, I do."),
    "without a colon": (f"Yes.\n\n{ON[:-1]}\n> Really?\n", "Yes."),
    "words that begin with On": (
        f"On the other hand I like it.\n{ON}\n\n> Really?\n",
        "On the other hand I like it.",
    ),
    "own words about writing": (
        f"On Tuesday 4 March I wrote to you about my order.\nPlease answer.\n\n{ON}\n> Yes?",
        "On Tuesday 4 March I wrote to you about my order.\nPlease answer.",
    ),
    "a drawn line above the quote": (f"Yes.\n\n---\n\n{ON}\n> Really?\n", "Yes."),
    "below an original message, with signs": (
        "Yes.\n\n-----Original Message-----\n> Really?\n> Bob\n",
        "Yes.",
    ),
    "blank lines stay within": (f"\n\n  Yes.\n\n\n\nAnn\n\n{ON}\n> Really?\n", "Yes.\n\n\n\nAnn"),
    "code stays": (
        f"Try:\n\n```\n-----\n> x\n```\n\nGood?\n\n{ON}\n> Really?",
        "Try:\n\n```\n-----\n> x\n```\n\nGood?",
    ),
    "carriage returns": ("Yes.\r\n\r\n> Really?\r\n", "Yes."),
    "signed by PGP": (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nYes.\n"
        "-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n",
        "Yes.",
    ),
    # signatures
    "two dashes": ("Yes.\n\n--\nAnn Archer\nExample Inc.\n+1 555 0100", "Yes."),
    "two dashes, a blank": ("Yes.\n-- \nAnn", "Yes."),
    "two dashes and a name": ("Yes.\n\n-- Ann Archer", "Yes."),
    "a dash and a name": ("Yes.\n\n-Ann", "Yes."),
    "a dash and a name above a list's footer": (
        f"{ON}\n> Really?\n\nYes.\n\n-Ann Archer\n\n____________________\nlist@example.com",
        "Yes.",
    ),
    "underscores": ("Yes.\n\n__\nAnn", "Yes."),
    "a drawn line": ("Yes.\n\n________________________________\nAnn Archer", "Yes."),
    "stars and a disclaimer": ("Yes.\n\n*****\nThis mail is confidential.", "Yes."),
    "a telephone and a name": ("Yes.\n\nSent from my iPhone\nAnn", "Yes."),
    "a telephone above the quote": (f"Yes.\n\nSent from my iPhone\n\n{ON}\n> Really?", "Yes."),
    "a signature above the quote": (f"Yes.\n\n-- \nAnn\nExample\n\n{ON}\n> Really?", "Yes."),
    "a telephone's advertisement": (
        "Yes.\n\nGet Outlook for iOS<https://example.com/x>\n________________________________\n"
        "From: Bob <bob@example.com>\nSent: Tuesday\nTo: Ann\nSubject: x\n\nReally?",
        "Yes.",
    ),
}

# Nothing of these is left out.
WHOLE: dict[str, str] = {
    "empty": "",
    "only a quote": "> nothing else",
    "a quote with its introduction alone": f"{ON}\n> Really?\n> Bob",
    "only a telephone": "Sent from my iPhone",
    "regards": "Please call me.\n\nRegards,\nAnn",
    "a disclaimer that nothing separates": "Yes.\nAnn\nThis mail is confidential.",
    "a sentence with wrote": "Bob wrote: it is broken since 2024\nCan you look?",
    "a lonely from": "From: Madrid\nWe travel on 4 March\nwith the train",
    "a journey": "We go\n\nFrom: Madrid\nTo: Paris\nDate: 4 March 2025\n\nwith the train",
    "a list with dashes": "We need:\n\n- apples\n- pears\n\nThanks",
    "a list without blanks": "We need:\n\n-apples\n-pears",
    "long text below a line": "Hi\n\n-----\n" + "a line of text\n" * 16 + "end",
    "an arrow": "Visit us\n>>> https://example.com <<<\ntoday",
    "a time and a colon": "We open on 4 March 2025 at 9:30:\nplease come\nand bring Bob",
    "a shell": "I typed\nmysql> select 1;\nand it failed",
    "a long quote among words": "Yes.\n\n> a\n> b\n> c\n\nBye.",
    "a parcel": "Parcel 123\nSent via DHL\nWhere is it?",
    "from my side": "Yes.\n\nFrom my point of view\nit is good.",
    "since yesterday": "你好\n\n从昨天开始无法登录\n请尽快发送",
    "sent from a town": "Merhaba\n\nKargo İstanbul'dan gönderildi\nNerede?",
    "a heading": "Price list\n----------\nApple 1\nPear 2\n\nPlease send me 5.",
    "a sender in a list": "Order: 123\nFrom: Bob <bob@example.com>\nThanks",
    "a prompt": "It says\nSQL> select 1;\nC> dir",
    "my own letter": "On 4 March 2025 I wrote:\n\nplease help",
    "sent from a desk": "Yes.\n\nSent from my desk, which is easier to use than a phone.",
    "sent from a place": "The parcel was sent from Berlin on 4 March and has not come yet.\nWhere is it?",
}
