"""The pages of the wizard: one for each step, in the order in which they are walked."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.channels import diagnose
from apps.channels.grants import standing_of
from apps.channels.guides import GUIDES
from apps.channels.models import EmailAccount, Mailbox
from apps.channels.rules import account_doubts
from apps.core.db.locks import lock_until_commit
from apps.core.invitations import Invited, invite
from apps.core.models import User
from apps.queues.models import Queue
from config.setup import old_mail, round_trip, steps
from config.setup.account_form import AccountStep
from config.setup.forms import (
    MailboxStep,
    MembersStep,
    NewAgent,
    OldMailStep,
    QueueStep,
    SwitchOnStep,
)
from config.setup.pages import AdministratorsOnly, FormPage, StepPage
from config.setup.steps import DONE, LATER, ROUND_TRIP, SIDES, Facts

# ---- the steps ------------------------------------------------------------------------


class Account(FormPage):
    key = "account"

    def form(self, facts: Facts, data: Any = None) -> AccountStep:
        # Before the last step nothing is fetched: with the channel on, the account itself waits.
        enabled = not facts.channel.enabled
        address = facts.address
        return AccountStep(data, instance=facts.account, address=address, enabled=enabled)

    def save(self, form: AccountStep, facts: Facts) -> None:
        account = form.save()
        address = form.cleaned_data["address"]
        if facts.mailbox and facts.mailbox.address.lower() != address.lower():
            facts.mailbox.address = address
            facts.mailbox.save()
        facts.setup.note(account=account, address=address)

    def context(self, facts: Facts) -> dict[str, Any]:
        others = EmailAccount.objects.none() if facts.account else _with_servers()
        standing = standing_of(facts.account) if facts.account else None
        told = {"providers": GUIDES, "others": others[:50], "standing": standing}
        return super().context(facts) | told


def _with_servers() -> QuerySet[EmailAccount]:
    """What a provider brings or sends has no server to ask for here; its own page knows it."""
    rows = EmailAccount.objects.exclude(receive_kind=EmailAccount.Receive.PROVIDER)
    return rows.exclude(send_kind=EmailAccount.Send.ANYMAIL)


class UseAccount(AdministratorsOnly):
    """Goes on with an account that is there already."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = get_object_or_404(EmailAccount, pk=pk)
        mailbox = account.mailboxes.order_by("pk").first()
        _start_with(account, mailbox.address if mailbox else "")
        return redirect(steps.url_of("account"))


class Another(AdministratorsOnly):
    """From the beginning, for one more account; the rows of the first one stay."""

    def post(self, request: HttpRequest) -> HttpResponse:
        _start_with(None, "")
        return redirect(steps.url_of("account"))


def _start_with(account: EmailAccount | None, address: str) -> None:
    steps.load().setup.note(
        account=account,
        address=address,
        receive_test=None,
        send_test=None,
        put_off=[],
        old_mail_chosen=False,
        finished_at=None,
    )


class Test(StepPage):
    key = "test"

    def post(self, request: HttpRequest) -> HttpResponse:
        facts = steps.load()
        if shut := self.shut(facts):
            return shut
        if "later" in request.POST:
            return self.put_off(facts, *(side for side in SIDES if not facts.passed(side)))
        wanted = [side for side in SIDES if request.POST.get("try") in (side, "both")]
        for side in (side for side in wanted if facts.is_used(side)):
            _try(facts, side)
        return self.again()

    def context(self, facts: Facts) -> dict[str, Any]:
        sides = [_Side(facts, side) for side in SIDES]
        works = all(side.passed for side in sides)
        return {"sides": sides, "works": works, "doubts": list(account_doubts(facts.account))}


def _try(facts: Facts, side: str) -> None:
    """Outside any transaction: a server may think for half a minute."""
    account = facts.account
    assert account is not None
    of = steps.fingerprint(account, side)
    ask = diagnose.test_receive if side == "receive" else diagnose.test_send
    answer = ask(account)
    told = {"of": of, "ok": answer.ok, "code": answer.code, "sentence": answer.sentence}
    facts.setup.note(**{f"{side}_test": told})


