"""A browser's long signature as two words that its user knows."""

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

# The first that fits: later ones stand in the signature of earlier ones, too.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox|FxiOS", "Firefox"),
    ("Chrome|CriOS|Chromium", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X|Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_named(signature: str) -> str:
    browser, system = _first(BROWSERS, signature), _first(SYSTEMS, signature)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown browser")


def _first(known: Iterable[tuple[str, str]], signature: str) -> str:
    return next((name for form, name in known if re.search(form, signature)), "")
