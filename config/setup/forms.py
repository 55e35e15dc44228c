"""The forms of the later steps: mailbox, queue, members, old mail, and the switch."""

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.agents.models import Agent, Team
from apps.channels.admin import ChannelForm
from apps.channels.admin_mailboxes import MailboxForm
from apps.channels.models import ChannelSettings, EmailAccount, Mailbox
from apps.channels.rules import address_problem, tidy_address
from apps.core.models import Role, User
from apps.core.people import set_roles
from apps.core.rules import RowForm
from apps.queues.models import MailboxRoute, Queue, QueueMembership
from config.setup.stored import StoredForm

MOST_LISTED = 300  # agents; who has more of them uses the queue's own page


class MailboxStep(StoredForm, MailboxForm):
    class Meta:
        model = Mailbox
        fields: ClassVar = ["address", "from_name", "aliases"]


class QueueStep(StoredForm, RowForm):
    """A new queue, or one that is there; its routing is shown and changed only for the own one."""

    existing = forms.ModelChoiceField(
        label=_("Queue"), queryset=Queue.objects.none(), required=False, empty_label=_("A new one")
    )

    class Meta:
        model = Queue
        fields: ClassVar = ["name", "routing", "capacity"]
        widgets: ClassVar = {"routing": forms.RadioSelect}

    def __init__(self, *args: Any, mailbox: Mailbox, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._mailbox = mailbox
        self.fields["existing"].queryset = Queue.objects.filter(enabled=True)  # type: ignore[attr-defined]
        self.fields["existing"].initial = self.instance.pk
        self.fields["name"].required = False
        self.fields["capacity"].min_value = 1  # type: ignore[attr-defined]

    @property
    def other(self) -> Queue | None:
        """A queue that is there already and only gets this mailbox."""
        chosen: Queue | None = self.cleaned_data.get("existing")
        return chosen if chosen and chosen.pk != self.instance.pk else None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.other and not data.get("name"):
            self.add_error("name", _("Give the queue a name."))
        if not self.other and data.get("capacity") == 0:
            self.add_error("capacity", _("With 0, nobody would ever be given a session."))
        return data

    def validate_unique(self) -> None:
        """The name of another one is not asked for."""
        if not self.other:
            super().validate_unique()

    def save(self, commit: bool = True) -> Queue:
        queue = self.other or super().save(commit)
        MailboxRoute.objects.update_or_create(mailbox=self._mailbox, defaults={"queue": queue})
        return queue


class MembersStep(StoredForm, forms.Form):
    """Who works in the queue; whoever is not listed here stays as it is."""

    teams = forms.ModelMultipleChoiceField(
        label=_("Teams"),
        queryset=Team.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    agents = forms.ModelMultipleChoiceField(
        label=_("Agents"),
        queryset=Agent.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, queue: Queue, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._queue = queue
        members = list(queue.memberships.values_list("agent_id", "team_id"))
        active = Agent.objects.working().select_related("user")
        named = active.order_by("user__first_name", "user__last_name", "user__username", "pk")
        first = list(named.values_list("pk", flat=True)[:MOST_LISTED])
        self._listed = len(first)
        self.fields["agents"].queryset = named.filter(pk__in=first)  # type: ignore[attr-defined]
        self.fields["agents"].initial = [agent for agent, _team in members if agent]
        self.fields["teams"].initial = [team for _agent, team in members if team]

    @property
    def more_than_listed(self) -> bool:
        return self._listed >= MOST_LISTED

    def save(self) -> None:
        for name, side in (("agents", "agent"), ("teams", "team")):
            listed = self.fields[name].queryset  # type: ignore[attr-defined]
            chosen = {row.pk for row in self.cleaned_data[name]}
            rows = self._queue.memberships.filter(**{f"{side}__in": listed})
            rows.exclude(**{f"{side}__in": chosen}).delete()
            there = set(rows.values_list(f"{side}_id", flat=True))
            for pk in sorted(chosen - there):  # one by one: each leaves its row in the history
                QueueMembership.objects.create(queue=self._queue, **{f"{side}_id": pk})


class NewAgent(forms.ModelForm):  # type: ignore[type-arg]
    """Somebody who is not there yet: made on the spot, put into the queue, and to be invited."""

    full_name = forms.CharField(label=_("Name"), max_length=150)
    console_address = forms.URLField(
        label=_("Console address"),
        assume_scheme="https",
        help_text=_("The invitation leads here."),
    )

    class Meta:
        model = User
        fields: ClassVar = ["username", "email"]

    def __init__(self, *args: Any, channel: ChannelSettings, here: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._channel = channel
        self.fields["username"].label, self.fields["username"].help_text = _("User name"), ""
        self.fields["email"].required = True
        if channel.external_url:
            del self.fields["console_address"]
        else:
            self.fields["console_address"].initial = here

    def clean_username(self) -> str:
        name = str(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=name).exists():
            raise ValidationError(gettext("There is a user of that name already."), "unique")
        return name

    def clean_console_address(self) -> str:
        address = tidy_address(str(self.cleaned_data["console_address"]))
        if problem := address_problem(address):
            raise ValidationError(problem)
        return address

    def save_into(self, queue: Queue) -> User:
        if address := self.cleaned_data.get("console_address"):
            self._channel.external_url = address
            self._channel.save()
        user: User = self.save(commit=False)
        user.first_name, _space, user.last_name = self.cleaned_data["full_name"].partition(" ")
        user.set_unusable_password()
        user.save()
        set_roles(user, [Role.AGENT])
        QueueMembership.objects.create(queue=queue, agent=Agent.objects.get(user=user))
        return user


class OldMailStep(StoredForm, RowForm):
    class Meta:
        model = EmailAccount
        fields: ClassVar = ["start", "start_date"]
        widgets: ClassVar = {
            "start": forms.RadioSelect,
            "start_date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["start_date"].help_text = ""

    def clean_start_date(self) -> date | None:
        day: date | None = self.cleaned_data["start_date"]
        if day and day > timezone.localdate() and self.cleaned_data.get("start") == "date":
            raise ValidationError(gettext("This day is still to come; choose an earlier one."))
        return day


class SwitchOnStep(ChannelForm):
    """The console's address, and the word that what is open may stay open."""

    although = forms.BooleanField(
        label=_("Switch on all the same; I shall see to what is open"), required=False
    )

    class Meta:
        model = ChannelSettings
        fields: ClassVar = ["external_url"]

    def __init__(self, *args: Any, is_something_open: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_something_open = is_something_open
        self.fields["external_url"].required = True

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self._is_something_open and not data.get("although"):
            self.add_error("although", _("Finish what is open, or say that it may wait."))
        return data
