"""The system's agent states: constants, so that nothing can delete, rename or disable them."""

import unicodedata
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from apps.core.errors import Invalid

AVAILABLE = "Available"
IN_EMAIL = "In-Email"
BREAK = "Break"
UNAVAILABLE = "Unavailable"
OFFLINE = "Offline"
IN_CALL = "In-Call"
IN_CHAT = "In-Chat"

CHOOSABLE = (AVAILABLE, IN_EMAIL, BREAK, UNAVAILABLE, OFFLINE)
OVERLAYS = (IN_CALL, IN_CHAT)  # the first that applies covers the others
SYSTEM_STATES = (*CHOOSABLE, *OVERLAYS)

EMAIL, CALL, CHAT = "email", "call", "chat"
KINDS = (EMAIL, CALL, CHAT)
ACCEPTS: dict[str, frozenset[str]] = {
    AVAILABLE: frozenset({CALL, CHAT}),
    IN_EMAIL: frozenset({EMAIL, CALL, CHAT}),
    BREAK: frozenset(),
    UNAVAILABLE: frozenset(),
    OFFLINE: frozenset(),
    IN_CALL: frozenset(),
    IN_CHAT: frozenset({CALL, CHAT}),
}

LABELS: dict[str, Any] = {
    AVAILABLE: gettext_lazy("Available"),
    IN_EMAIL: gettext_lazy("In-Email"),
    BREAK: gettext_lazy("Break"),
    UNAVAILABLE: gettext_lazy("Unavailable"),
    OFFLINE: gettext_lazy("Offline"),
    IN_CALL: gettext_lazy("In-Call"),
    IN_CHAT: gettext_lazy("In-Chat"),
}


def label(name: str) -> str:
    """As people read it; a custom state bears its own name in every language."""
    return str(LABELS.get(name, name))


def refuse_system_name(name: str) -> None:
    """Invalid `system-state-name` for a name that a reader could take for a system state."""
    if is_system_name(name):
        raise Invalid(
            "system-state-name",
            _("name: %(name)s is a state of the system. Choose another name.") % {"name": name},
        )


def is_system_name(name: str) -> bool:
    return _folded(name) in _system_names()


# Words that a reader would take for a system state, though ours is called otherwise.
ALSO_TAKEN = ("En correo", "En llamada", "En chat", "Descanso", "Fuera de línea")
# Cyrillic and Greek letters that look like Latin ones.
LOOK_ALIKES = str.maketrans("авеікмнорстухјѕԁӏαβεικνορτυχ", "abeikmhopctyxjsdlabeikvoptux")


@cache
def _system_names() -> frozenset[str]:
    names = {_folded(name) for name in (*SYSTEM_STATES, *ALSO_TAKEN)}
    for language, _name in settings.LANGUAGES:
        with override(language):
            names |= {_folded(label(name)) for name in SYSTEM_STATES}
    return frozenset(names)


def _folded(name: str) -> str:
    """Letters and digits alone, without case, accents, widths, look-alikes or invisible ones."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return "".join(one for one in plain.translate(LOOK_ALIKES) if one.isalnum())
