"""What `up --demo` adds to a start: two loopback mail servers, people, and settings for them.

DATA/demo/demo.json keeps ports, passwords and tokens, readable by us alone; people's passwords are
random, and shown on the `ready` line only.
"""

import json
import os
import secrets
import socket
import sys
from pathlib import Path
from typing import Any

from config.demo import office
from config.launch import scanner
from config.launch.children import Child
from config.launch.places import given, private_folder
from config.launch.progress import say
from config.launch.running import write_private

LOOPBACK = "127.0.0.1"
ADMINISTRATOR = "administrator"


class Demo:
    """Kept in the folder `demo` of the data folder; `url` is where Carteria is reached."""

    def __init__(self, data: Path, url: str) -> None:
        self.folder = private_folder(data / "demo")
        self.url = url
        self.file = self.folder / "demo.json"
        self.kept: dict[str, Any] = json.loads(self.file.read_text()) if self.file.exists() else {}
        self.imap = _listen(self.kept.get("imap", 0))
        self.smtp = _listen(self.kept.get("smtp", 0))
        self.kept |= {"imap": _port(self.imap), "smtp": _port(self.smtp)}
        self.kept.setdefault("password", secrets.token_urlsafe(12))
        self.kept.setdefault("people", [_person(user) for user in office.PEOPLE])
        self._keep()

    def _keep(self) -> None:
        write_private(self.file, json.dumps(self.kept, indent=1))

    # ---- what the others are told -------------------------------------------------------

    @property
    def environment(self) -> dict[str, str]:
        return {"CARTERIA_DEMO": f"{LOOPBACK}:{self.kept['smtp']}"}

    @property
    def ready(self) -> dict[str, Any]:
        """Its part of the `ready` line."""
        demo = {"customer_inbox": f"{self.url}/demo/"}
        servers = {name: f"{LOOPBACK}:{self.kept[name]}" for name in ("imap", "smtp")}
        return {"people": self.kept["people"], "demo": demo | servers}

    # ---- settings -----------------------------------------------------------------------

    @property
    def settings_file(self) -> Path:
        return self.folder / "settings.yaml"

    def write_settings(self) -> bool:
        """For `configure`; False where they are as they were, so that what people changed stays."""
        settings = office.settings(
            url=given("EXTERNAL_URL") or self.url,
            imap=self.kept["imap"],
            smtp=self.kept["smtp"],
            password=self.kept["password"],
            passwords={one["user"]: one["password"] for one in self.kept["people"]},
        )
        text = json.dumps(settings, indent=1, ensure_ascii=False)  # JSON is YAML as well
        done = self.folder / "settings.done"
        if done.exists() and done.read_text() == text:
            return False
        write_private(self.settings_file, text)
        return True

    @property
    def without_token(self) -> list[str]:
        return [one["user"] for one in self.kept["people"] if not one["token"]]

    def note_prepared(self, answer: dict[str, Any]) -> None:
        """Keeps the tokens that `prepare` made, and the administrator if it made that one."""
        tokens = answer.pop("tokens", {})
        people = [one | {"token": tokens.get(one["user"], one["token"])} for one in self._people()]
        if answer["password"]:
            first = {name: answer[name] for name in ("user", "password", "token")}
            people.append(first | {"role": ADMINISTRATOR})
        self.kept["people"] = people
        self._keep()
        self.settings_file.rename(self.folder / "settings.done")

    def _people(self) -> list[dict[str, Any]]:
        return list(self.kept["people"])

    # ---- its process --------------------------------------------------------------------

    def child(self, told: dict[str, str]) -> Child:
        descriptors = [str(one.fileno()) for one in (self.imap, self.smtp)]
        options = ["--imap-fd", descriptors[0], "--smtp-fd", descriptors[1], "--url", self.url]
        return Child(
            name="demo",
            command=[sys.executable, "-m", "config.demo", self.folder, *options],
            environment=dict(told),
            rank=2,
            pass_fds=(self.imap.fileno(), self.smtp.fileno()),
        )

    def answers(self) -> bool:
        return all(_greets(self.kept[name], word) for name, word in GREETINGS.items())


GREETINGS = {"imap": b"* OK", "smtp": b"220"}


def _person(user: str) -> dict[str, Any]:
    password = secrets.token_urlsafe(9)
    return {"user": user, "password": password, "role": office.role_of(user), "token": ""}


def _listen(port: int) -> socket.socket:
    """On loopback only; on another port if somebody took ours meanwhile."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError:
        listener.bind((LOOPBACK, 0))
    listener.listen(100)
    return listener


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def _greets(port: int, word: bytes) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1) as line:
            return line.recv(100).startswith(word)
    except OSError:
        return False


def allow_test_signatures(data: Path) -> None:
    """Where nobody has real signatures: then the demo finds its test virus, under a red banner."""
    own = scanner.has_signatures(data / "clamd" / "signatures")
    real = own or scanner.has_signatures(scanner.SYSTEM_SIGNATURES)
    chosen = given("CLAMD_ADDRESS") or given("CARTERIA_TEST_SIGNATURES")
    if chosen or real or scanner.running_system_clamd():
        return
    os.environ["CARTERIA_TEST_SIGNATURES"] = "1"
    say("file scanning: with the test signature alone, since this is a demo without real ones")
