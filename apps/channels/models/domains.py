"""The domains that our mail comes from, and what was last found about each in the DNS."""

from __future__ import annotations

import re
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.channels.lookalikes import readable
from apps.core.models import Role, User
from apps.core.rules import Problem, refuse

MAY_SEE_DOMAINS = (Role.ADMINISTRATOR, Role.AUDITOR)
MOST_SELECTORS = 10
SELECTOR = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_-]{1,63}){0,3}", re.A)


class SendingDomainQuerySet(models.QuerySet["SendingDomain"]):
    def visible_to(self, user: User) -> SendingDomainQuerySet:
        return self if user.has_role(*MAY_SEE_DOMAINS) else self.none()


class SendingDomain(models.Model):
    """There is one for each domain of a mailbox's address; apps/channels/sending_domains.py."""

    name = models.CharField(_("domain"), max_length=253, unique=True, editable=False)
    selectors = models.JSONField(
        _("DKIM selectors"),
        default=list,
        blank=True,
        help_text=_(
            "Names of the keys that your mail is signed with, one on each line; your mail provider"
            " shows them. Empty: those that its mails were seen with, and those usual there."
        ),
    )
    found = models.JSONField(
        default=dict, editable=False, help_text="What was asked and answered, and by whom."
    )
    stands = models.JSONField(
        default=dict, editable=False, help_text="spf, dkim, dmarc, mx: true or false, once known."
    )
    worse = models.JSONField(
        default=dict, editable=False, help_text="The same keys: since when it no longer stands."
    )
    asked_at = models.DateTimeField(null=True, editable=False)
    looked_at = models.DateTimeField(_("looked up"), null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SendingDomainQuerySet.as_manager()

    class Meta:
        verbose_name = _("sending domain")
        verbose_name_plural = _("sending domains")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return readable(self.name)

    def clean(self) -> None:
        tidy = (
            one.strip().lower().removesuffix(f"._domainkey.{self.name}") for one in self.selectors
        )
        self.selectors = list(dict.fromkeys(one.removesuffix("._domainkey") for one in tidy if one))
        refuse(self._problems())

    def _problems(self) -> list[Problem]:
        odd = [one for one in self.selectors if not SELECTOR.fullmatch(one)]
        if odd:
            said = gettext("“%(name)s” is no selector; write only what stands before ._domainkey.")
            return [("selectors", said % {"name": odd[0][:60]})]
        if len(self.selectors) > MOST_SELECTORS:
            said = gettext("At most %(n)d selectors; leave out those that sign nothing any more.")
            return [("selectors", said % {"n": MOST_SELECTORS})]
        return []
