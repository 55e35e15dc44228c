"""What is known of the large providers, so that nobody has to look up ports."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.channels.models import Tls

Server = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Provider:
    """Two servers and what one has to know about signing in to them."""

    key: str
    label: Any
    receive: Server
    send: Server
    sentence: Any

    @property
    def fields(self) -> dict[str, str | int]:
        return {
            f"{side}_{name}": value
            for side in ("receive", "send")
            for name, value in zip(("host", "port", "tls"), getattr(self, side), strict=True)
        }


OTHER = "other"

PROVIDERS = (
    Provider(
        "google",
        "Google Workspace",
        ("imap.gmail.com", 993, Tls.IMPLICIT),
        ("smtp.gmail.com", 587, Tls.STARTTLS),
        _(
            "Google takes an app password here, not the usual one: switch on 2-step verification"
            " for this account, then make one at myaccount.google.com/apppasswords. Signing in"
            " with Google (OAuth) is not built yet."
        ),
    ),
    Provider(
        "microsoft",
        "Microsoft 365",
        ("outlook.office365.com", 993, Tls.IMPLICIT),
        ("smtp.office365.com", 587, Tls.STARTTLS),
        _(
            "Microsoft 365 no longer lets anybody read mail with a password, and signing in with"
            " Microsoft (OAuth) is not built yet. So this works only where your provider or a"
            " gateway still takes a password; the next step shows it at once."
        ),
    ),
    Provider(
        "fastmail",
        "Fastmail",
        ("imap.fastmail.com", 993, Tls.IMPLICIT),
        ("smtp.fastmail.com", 465, Tls.IMPLICIT),
        _(
            "Fastmail takes an app password here, not the usual one: make one under Settings >"
            " Privacy & Security > Manage app passwords, for mail (IMAP and SMTP)."
        ),
    ),
    Provider(
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


def provider_named(key: str) -> Provider:
    return next((one for one in PROVIDERS if one.key == key), PROVIDERS[-1])


def provider_of(host: str) -> Provider:
    """The one whose incoming server this is."""
    known = (one for one in PROVIDERS if host and one.receive[0] == host.lower())
    return next(known, PROVIDERS[-1])
