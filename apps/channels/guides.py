"""Guides to the large providers: their servers, and the page that says what to switch on there."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.channels.models import EmailAccount, Tls

Server = tuple[str, int, str]
CHECKED = date(2026, 11, 26)  # the facts in the guides, against the pages that each of them names
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Guide:
    """Two servers, the account's other settings that go with them, and the words of the set-up."""

    key: str
    label: Any
    receive: Server
    send: Server
    sentence: Any = ""
    more: tuple[tuple[str, str | int], ...] = ()

    @property
    def fields(self) -> dict[str, str | int]:
        """The servers alone, by the names of the account's fields."""
        return {
            f"{side}_{name}": value
            for side in ("receive", "send")
            for name, value in zip(("host", "port", "tls"), getattr(self, side), strict=True)
        }

    @property
    def settings(self) -> dict[str, str | int]:
        """What *Use these settings* fills in; what the guide does not know stays as it is."""
        known = {name: value for name, value in self.fields.items() if value}
        return {"receive_kind": EmailAccount.Receive.IMAP} | known | dict(self.more)

    @property
    def receive_tls(self) -> Any:
        return Tls(self.receive[2]).label

    @property
    def send_tls(self) -> Any:
        return Tls(self.send[2]).label

    @property
    def template(self) -> str:
        return f"admin/email_channels/guides/{self.key}.html"


_OAUTH = ("sign_in", EmailAccount.SignIn.OAUTH)
_PASSWORD = ("sign_in", EmailAccount.SignIn.PASSWORD)

GUIDES = (
    Guide(
        "google",
        "Google Workspace",
        ("imap.gmail.com", 993, Tls.IMPLICIT),
        ("smtp.gmail.com", 587, Tls.STARTTLS),
        _(
            "With Google, sign in by OAuth: that is set up once under Settings > Email > Accounts,"
            " where a guide goes with you. Here you can go on with an app password: switch on"
            " 2-step verification for this account, then make one at"
            " myaccount.google.com/apppasswords."
        ),
        (_OAUTH,),
    ),
    Guide(
        "microsoft",
        "Microsoft 365",
        ("outlook.office365.com", 993, Tls.IMPLICIT),
        ("smtp.office365.com", 587, Tls.STARTTLS),
        _(
            "Microsoft 365 takes no password for reading mail: make the account under Settings >"
            " Email > Accounts, sign in by OAuth there, where a guide goes with you, then come"
            " back and go on with that account."
        ),
        (_OAUTH, ("sends_per_minute", 30)),
    ),
    Guide(
        "fastmail",
        "Fastmail",
        ("imap.fastmail.com", 993, Tls.IMPLICIT),
        ("smtp.fastmail.com", 465, Tls.IMPLICIT),
        _(
            "Fastmail takes an app password here, not the usual one: make one under Settings >"
            " Privacy & Security > Manage app passwords, for mail (IMAP and SMTP)."
        ),
        (_PASSWORD,),
    ),
    Guide(
        OTHER,
        _("Another server"),
        ("", 993, Tls.IMPLICIT),
        ("", 587, Tls.STARTTLS),
        _(
            "Your provider's help page names the servers, often as “IMAP and SMTP settings”. Where"
            " 2-step verification is on, an app password is usually needed."
        ),
    ),
)

POP3 = Guide(
    "pop3",
    _("POP3"),
    ("", 995, Tls.IMPLICIT),
    ("", 587, Tls.STARTTLS),
    more=(("receive_kind", EmailAccount.Receive.POP3),),
)


def guide_named(key: str) -> Guide:
    return next((one for one in GUIDES if one.key == key), GUIDES[-1])


def guide_to(host: str) -> Guide:
    """The one whose incoming server this is."""
    known = (one for one in GUIDES if host and one.receive[0] == host.lower())
    return next(known, GUIDES[-1])