class _Side:
    """One server of the account, as the test page shows it."""

    def __init__(self, facts: Facts, side: str) -> None:
        account = facts.account
        self.key = side
        self.title = _("Incoming mail") if side == "receive" else _("Outgoing mail")
        self.used = facts.is_used(side)
        self.host = getattr(account, f"{side}_host", "")
        self.port = getattr(account, f"{side}_port", "")
        self.test = facts.test_of(side)
        self.passed = facts.passed(side)
        self.put_off = facts.is_put_off(side)
        stored = getattr(facts.setup, f"{side}_test")
        self.changed = bool(stored) and self.test is None


class RoundTripPage(StepPage):
    key = ROUND_TRIP

    def get(self, request: HttpRequest) -> HttpResponse:
        facts = steps.load()
        if "look" in request.GET and facts.trip:  # the way without a script: the page looks itself
            round_trip.advance(facts.trip)
            facts = steps.load()
        return self.shut(facts) or self.page(facts)

    def post(self, request: HttpRequest) -> HttpResponse:
        facts = steps.load()
        if shut := self.shut(facts):
            return shut
        if "later" in request.POST:
            return self.put_off(facts, ROUND_TRIP)
        assert facts.account is not None
        if "stop" in request.POST:
            round_trip.stop(facts.account)
        elif all(facts.is_used(side) for side in SIDES) and facts.address:
            round_trip.begin(facts.account, facts.address)
        return self.again()

    def context(self, facts: Facts) -> dict[str, Any]:
        return _trip_context(facts)


class Look(AdministratorsOnly):
    """What the page's script asks for: one piece of work, and how it looks afterwards."""

    def get(self, request: HttpRequest) -> HttpResponse:
        facts = steps.load()
        if facts.trip and facts.trip.running:
            round_trip.advance(facts.trip)
        return render(request, "admin/setup/_trip.html", {"facts": facts} | _trip_context(facts))


def _trip_context(facts: Facts) -> dict[str, Any]:
    trip = facts.trip
    shown = trip if trip and (trip.running or trip == facts.proof) else None
    needed = all(facts.is_used(side) for side in SIDES)
    return {"trip": shown, "outdated": bool(trip) and shown is None, "needed": needed}


class MailboxPage(FormPage):
    key = "mailbox"

    def form(self, facts: Facts, data: Any = None) -> MailboxStep:
        mailbox = facts.mailbox or Mailbox(account=facts.account, address=facts.address)
        return MailboxStep(data, instance=mailbox)

    def save(self, form: MailboxStep, facts: Facts) -> None:
        mailbox = form.save()
        facts.setup.note(address=mailbox.address)
        if facts.channel.notice_mailbox_id is None:  # so that the next steps can invite people
            facts.channel.notice_mailbox = mailbox
            facts.channel.save()


class QueuePage(FormPage):
    key = "queue"

    def form(self, facts: Facts, data: Any = None) -> QueueStep:
        assert facts.mailbox is not None
        queue = facts.queue or Queue(name=_("Support"))
        return QueueStep(data, instance=queue, mailbox=facts.mailbox)

    def save(self, form: QueueStep, facts: Facts) -> None:
        form.save()

    def context(self, facts: Facts) -> dict[str, Any]:
        return super().context(facts) | {"there_are_queues": Queue.objects.exists()}


