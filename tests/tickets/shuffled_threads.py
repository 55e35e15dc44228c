"""Conversations made by a seeded generator: branches, people in Cc, missing and foreign ids.

Whoever answers a mail stood on it, as sender or recipient; that is all that is taken for granted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

LONGEST = 12


@dataclass(slots=True)
class Letter:
    """One mail of a conversation, by what threading sees of it."""

    sender: str
    others: list[str]
    message_id: str
    chain: list[str] = field(default_factory=list)  # what it refers to, oldest first
    in_reply_to: str = ""

    @property
    def people(self) -> list[str]:
        return [self.sender, *self.others]

    @property
    def headers(self) -> dict[str, Any]:
        return {
            "sender": self.sender,
            "cc": self.others,
            "message_id": self.message_id,
            "in_reply_to": self.in_reply_to,
            "references": self.chain,
        }


def conversations(number: int, seed: int) -> Iterator[list[Letter]]:
    random = Random(seed)
    for thread in range(number):
        yield _conversation(random, f"t{thread}")


def _conversation(random: Random, name: str) -> list[Letter]:
    known = [f"{name}.p{number}@outside.test" for number in range(random.randint(1, 5))]
    letters: list[Letter] = []
    for number in range(random.choice([1, 1, 2, 2, 3, 3, 4, 5, 6, 8, LONGEST])):
        message_id = f"{name}.{number}@outside.test" if random.random() < 0.9 else ""
        if letters:
            parent = letters[-1] if random.random() < 0.7 else random.choice(letters)
            letters.append(_answer(random, parent, known, message_id))
        else:
            letters.append(_first(random, known, message_id))
    return letters


def _first(random: Random, known: list[str], message_id: str) -> Letter:
    others = random.sample(known[1:], random.randint(0, len(known) - 1))
    letter = Letter(known[0], others, message_id)
    if random.random() < 0.1:  # it answers a mail that we never had; others do as well
        letter.chain = [f"foreign{random.randint(0, 5)}@letter.test"]
        letter.in_reply_to = letter.chain[-1]
    return letter


def _answer(random: Random, parent: Letter, known: list[str], message_id: str) -> Letter:
    sender = random.choice(parent.people)
    others = [one for one in parent.people if one != sender]
    if random.random() < 0.2:
        others = sorted({*others, random.choice(known)} - {sender})
    letter = Letter(sender, others, message_id)
    chain = [*parent.chain, parent.message_id] if parent.message_id else list(parent.chain)
    if random.random() < 0.1:  # somebody wrote in between, and not to us
        chain.append(f"{message_id or sender}.between@foreign.test")
    style = random.choice(["all", "all", "parent", "tail", "list"])
    letter.in_reply_to = parent.message_id if style != "list" else ""
    letter.chain = {"all": chain, "list": chain, "parent": [], "tail": chain[-3:]}[style]
    return letter
