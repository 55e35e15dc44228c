"""Sending domains whose DNS did its work and does no longer: only when one is there."""

from collections.abc import Iterable, Iterator

from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from apps.channels.condition import AccountCondition, domains_that_got_worse
from apps.channels.models import SendingDomain
from apps.channels.sending_domains import worse_since
from config.condition.line import Cure, Line

SHOWN = 20


def got_worse(found: Iterable[AccountCondition]) -> Iterator[Line]:
    if any(one.a_domain_got_worse for one in found):
        yield from map(_line, domains_that_got_worse()[:SHOWN])


def _line(row: SendingDomain) -> Line:
    missed = worse_since(row)
    facts = {"what": ", ".join(kind.upper() for kind, _since in missed)}
    fact = _(
        "In the DNS this did its work and does no longer: %(what)s. Mail is still sent, and"
        " receivers may take it for forged."
    )
    page = reverse_lazy("admin:email_channels_sendingdomain_change", args=[row.pk])
    sentence = _("See what to write into the DNS, or say there that it is meant so.")
    cure = Cure(sentence, page=page, page_name=_("Open the domain"))
    name = _("DNS of %(domain)s") % {"domain": row.name}
    since = min((since for _kind, since in missed), default=None)
    return Line(f"dns-{row.pk}", name, "degraded", fact % facts, since, (cure,))
