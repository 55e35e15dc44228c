"""Every page that a browser can be led to, with something to show on each."""

from collections.abc import Iterator

from django.contrib import admin
from django.urls import reverse

from apps.agents.models import Agent, AgentState, CustomState
from apps.core.models import User
from apps.tickets.models import Message, Session
from config import urls as urls  # the pages of the admin are registered with it
from config.setup.steps import KEYS
from tests.people import House, make_attachment, make_message, make_session, put_in_state

CUSTOM = "Training"
WORK = ("Alice's parcel", "<p style='color: #a00'>Where is <b>it</b>?</p>")
STRANGERS = (
    "/accounts/login/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
    "/accounts/password/reset/key/1-x/",
    "/nothing/here/",
)
OWN = (
    "/accounts/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/reauthenticate/",
    "/accounts/sessions/",
    "/nothing/here/",
)


def furnish(house: House) -> Session:
    """A session with files of every verdict, Alice in a state of the house's own."""
    CustomState.objects.create(name=CUSTOM, colour="#5f43b2")
    CustomState.objects.create(name="Quiet hour")
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox, subject=WORK[0])
    make_message(session, html=WORK[1])
    answer = make_message(session, direction="out", author=house.alice.user)
    for verdict in ("clean", "waiting", "refused", "infected", "withheld"):
        make_attachment(answer, name=f"{verdict}.pdf", verdict=verdict)
    put_in_state(house.alice, CUSTOM)
    AgentState.objects.filter(agent=house.bob).update(overlay="In-Call", effective="In-Call")
    return session


def of_an_agent(session: Session) -> list[str]:
    here = f"/s/{session.public_id}/"
    message = Message.objects.filter(session=session).earliest("pk")
    lists = ["/", "/?view=closed", "/?status=any&view=all", "/?view=drafts", here, "/d/none/"]
    lists += ["/tickets/", "/tickets/?q=nowhere"]
    return [*lists, f"/e/{message.pk}/", f"/m/{message.pk}/"]


def of_an_administrator() -> list[str]:
    """Every page of the admin: lists, forms, histories, deletions, and our own."""
    agent, user = Agent.objects.earliest("pk"), User.objects.latest("pk")
    own = ["/admin/", "/admin/email/health/", "/admin/email/setup/", "/board/"]
    own += ["/admin/email/dry-run/", "/admin/email/replay/?run=1"]
    own += [f"/admin/email/setup/{step}/" for step in KEYS]
    own += [f"/admin/core/user/{user.pk}/hand-over/"]
    own += [f"/admin/agents/agent/set-state/?ids={agent.pk}", "/admin/password_change/"]
    return [*own, *_pages_of_models()]


def _pages_of_models() -> Iterator[str]:
    for model in admin.site._registry:
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.order_by("pk").first()
        yield reverse(f"{base}_changelist")
        yield reverse(f"{base}_add")
        if row is not None:
            names = ("change", "history", "delete")
            yield from (reverse(f"{base}_{name}", args=[row.pk]) for name in names)
