"""What to enter for each kind of CRM, in words: what where, which right, what to switch off."""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.crm.models import CrmConnection

Kind = CrmConnection.Kind


@dataclass(frozen=True, slots=True)
class KindWords:
    """Help for the form; a field without a sentence is none of this kind's."""

    about: Any
    url: Any = ""
    user: Any = ""
    token: Any = ""
    queue: Any = ""
    fields: Any = ""
    rights: Any = ""  # which the CRM's user needs
    verified: bool = True  # against the vendor's own service


WORDS: dict[str, KindWords] = {
    Kind.BUILTIN: KindWords(
        about=gettext_lazy("Tickets in Carteria's own database: nothing to enter, nobody to ask."),
    ),
    Kind.RT: KindWords(
        about=gettext_lazy("Request Tracker 5 or later, your own or hosted."),
        url=gettext_lazy("RT's front page, like https://rt.example.com or https://example.com/rt."),
        user=gettext_lazy("Only with a password: its name in RT. Leave it empty with a token."),
        token=gettext_lazy(
            "An authentication token: in RT, sign in as the user made for Carteria, then"
            " Logged in as … > Settings > Auth Tokens. Or the password of the user above."
        ),
        queue=gettext_lazy("Where new tickets are opened, by its name in RT; empty: General."),
        fields=gettext_lazy("The names of custom fields of this queue's tickets, as in RT."),
        rights=gettext_lazy(
            "A user of RT made for Carteria alone; the rights that it needs stand further down."
        ),
    ),
    Kind.ZENDESK: KindWords(
        about=gettext_lazy("Zendesk Support."),
        url=gettext_lazy("Your Zendesk's address, like https://example.zendesk.com."),
        user=gettext_lazy(
            "The email address of the agent whom the token belongs to. Leave it empty with an OAuth"
            " access token."
        ),
        token=gettext_lazy(
            "An API token: in Zendesk, Admin Center > Apps and integrations > APIs > API tokens."
        ),
        queue=gettext_lazy(
            "The group or brand of new tickets, by name or number; empty: Zendesk's own default."
        ),
        fields=gettext_lazy("The title or number of each ticket field, as in Admin Center."),
        rights=gettext_lazy(
            "An agent made for Carteria alone, who sees all tickets and may write internal notes."
        ),
        verified=False,
    ),
    Kind.WEBHOOK: KindWords(
        about=gettext_lazy("Any program of your own: it gets signed requests and keeps tickets."),
        url=gettext_lazy("The address that takes the requests, like https://example.com/hook."),
        token=gettext_lazy("The secret that signs each request; your program has the same one."),
        queue=gettext_lazy("Any word of yours: it comes with each new ticket."),
        fields=gettext_lazy("Names of your own choice; they come with the ticket."),
        rights=gettext_lazy("Your program checks the signature and keeps what it gets private."),
    ),
}
_MODULES: dict[str, str] = {Kind.RT: "request_tracker"}
UNKNOWN = KindWords(
    about="",
    url=gettext_lazy("Like https://crm.example.com."),
    user=gettext_lazy("Who signs in there."),
    token=gettext_lazy("The token or password of this user."),
    queue=gettext_lazy("Where new tickets are opened in the CRM; empty: its own default."),
)


def words_of(kind: str) -> KindWords:
    return WORDS.get(kind, UNKNOWN)


def advice_of(kind: str) -> str:
    """The connector's own words on what to switch off, so that its CRM writes to nobody."""
    name = f"apps.crm.connectors.{_MODULES.get(kind, kind)}"
    advice = getattr(import_module(name), "ADVICE", "") if find_spec(name) else ""
    return _(advice) if advice else ""
