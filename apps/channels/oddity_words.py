"""Why a mail of odd structure was held, in words; the codes come from the parser."""

from collections.abc import Sequence

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

ODDITIES = {
    "bare-return": _("a delimiter stands behind a lone carriage return"),
    "broken-sections": _("a file's name comes in pieces that do not fit together"),
    "control-characters": _("control characters hide in its structure"),
    "data-after-padding": _("a file goes on behind its end"),
    "disguised-container": _("parts are hidden from some readers"),
    "doubled-content-type": _("it says twice what a part is, and differently"),
    "doubled-disposition": _("it says twice how to show a file, and differently"),
    "doubled-encoding": _("it says twice how a part is coded, and differently"),
    "encoded-container": _("parts are hidden under another coding"),
    "fragment": _("it is one piece of a mail cut in several"),
    "hidden-field": _("a field of its structure is hidden from some readers"),
    "loose-delimiter": _("a delimiter is not written as announced"),
    "over-long": _("a field of its structure is longer than any reader needs"),
    "parts-outside": _("parts stand before the first delimiter or behind the last one"),
    "reopened": _("parts stand behind the end of the mail"),
    "two-boundaries": _("it can be parted at two different delimiters"),
    "unknown-encoding": _("a file is coded in a way that nobody knows"),
}


def why_held(oddities: Sequence[str]) -> str:
    """One sentence for people who decide whether to release the mail."""
    reasons = "; ".join(str(ODDITIES[code]) for code in oddities if code in ODDITIES)
    return gettext("Mail programs may read this mail differently: %(reasons)s.") % {
        "reasons": reasons
    }
