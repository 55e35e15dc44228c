"""The invented customers: thirty mails at the beginning, then one a minute or so, and answers.

They write through the demo's SMTP server, and our own answers among the first thirty go through
Carteria's API. What was sent already is read from the mail itself, so a restart repeats nothing.
"""

import asyncio
import logging
import random
import sys
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from json import dumps, loads
from pathlib import Path
from smtplib import SMTP
from typing import Any, TypeVar

import yaml

from config.demo import letters, office
from config.demo.letters import read
from config.demo.post import SENT, Folder, Mail, Post

log = logging.getLogger(__name__)

GONE_DOMAIN = "moved.test"  # mail to it comes back
PAUSE = (40.0, 90.0)  # seconds between two mails
THINKING = (40.0, 110.0)  # until a customer answers
MOST_AN_HOUR = 40
MOST_WAITING = 200
ANSWERS_EACH = 2  # then a customer is content
PATIENCE = 180.0  # seconds for our own answers of the opening

Letter = dict[str, Any]
Found = TypeVar("Found")


def told(name: str) -> Any:
    return yaml.safe_load((Path(__file__).parent / name).read_text("utf-8"))


class Customers:
    def __init__(self, post: Post, smtp: int, url: str, tokens: dict[str, str]) -> None:
        self.post, self.smtp, self.url, self.tokens = post, smtp, url, tokens
        self.opening: list[Letter] = told("opening.yaml")
        self.script: dict[str, Any] = told("trickle.yaml")
        self.due: dict[Path, float] = {}

    async def run(self) -> None:
        await self.open()
        await asyncio.gather(self.go_on(), self.answer())

    async def send(self, sender: str, recipients: list[str], raw: bytes) -> None:
        await asyncio.to_thread(self._send, parseaddr(sender)[1], recipients, raw)

    def _send(self, sender: str, recipients: list[str], raw: bytes) -> None:
        with SMTP("127.0.0.1", self.smtp, local_hostname="[127.0.0.1]", timeout=30) as smtp:
            smtp.sendmail(sender, recipients, raw)

    def sent(self) -> Iterator[Mail]:
        for mailbox in self.post.mailboxes():
            yield from self.post.folder(mailbox, SENT).mails()

    # ---- the first thirty ---------------------------------------------------------------

    async def open(self) -> None:
        """Those that stand alone at once, then conversations, turn by turn."""
        opened = self.post.path / "opened"
        if opened.exists():
            return
        mails = {_key_of(read(mail.raw)): mail.raw for mail in self.sent()}
        for letter in self.opening:
            if not {"answers", "agent"} & letter.keys() and _key(letter) not in mails:
                mails[_key(letter)] = await self.write(letter, b"")
        try:
            await self._converse(mails)
            await self._age()
        except TimeoutError:
            log.warning("Carteria did not answer; the conversations are not complete")
        opened.touch()

    async def _converse(self, mails: dict[str, bytes]) -> None:
        for letter in self.opening:
            answered = mails.get(f"demo.{letter.get('answers')}", b"")
            if "agent" in letter:
                mails[_key(letter)] = await self._ours(letter, answered)
            elif _key(letter) not in mails:
                mails[_key(letter)] = await self.write(letter, answered)

    async def write(self, letter: Letter, answered: bytes) -> bytes:
        to = letter.get("to") or str(read(answered)["From"])
        at = datetime.now(UTC) - timedelta(minutes=letter["age"])
        raw = letters.compose(
            sender=letter["from"],
            to=to,
            cc=letter.get("cc", ""),
            subject=letter.get("subject") or letters.subject_of_answer(read(answered)),
            text=letter["text"],
            html=letter.get("html", ""),
            message_id=_key(letter),
            at=at,
            attached=map(letters.made_file, letter.get("files", ())),
            inline=letter.get("inline", False),
            answers=answered,
            headers=letter.get("headers"),
        )
        await self.send(letter["from"], [parseaddr(to)[1]], raw)
        for mail in self.post.folder(parseaddr(letter["from"])[1], SENT).mails()[-1:]:
            mail.turn_back(at.timestamp())
        return raw

    async def _ours(self, letter: Letter, answered: bytes) -> bytes:
        """By an agent: written through the API, then found in the customer's mailbox."""
        customer = parseaddr(letter.get("to") or str(read(answered)["From"]))[1]
        inbox = self.post.folder(customer)

        def arrived() -> Mail | None:
            asked = str(read(answered).get("Message-ID", ""))
            mails = inbox.mails()
            return next(
                (one for one in mails if read(one.raw).get("In-Reply-To", "") == asked), None
            )

        await self._until(lambda: arrived() or self._written(letter, customer, inbox))
        mail = await self._until(arrived)
        if answered:  # the script goes on with it by itself
            mail = inbox.flag(mail, mail.flags | {"S"})
        mail.turn_back(time.time() - 60 * letter["age"])
        return mail.raw

    def _written(self, letter: Letter, customer: str, inbox: Folder) -> Any:
        """Nothing while the session is not there, or not yet at this turn."""
        token, text = self.tokens[letter["agent"]], {"text": letter["text"]}
        if "queue" in letter:
            asked = {name: letter[name] for name in ("queue", "subject", "agent")}
            return self._ask("sessions/", token, asked | text | {"to": [customer]})
        turn = 2 * len(inbox.mails()) + 1
        for session in (self._ask("sessions/", token) or {"results": ()})["results"]:
            if customer in dumps(session["customer"]) and session["message_count"] == turn:
                return self._ask(f"sessions/{session['id']}/reply/", token, text)
        return None

    def _ask(self, path: str, token: str, body: dict[str, Any] | None = None) -> Any:
        """None while Carteria is not there or says no."""
        request = urllib.request.Request(
            f"{self.url}/api/v1/{path}",
            data=dumps(body).encode() if body is not None else None,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return loads(answer.read())
        except (OSError, ValueError, urllib.error.URLError):
            return None

    async def _until(self, reached: Callable[[], Found | None]) -> Found:
        async with asyncio.timeout(PATIENCE):
            while not (found := await asyncio.to_thread(reached)):
                await asyncio.sleep(0.5)
            return found

    async def _age(self) -> None:
        """The first mails get the times that they bear, so that the list looks like a day."""
        token = self.tokens[office.SUPERVISOR]
        await self._until(lambda: _is_stored(self._ask("pipeline/", token)))
        command = (sys.executable, "-m", "django", "age_demo")
        await (await asyncio.create_subprocess_exec(*command)).wait()

    # ---- one a minute -------------------------------------------------------------------

    async def go_on(self) -> None:
        lately: deque[float] = deque(maxlen=MOST_AN_HOUR)
        while True:
            await asyncio.sleep(random.uniform(*PAUSE))
            is_full = len(lately) == MOST_AN_HOUR and lately[0] > time.monotonic() - 3600
            if not is_full and self.waiting() < MOST_WAITING:
                lately.append(time.monotonic())
                await self.write_one()

    def waiting(self) -> int:
        """Mails that nobody of us has answered."""
        asked = {str(read(mail.raw)["Message-ID"]) for mail in self.sent()}
        answered = (
            str(read(mail.raw).get("In-Reply-To", ""))
            for mailbox in self.post.mailboxes()
            for mail in self.post.folder(mailbox).mails()
        )
        return len(asked.difference(answered))

    async def write_one(self) -> None:
        """The next of the pool; its number makes its name, its order and its thing."""
        number = sum(_key_of(read(mail.raw)).startswith("demo.more-") for mail in self.sent())
        chosen = random.Random(number)
        letter = self.script["mails"][number % len(self.script["mails"])]
        language = letter["language"]
        sender = chosen.choice(self.script["writers"][language])
        facts = {
            "name": parseaddr(sender)[0],
            "order": 20460 + 7 * number,
            "thing": chosen.choice(self.script["things"][language]),
            "day": chosen.choice(self.script["days"][language]),
        }
        raw = letters.compose(
            sender=sender,
            to=letter["to"],
            subject=letter["subject"].format(**facts),
            text=letter["text"].format(**facts),
            message_id=f"demo.more-{number}",
        )
        await self.send(sender, [letter["to"]], raw)

    # ---- answers ------------------------------------------------------------------------

    async def answer(self) -> None:
        while True:
            for mailbox in list(self.post.mailboxes()):
                for mail in self.post.folder(mailbox).mails():
                    if "S" not in mail.flags and self._is_due(mailbox, mail):
                        await self._answer_one(mailbox, mail)
            await asyncio.sleep(2)

    def _is_due(self, mailbox: str, mail: Mail) -> bool:
        pause = 0.0 if mailbox.endswith(f"@{GONE_DOMAIN}") else random.uniform(*THINKING)
        return time.time() >= self.due.setdefault(mail.path, time.time() + pause)

    async def _answer_one(self, mailbox: str, mail: Mail) -> None:
        """Seen means: answered, or not to be answered."""
        raw = mail.raw
        mine = [read(one.raw) for one in self.post.folder(mailbox, SENT).mails()]
        if mailbox.endswith(f"@{GONE_DOMAIN}"):
            back = parseaddr(str(read(raw)["From"]))[1]
            await self.send("", [back], letters.bounce_of(raw, mailbox))
        elif self._goes_on(read(raw), mine):
            await self._thank(str(mine[0]["From"]), raw, f"{mailbox.partition('@')[0]}-{mail.uid}")
        self.due.pop(mail.path, None)
        self.post.folder(mailbox).flag(mail, mail.flags | {"S"})

    def _goes_on(self, ours: Any, mine: list[Any]) -> bool:
        """Only in a conversation that is all of our script, and not for ever."""
        known = str(ours.get("References", "")).split()
        said = [one for one in mine if _is_of(one, known)]
        scripted = all(_key_of(one).startswith("demo.") for one in said)
        thanked = sum(_key_of(one).startswith("demo.thanks-") for one in said)
        return bool(said) and scripted and thanked < ANSWERS_EACH

    async def _thank(self, sender: str, raw: bytes, name: str) -> None:
        ours = read(raw)
        back = str(ours["From"])
        language = "es" if any(sender in who for who in self.script["writers"]["es"]) else ""
        language = language or ("es" if "soporte@" in back else "en")
        words = random.choice(self.script["thanks"][language])
        answer = letters.compose(
            sender=sender,
            to=back,
            subject=letters.subject_of_answer(ours),
            text=words.format(name=parseaddr(sender)[0]),
            message_id=f"demo.thanks-{name}",
            answers=raw,
        )
        await self.send(sender, [parseaddr(back)[1]], answer)


def _key(letter: Letter) -> str:
    """Which letter of the script it is, told by its Message-ID."""
    return f"demo.{letter.get('key') or parseaddr(letter['from'])[1].partition('@')[0]}"


def _key_of(mail: Any) -> str:
    return str(mail.get("Message-ID", "")).strip("<> ").rpartition("@")[0]


def _is_of(mail: Any, known: list[str]) -> bool:
    return str(mail.get("Message-ID", "")) in known


def _is_stored(pipeline: Any) -> bool:
    return bool(pipeline) and not pipeline["inbound"]["received"] + pipeline["outbound"]["queued"]
