"""The quoted tail is left out of what a reply says; nothing else is."""

import time

import pytest

from apps.channels.quotes import visible_reply

TAILS = {
    "attribution and quote": (
        "Yes.\n\nAnn",
        "On 4 Mar 2025, Bob <b@example.com> wrote:\n> Really?",
    ),
    "attribution in two lines": (
        "Yes.",
        "On Tue, 4 Mar 2025 at 09:30 Bob Builder\n<b@example.com> wrote:\n\n> Really?\n>\n> Bob",
    ),
    "German": ("Ja.", "Am 04.03.2025 um 09:30 schrieb Bob:\n> Wirklich?"),
    "Spanish": ("Sí.", "El 4 mar 2025, Bob <b@example.com> escribió:\n> ¿De verdad?"),
    "French": ("Oui.", "Le 4 mars 2025 à 09:30, Bob a écrit :\n> Vraiment ?"),
    "no signs": ("Yes.", "On 4 Mar 2025, at 09:30, Bob wrote:\n\nReally?\n\nBob"),
    "original message": ("Yes.", "-----Original Message-----\nFrom: Bob\n\nReally?"),
    "Outlook's lines": (
        "Yes.",
        "________________________________\nFrom: Bob <b@example.com>\nSent: Tuesday, 4 March 2025\nTo: Ann\nSubject: Re: x\n\nReally?",
    ),
    "Outlook in Spanish": (
        "Sí.",
        "De: Bob\nEnviado el: martes\nPara: Ann\nAsunto: x\n\n¿De verdad?",
    ),
    "quote alone": ("Yes.", "> Really?\n> Bob"),
}
WHOLE = {
    "nothing quoted": "Hello,\n\nplease call me.\n-- \nAnn",
    "answers within the quote": "Hi\n\nOn 4 Mar 2025 Bob wrote:\n> first?\nyes\n> second?\nno",
    "answer below the quote": "On 4 Mar 2025 Bob wrote:\n> first?\n\nyes, indeed",
    "only a quote": "> nothing else",
    "a sentence with wrote": "Bob wrote: it is broken since 2024\nCan you look?",
    "a lonely from": "From: Madrid\nWe travel on 4 March\nwith the train",
    "empty": "",
}


@pytest.mark.parametrize("name", TAILS)
def test_the_tail_is_left_out(name: str) -> None:
    said, tail = TAILS[name]
    assert visible_reply(f"{said}\n\n{tail}\n") == said


@pytest.mark.parametrize("name", WHOLE)
def test_everything_else_stays(name: str) -> None:
    assert visible_reply(WHOLE[name]) == WHOLE[name]


@pytest.mark.parametrize(
    "line", ["On 1 Bob wrote:\n", "> x\n", "From: x\n", "_" * 400 + "\n", "x" * 9999]
)
def test_long_mails_take_no_time(line: str) -> None:
    started = time.perf_counter()
    visible_reply(line * (2_000_000 // len(line)))
    assert time.perf_counter() - started < 2
