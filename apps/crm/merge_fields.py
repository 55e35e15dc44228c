"""What an administrator may put into a ticket's own fields: facts of the session, by name.

Fixed names in braces and nothing else: no template engine reads people's text.
"""

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MERGE_FIELDS = {
    "SESSION_ID": gettext_lazy("Session ID of the first session"),
    "THREAD_ID": gettext_lazy("id of the conversation"),
    "SUBJECT": gettext_lazy("subject of the first email"),
    "QUEUE": gettext_lazy("queue"),
    "AGENT": gettext_lazy("assigned agent"),
    "CUSTOMER_EMAIL": gettext_lazy("the customer's address"),
    "CUSTOMER_NAME": gettext_lazy("the customer's name"),
    "MAILBOX": gettext_lazy("our address"),
    "DIRECTION": gettext_lazy("in or out"),
    "LINK": gettext_lazy("link to the email"),
}
MOST_FIELDS, LONGEST = 50, 500

_FIELD = re.compile(r"\{([^{}]*)\}")


def rendered(fields: Mapping[str, str], facts: Mapping[str, str]) -> dict[str, str]:
    """By the CRM's names; a fact that a session does not have is empty."""
    return {
        name: _FIELD.sub(lambda found: facts.get(found[1], ""), template)
        for name, template in fields.items()
    }


def problem_of(template: str) -> str:
    """A sentence with the cure, or nothing."""
    if len(template) > LONGEST:
        return _("At most %(n)d characters.") % {"n": LONGEST}
    unknown = [name for name in _FIELD.findall(template) if name not in MERGE_FIELDS]
    if unknown:
        return _("{%(name)s} is no merge field; there are: %(known)s.") % {
            "name": unknown[0],
            "known": ", ".join(f"{{{name}}}" for name in MERGE_FIELDS),
        }
    if set("{}") & set(_FIELD.sub("", template)):
        return _("A { or } stands alone: merge fields look like {QUEUE}.")
    return ""
