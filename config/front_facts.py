"""How each setting stands, in words: the questions behind the rows of the admin's front page.

A row asks its own question, so whoever sees three rows costs three questions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.agents.models import Agent, AgentSettings, CustomState, Team
from apps.agents.vocabulary import label
from apps.attachments.models import Attachment, AttachmentSettings, Verdict, VerdictChange
from apps.channels.grants import ends_soon
from apps.channels.models import ChannelSettings, EmailAccount, InboundEmail, Mailbox, OAuthGrant
from apps.console.models import CannedReply, Signature
from apps.core.models import ApiToken, SettingsChange, SignInSettings, User
from apps.crm.condition import worst
from apps.crm.models import CrmSettings, TicketUpdate
from apps.queues.models import Queue, QueueMembership
from apps.storage.models import Kind, StorageSettings, StoredObject

OK, QUIET, WARN, DANGER = "ok", "quiet", "warn", "danger"


@dataclass(frozen=True, slots=True)
class Fact:
    """How a setting stands."""

    words: str
    tone: str = QUIET


def _listed(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _channel() -> Fact:
    channel = ChannelSettings.load()
    if channel.enabled:
        return Fact(_("on"), OK)
    if not channel.external_url:
        return Fact(_("off: no console address yet"), WARN)
    return Fact(_("off: no mail is fetched"), WARN)


def _accounts() -> Fact:
    failing, used = Q(status=EmailAccount.Status.FAILING, enabled=True), Q(enabled=True)
    by_oauth = used & Q(sign_in=EmailAccount.SignIn.OAUTH)
    ended = by_oauth & Q(oauth_grant__status=OAuthGrant.Status.REVOKED)
    counted = EmailAccount.objects.aggregate(
        total=Count("pk"),
        used=Count("pk", filter=used),
        failing=Count("pk", filter=failing),
        ended=Count("pk", filter=ended),
        secret=Min("oauth_profile__secret_until", filter=by_oauth),
    )
    total, off = counted["total"], counted["total"] - counted["used"]
    if not total:
        return Fact(_("none yet"), WARN)
    words = _listed(
        ngettext("%(n)d account", "%(n)d accounts", total) % {"n": total},
        _("%(n)d failing") % {"n": counted["failing"]} if counted["failing"] else "",
        _("%(n)d to be connected again") % {"n": counted["ended"]} if counted["ended"] else "",
        _secret(counted["secret"]),
        _("%(n)d switched off") % {"n": off} if off else "",
    )
    if counted["failing"] or counted["ended"]:
        return Fact(words, DANGER)
    return Fact(words, WARN if _secret(counted["secret"]) else OK if counted["used"] else QUIET)


def _secret(until: date | None) -> str:
    """Of the OAuth profile whose secret ends first; nothing while that is far away."""
    if until is None or not ends_soon(until):
        return ""
    words = _("an OAuth secret ends on %(day)s")
    if until < localdate():
        words = _("an OAuth secret ended on %(day)s")
    return words % {"day": date_format(until, "SHORT_DATE_FORMAT")}


def _mailboxes() -> Fact:
    unrouted = Q(route__isnull=True)
    unproved = Q(reply_token=Mailbox.ReplyToken.LOST, reply_token_proved_at__isnull=False)
    counted = Mailbox.objects.aggregate(
        total=Count("pk"),
        lost=Count("pk", filter=unrouted),
        unproved=Count("pk", filter=unproved),
    )
    total, lost, unproved_now = counted["total"], counted["lost"], counted["unproved"]
    if not total:
        return Fact(_("none yet"))
    words = _listed(
        ngettext("%(n)d address", "%(n)d addresses", total) % {"n": total},
        _("%(n)d without a queue") % {"n": lost} if lost else "",
        _("%(n)d lost the token of its reply address") % {"n": unproved_now}
        if unproved_now
        else "",
    )
    return Fact(words, DANGER if unproved_now else WARN if lost else OK)


def _queues() -> Fact:
    members = QueueMembership.objects.filter(queue=OuterRef("pk"))
    rows = Queue.objects.annotate(worked=Exists(members)).values_list("enabled", "worked")
    counted = list(rows.order_by())
    empty = counted.count((True, False))
    off = sum(not enabled for enabled, _worked in counted)
    if not counted:
        return Fact(_("none yet"))
    words = _listed(
        ngettext("%(n)d queue", "%(n)d queues", len(counted)) % {"n": len(counted)},
        _("%(n)d without members") % {"n": empty} if empty else "",
        _("%(n)d switched off") % {"n": off} if off else "",
    )
    return Fact(words, WARN if empty else OK)


def _limits() -> Fact:
    row = AttachmentSettings.load()
    words = _("%(files)d files and %(mb)d MB a mail, scanned up to %(scan)d MB")
    return Fact(words % {"files": row.max_files, "mb": row.max_total_mb, "scan": row.scan_limit_mb})


def _crm() -> Fact:
    row = CrmSettings.load()
    facts = {"crm": row.connection, "language": row.get_language_display()}
    return Fact(_("%(crm)s, comments in %(language)s") % facts)


def _connections() -> Fact:
    count, found = worst()
    if found:
        connection, standing = found
        return Fact(f"{connection}: {standing.words}", standing.tone)
    words = ngettext("%(n)d connection", "%(n)d connections", count) % {"n": count}
    return Fact(words, OK if count else QUIET)


def _storage() -> Fact:
    row = StorageSettings.load()
    count = sum(map(row.is_on, Kind.values))
    kinds = ngettext("%(n)d kind of file", "%(n)d kinds of files", count) % {"n": count}
    if not count:
        return Fact(_("%(place)s, nothing is stored") % {"place": row.target})
    return Fact(_("%(place)s, %(kinds)s") % {"place": row.target, "kinds": kinds})


def _stored_objects() -> Fact:
    failed = StoredObject.objects.filter(status=StoredObject.Status.FAILED).count()
    return Fact(_("%(n)d failed") % {"n": failed}, DANGER) if failed else Fact("")


def _agent_states() -> Fact:
    row = AgentSettings.load()
    facts = {"state": label(row.sign_in_state), "minutes": row.absent_after_minutes}
    return Fact(_("%(state)s after sign-in, Offline after %(minutes)d min away") % facts)


def _custom_states() -> Fact:
    used = CustomState.objects.filter(enabled=True).count()
    return Fact(_("%(n)d in use") % {"n": used} if used else _("none"))


def _canned() -> Fact:
    used = CannedReply.objects.filter(enabled=True).count()
    return Fact(_("%(n)d in use") % {"n": used} if used else _("none yet"))


def _signatures() -> Fact:
    counted = Signature.objects.aggregate(queues=Count("queue"), people=Count("user"))
    words = _listed(
        ngettext("%(n)d queue", "%(n)d queues", counted["queues"]) % {"n": counted["queues"]}
        if counted["queues"]
        else "",
        ngettext("%(n)d person", "%(n)d people", counted["people"]) % {"n": counted["people"]}
        if counted["people"]
        else "",
    )
    return Fact(words or _("none yet"))


def _changes() -> Fact:
    last = SettingsChange.objects.first()
    if last is None:
        return Fact(_("none yet"))
    when = localtime(last.at)
    today = when.date() == localtime().date()
    facts = {
        "when": date_format(when, "TIME_FORMAT" if today else "SHORT_DATE_FORMAT"),
        "who": last.by_name or last.get_source_display(),
    }
    return Fact(
        (_("last today at %(when)s, %(who)s") if today else _("last %(when)s, %(who)s")) % facts
    )


def _users() -> Fact:
    active = Q(is_active=True)
    counted = User.objects.aggregate(total=Count("pk"), active=Count("pk", filter=active))
    off = counted["total"] - counted["active"]
    words = _listed(
        _("%(n)d active") % {"n": counted["active"]},
        _("%(n)d switched off") % {"n": off} if off else "",
    )
    return Fact(words)


def _agents(reader: User) -> Fact:
    count = Agent.objects.working().filter(pk__in=Agent.objects.watched_by(reader)).count()
    return Fact(
        ngettext("%(n)d agent", "%(n)d agents", count) % {"n": count} if count else _("none yet")
    )


def _teams(reader: User) -> Fact:
    count = Team.objects.visible_to(reader).count()
    return Fact(
        ngettext("%(n)d team", "%(n)d teams", count) % {"n": count} if count else _("none yet")
    )


def _tokens() -> Fact:
    count = ApiToken.objects.count()
    return Fact(
        ngettext("%(n)d token", "%(n)d tokens", count) % {"n": count} if count else _("none")
    )


def _sign_in() -> Fact:
    row = SignInSettings.load()
    return Fact(_("second factor: %(who)s") % {"who": row.get_second_factor_display()})


def _quarantine() -> Fact:
    """Waiting mail is no fault of anybody's and is taken in by itself."""
    status = InboundEmail.Status
    counts = InboundEmail.objects.filter(status__in=[status.QUARANTINED, status.RECEIVED])
    found = dict(counts.order_by().values_list("status").annotate(n=Count("pk")))
    held, waiting = found.get(status.QUARANTINED, 0), found.get(status.RECEIVED, 0)
    words = _listed(
        ngettext("%(n)d mail held", "%(n)d mails held", held) % {"n": held} if held else "",
        _("%(n)d waiting to be taken in") % {"n": waiting} if waiting else "",
    )
    return Fact(words or _("empty"), WARN if held else QUIET)


