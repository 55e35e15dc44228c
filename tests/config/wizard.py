"""Walking through the set-up wizard by its forms, as a browser without a script does."""

import re
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import Mail, SmtpSink

START = "/admin/email/setup/"
ADDRESS = "help@acme.test"


@dataclass(slots=True)
class Wizard:
    """One administrator's browser; `page` is what it shows."""

    client: Client
    page: str = ""
    where: str = ""
    seen: dict[str, str] = field(default_factory=dict)

    def open(self, step: str = "", **more: Any) -> str:
        return self._shown(self.client.get(START + (f"{step}/" if step else ""), more, follow=True))

    def send(self, step: str, **fields: Any) -> str:
        """The form of STEP, with the stamp of the page that was opened last."""
        stamp = {"seen": self.seen.get(step, "")}
        answer = self.client.post(START + f"{step}/", stamp | fields, follow=True)
        return self._shown(answer)

    def _shown(self, answer: Any) -> str:
        assert answer.status_code == 200, answer.status_code
        chain = answer.redirect_chain
        self.where = (chain[-1][0] if chain else answer.request["PATH_INFO"]).removeprefix(START)
        self.page = answer.content.decode()
        if stamp := re.search(r'name="seen" value="(\w+)"', self.page):
            self.seen[self.where.strip("/")] = stamp[1]
        return self.page


def account_form(**changed: Any) -> dict[str, Any]:
    """A plain account at servers that nobody listens on."""
    return {
        "address": ADDRESS,
        "provider": "other",
        "receive_host": "127.0.0.1",
        "receive_port": 9,
        "receive_tls": "none",
        "new_receive_password": PASSWORD,
        "send_host": "127.0.0.1",
        "send_port": 9,
        "send_tls": "none",
        "same_login": "on",
    } | changed


def form_at(dovecot: Dovecot, sink: SmtpSink, user: str, **changed: Any) -> dict[str, Any]:
    """An account at real servers; the sink asks nobody for a password."""
    fields = account_form(receive_port=dovecot.port, receive_user=user, send_port=sink.port)
    fields.pop("same_login")
    return fields | changed


def deliver_to(dovecot: Dovecot, sink: SmtpSink, user: str, *, folder: str = "") -> None:
    """From now on the sink hands mail to its own sender over to Dovecot, as a mail server does."""

    def hand_over(mail: Mail) -> None:
        if mail.sender in mail.recipients:
            dovecot.deliver(user, mail.raw, folder=folder)

    sink.caught = hand_over