class Members(FormPage):
    key = "members"

    def form(self, facts: Facts, data: Any = None) -> MembersStep:
        assert facts.queue is not None
        return MembersStep(data, queue=facts.queue)

    def save(self, form: MembersStep, facts: Facts) -> None:
        form.save()

    def post(self, request: HttpRequest) -> HttpResponse:
        if "new" in request.POST:
            return self._make_agent(request)
        if "later" in request.POST:
            return self.put_off(steps.load(), "members")
        return super().post(request)

    def may_save(self, form: BaseForm) -> bool:
        if not (form.cleaned_data["agents"] or form.cleaned_data["teams"]):
            form.add_error(None, _("Choose at least one, or leave it for later."))
            return False
        return super().may_save(form)

    def context(self, facts: Facts) -> dict[str, Any]:
        return super().context(facts) | {"new_agent": self._new_agent(facts)}

    def _new_agent(self, facts: Facts, data: Any = None) -> NewAgent:
        return NewAgent(data, prefix="agent", channel=facts.channel, here=own_address(self.request))

    def _make_agent(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            lock_until_commit("setup")
            facts = steps.load()
            if shut := self.shut(facts):
                return shut
            form = self._new_agent(facts, request.POST)
            if not form.is_valid():
                return self.page(facts, new_agent=form)
            assert facts.queue is not None
            user = form.save_into(facts.queue)
        tell_invited(request, user, invite(user))
        return self.again()


def tell_invited(request: HttpRequest, user: User, invited: Invited) -> None:
    """Where no mail leaves, the administrator hands the link over."""
    told = {"user": user.display_name, "trouble": invited.trouble, "link": invited.link}
    if not invited.trouble:
        sentence = _("%(user)s is in the queue and is invited by mail to choose a password.")
        messages.success(request, sentence % told)
    elif invited.link:
        sentence = _(
            "%(user)s is in the queue, but no mail left: %(trouble)s Hand over this link yourself;"
            " it works once, for seven days: %(link)s"
        )
        messages.warning(request, sentence % told)
    else:
        sentence = _("%(user)s is in the queue. No invitation: %(trouble)s")
        messages.warning(request, sentence % told)


def own_address(request: HttpRequest) -> str:
    return settings.EXTERNAL_URL or request.build_absolute_uri("/").rstrip("/")


class OldMailPage(FormPage):
    key = "old-mail"

    def form(self, facts: Facts, data: Any = None) -> OldMailStep:
        return OldMailStep(data, instance=facts.account)

    def save(self, form: OldMailStep, facts: Facts) -> None:
        form.save()
        facts.setup.note(old_mail_chosen=True)

    def context(self, facts: Facts) -> dict[str, Any]:
        counted = None
        if "count" in self.request.GET and facts.account:  # the way without a script
            counted = old_mail.count(facts.account)
        asks = facts.is_used("receive") and not facts.was_read
        return super().context(facts) | {"counted": counted, "asks": asks}


class CountOldMail(AdministratorsOnly):
    def get(self, request: HttpRequest) -> HttpResponse:
        account = steps.load().account
        if account is None:
            return JsonResponse({}, status=409)
        counted = old_mail.count(account)
        told = {"sentence": counted.sentence, "trouble": bool(counted.trouble)}
        return JsonResponse(told | {"unread": counted.unread, "total": counted.total})


class SwitchOn(FormPage):
    key = "switch-on"

    def form(self, facts: Facts, data: Any = None) -> SwitchOnStep:
        channel = facts.channel
        channel.external_url = channel.external_url or own_address(self.request)
        return SwitchOnStep(data, instance=channel, is_something_open=bool(self._open(facts)))

    def may_save(self, form: Any) -> bool:
        return True

    def save(self, form: SwitchOnStep, facts: Facts) -> None:
        assert facts.account is not None
        channel = form.save(commit=False)
        channel.enabled = True
        channel.save()
        facts.account.enabled = True
        facts.account.save(update_fields=["enabled"])
        facts.setup.note(finished_at=timezone.now())
        for doubt in channel.doubts():
            messages.warning(self.request, doubt)

    def onward(self) -> HttpResponse:
        return redirect("admin:email-setup-live")

    def context(self, facts: Facts) -> dict[str, Any]:
        return super().context(facts) | {"open": self._open(facts)}

    def _open(self, facts: Facts) -> list[steps.Step]:
        before_this = steps.steps(facts)[:-1]
        return [one for one in before_this if one.state != DONE]


PAGES: tuple[type[StepPage], ...] = (
    Account,
    Test,
    RoundTripPage,
    MailboxPage,
    QueuePage,
    Members,
    OldMailPage,
    SwitchOn,
)


# ---- before and after -----------------------------------------------------------------


class Start(AdministratorsOnly):
    """Wherever somebody left it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        facts = steps.load()
        shown = steps.steps(facts)
        if facts.setup.finished_at and facts.channel.enabled:
            return redirect("admin:email-setup-live")
        return redirect(steps.first_open(shown).url)


class Live(AdministratorsOnly):
    """You are live: what to do next, and what is still open."""

    def get(self, request: HttpRequest) -> HttpResponse:
        facts = steps.load()
        if not (facts.setup.finished_at and facts.channel.enabled):
            return redirect(reverse("admin:email-setup"))
        shown = steps.steps(facts)
        left = [one for one in shown if one.state in (steps.OPEN, LATER)]
        return render(
            request, "admin/setup/live.html", {"facts": facts, "steps": shown, "left": left}
        )