def _files() -> Fact:
    waiting = Attachment.objects.filter(verdict=Verdict.WAITING).count()
    return Fact(_("%(n)d waiting for the scan") % {"n": waiting} if waiting else "")


def _verdict_changes() -> Fact:
    """What was clean, may have been opened, and is infected by newer signatures."""
    lately = timezone.now() - timedelta(days=30)
    found = VerdictChange.objects.filter(after=Verdict.INFECTED, at__gt=lately).count()
    if not found:
        return Fact("")
    words = ngettext("%(n)d found infected later", "%(n)d found infected later", found)
    return Fact(words % {"n": found}, WARN)


def _updates() -> Fact:
    failed = TicketUpdate.objects.filter(status=TicketUpdate.Status.FAILED).count()
    return Fact(_("%(n)d failed") % {"n": failed}, DANGER) if failed else Fact("")


def nothing() -> Fact:
    return Fact("")


# Label of the model: title (else the model's own), a sentence, the question.
ROWS: dict[str, tuple[Any, Any, Callable[[], Fact]]] = {
    "email_channels.ChannelSettings": (
        None,
        gettext_lazy("The switch, the console's address, language and time zone."),
        _channel,
    ),
    "email_channels.EmailAccount": (
        None,
        gettext_lazy("Servers and logins that mail is fetched from and sent through."),
        _accounts,
    ),
    "email_channels.OAuthProfile": (  # the row above says what is wrong with one
        None,
        gettext_lazy("Applications at Google, Microsoft 365 and others that accounts sign in by."),
        nothing,
    ),
    "email_channels.Mailbox": (
        None,
        gettext_lazy("The addresses that customers write to."),
        _mailboxes,
    ),
    "email_channels.SendingDomain": (  # what got worse is an alarm
        None,
        gettext_lazy("What the DNS says of your mail's domains: SPF, DKIM, DMARC."),
        nothing,
    ),
    "queues.Queue": (
        gettext_lazy("Queues and members"),
        gettext_lazy("Where mail waits, who answers it, and how it is given out."),
        _queues,
    ),
    "attachments.AttachmentSettings": (
        gettext_lazy("Attachments"),
        gettext_lazy("Limits for files, and which kinds are refused."),
        _limits,
    ),
    "crm.CrmSettings": (
        None,
        gettext_lazy("Where tickets are kept, and how comments are written."),
        _crm,
    ),
    "crm.CrmConnection": (
        None,
        gettext_lazy("The CRMs that have tickets, and how each of them is doing."),
        _connections,
    ),
    "storage.StorageSettings": (
        None,
        gettext_lazy("Where copies of files go: this machine, a cloud or a server."),
        _storage,
    ),
    "agents.AgentSettings": (
        None,
        gettext_lazy("What happens at sign-in, during absence and after calls."),
        _agent_states,
    ),
    "agents.CustomState": (
        None,
        gettext_lazy("States of your own, such as Training."),
        _custom_states,
    ),
    "console.CannedReply": (
        None,
        gettext_lazy("Words at hand for what is answered often."),
        _canned,
    ),
    "console.Signature": (
        None,
        gettext_lazy("What stands below the mails of a queue or a person."),
        _signatures,
    ),
    "core.SettingsChange": (
        None,
        gettext_lazy("Who changed which setting when, from what to what."),
        _changes,
    ),
    "core.User": (None, gettext_lazy("Who signs in, with which roles."), _users),
    "agents.Agent": (None, gettext_lazy("Who answers mail, and in which state."), nothing),
    "agents.Team": (None, gettext_lazy("Groups of agents with their supervisors."), nothing),
    "core.ApiToken": (None, gettext_lazy("Keys of programs; here they are withdrawn."), _tokens),
    "core.SignInSettings": (
        None,
        gettext_lazy("Second factor, duration, lock after wrong passwords."),
        _sign_in,
    ),
    "core.Alarm": (  # the banner above counts them
        None,
        gettext_lazy("What broke, and when it was well again."),
        nothing,
    ),
    "email_channels.QuarantinedEmail": (
        None,
        gettext_lazy("Mail that somebody has to look at."),
        _quarantine,
    ),
    "email_channels.InboundEmail": (
        None,
        gettext_lazy("Every mail that came in, with its outcome."),
        nothing,
    ),
    "email_channels.LedgerCheck": (
        gettext_lazy("Ledger checks"),
        gettext_lazy("Each night, every mail on the servers is counted against the ledger."),
        nothing,
    ),
    "email_channels.MailImport": (
        gettext_lazy("Old mail"),
        gettext_lazy("Bring in mail from before the start; nobody gets an automatic answer."),
        nothing,
    ),
    "email_channels.MailboxMove": (
        gettext_lazy("Moved mailboxes"),
        gettext_lazy("To another login or provider; conversations stay, nothing comes twice."),
        nothing,
    ),
    "email_channels.SuppressedAddress": (
        None,
        gettext_lazy("Where mail had better not go: it did not arrive, or nobody wants it."),
        nothing,
    ),
    "tickets.ThreadDeletion": (
        None,
        gettext_lazy("Receipts: who deleted which conversation, and how much of it."),
        nothing,
    ),
    "attachments.Attachment": (
        gettext_lazy("Files"),
        gettext_lazy("What came with mails, each with its verdict."),
        _files,
    ),
    "attachments.VerdictChange": (
        None,
        gettext_lazy("Files that were released, or found infected after they were clean."),
        _verdict_changes,
    ),
    "crm.Ticket": (None, gettext_lazy("The built-in tickets with their comments."), nothing),
    "crm.TicketUpdate": (
        None,
        gettext_lazy("What the CRM was told, and has yet to hear."),
        _updates,
    ),
    "storage.StoredObject": (
        None,
        gettext_lazy("Files in the storage, and those that are still on the way."),
        _stored_objects,
    ),
}

# Counted for who reads: a supervisor's rows end where the pages behind them do.
OF_READER: dict[str, Callable[[User], Fact]] = {"agents.Agent": _agents, "agents.Team": _teams}
