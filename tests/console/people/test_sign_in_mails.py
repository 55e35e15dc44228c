"""Invitations and forgotten passwords: real mails through a real server, links that work once."""

import email
import email.policy
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.test import Client

from apps.channels.models import ChannelSettings, Mailbox
from apps.console import tasks
from apps.console.people.links import FORGOTTEN, INVITATION, LinkTokens, link_for
from apps.core.invitations import invite
from apps.core.models import Role, SettingsChange, User
from tests.console.conftest import SignIn
from tests.people import CONSOLE, House, make_account, make_mailbox, make_user
from tests.second_factors import sign_in
from tests.servers.smtp_sink import SmtpSink

FORM = {"password1": "a-long-new-one", "password2": "a-long-new-one"}
NEW_USER = {"username": "dana", "first_name": "Dana", "email": "dana@agents.test", "language": "es"}
NEW_USER |= {"roles": ["agent"], "send_invitation": "on"}
Commits = Callable[..., Any]


@pytest.fixture
def notices(house: House, smtp_sink: SmtpSink) -> Mailbox:
    """The mailbox through which they leave."""
    mailbox = make_mailbox(
        "people@carteria.test",
        account=make_account(send_port=smtp_sink.port),
        from_name="Señora Post",
    )
    channel = ChannelSettings.load()
    channel.notice_mailbox = mailbox
    channel.save()
    return mailbox


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Does at once what would be sent to it."""
    monkeypatch.setattr(tasks, "wake", lambda task, *arguments: task(*arguments))


def read(sink: SmtpSink) -> EmailMessage:
    (mail,) = sink.mails
    message = email.message_from_bytes(mail.raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def link_in(message: EmailMessage) -> str:
    found = re.findall(r"^http://\S+/key/\S+", text_of(message), re.MULTILINE)
    assert len(found) == 1
    return str(found[0])


def choose(link: str, client: Client | None = None, **form: str) -> int:
    """As the mail's reader: open the link, fill in the form; answers the last status."""
    client = client or Client()
    opened = client.get(link.removeprefix(CONSOLE))
    if opened.status_code != 302:
        return opened.status_code
    return client.post(opened["Location"], FORM | form).status_code


def ask(address: str) -> str:
    answer = Client().post("/accounts/password/reset/", {"email": address}, follow=True)
    assert answer.redirect_chain == [("/accounts/password/reset/done/", 302)]
    return answer.content.decode()


# ---- forgotten --------------------------------------------------------------------------------


@pytest.mark.servers
def test_a_forgotten_password_is_replaced_by_a_real_mail(
    notices: Mailbox,
    worker: None,
    smtp_sink: SmtpSink,
    django_capture_on_commit_callbacks: Commits,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        ask("ALICE@agents.test")
    mail, (kept,) = read(smtp_sink), smtp_sink.mails

    assert (kept.sender, kept.recipients) == ("people@carteria.test", ("alice@agents.test",))
    assert mail["From"] == "Señora Post <people@carteria.test>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@carteria.test>")
    assert kept.raw.isascii()
    assert "Your user name: alice" in text_of(mail)
    assert link_in(mail) in text_of(mail, "html")
    assert choose(link_in(mail)) == 302
    assert choose(link_in(mail)) == 200
    form = {"login": "alice", "password": "a-long-new-one"}
    assert Client().post("/accounts/login/", form).status_code == 302


@pytest.mark.servers
def test_who_asks_never_learns_who_is_known(
    notices: Mailbox,
    worker: None,
    smtp_sink: SmtpSink,
    django_capture_on_commit_callbacks: Commits,
) -> None:
    User.objects.filter(username="bob").update(is_active=False)
    with django_capture_on_commit_callbacks(execute=True):
        pages = {ask(one) for one in ("nobody@x.test", "bob@agents.test", "robot@agents.test")}
        pages.add(ask("alice@agents.test"))

    assert len(pages) == 1
    assert [mail.recipients for mail in smtp_sink.mails] == [("alice@agents.test",)]


@pytest.mark.servers
def test_everybody_of_a_shared_address_gets_a_link(
    notices: Mailbox,
    worker: None,
    smtp_sink: SmtpSink,
    django_capture_on_commit_callbacks: Commits,
) -> None:
    make_user("zoe", email="alice@agents.test")
    with django_capture_on_commit_callbacks(execute=True):
        ask("alice@agents.test")

    said = "".join(mail.raw.decode() for mail in smtp_sink.mails)
    assert len(smtp_sink.mails) == 2
    assert "user name: alice" in said and "user name: zoe" in said


def test_without_a_broker_or_a_mailbox_the_page_is_the_same(
    house: House,
    worker: None,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Commits,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert ask("alice@agents.test") == ask("nobody@x.test")

    (line,) = [one for one in caplog.records if one.name == "apps.console.people.mails"]
    assert (line.code, line.user) == ("no-mailbox", house.alice.user_id)  # type: ignore[attr-defined]
    assert "alice" not in caplog.text


# ---- links ------------------------------------------------------------------------------------


def after(monkeypatch: pytest.MonkeyPatch, tokens: LinkTokens, passed: timedelta) -> None:
    monkeypatch.setattr(type(tokens), "_now", lambda _self: datetime.now() + passed)


@pytest.mark.parametrize(
    ("tokens", "passed", "status"),
    [
        (FORGOTTEN, timedelta(minutes=119), 302),
        (FORGOTTEN, timedelta(minutes=121), 200),
        (INVITATION, timedelta(days=6, hours=23), 302),
        (INVITATION, timedelta(days=7, hours=1), 200),
    ],
)
def test_a_link_ends(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    tokens: LinkTokens,
    passed: timedelta,
    status: int,
) -> None:
    link = link_for(house.alice.user, tokens)
    after(monkeypatch, tokens, passed)

    assert choose(link) == status


def _sign_in(user: User) -> None:
    sign_in(user)


def _new_address(user: User) -> None:
    user.email = "elsewhere@agents.test"
    user.save()


def _off(user: User) -> None:
    user.is_active = False
    user.save()


@pytest.mark.parametrize("happens", [_sign_in, _new_address, _off])
def test_a_link_is_void_once_something_happened(
    house: House, happens: Callable[[User], None]
) -> None:
    link = link_for(house.alice.user, FORGOTTEN)
    happens(house.alice.user)

    assert choose(link) == 200


def test_a_link_of_one_opens_no_other(house: House) -> None:
    link = link_for(house.alice.user, FORGOTTEN)
    of_bob = link.replace("/key/", "/key/x", 1)

    assert choose(of_bob) == 200


@pytest.mark.parametrize("password", ["short", "alice123", "password123", "12345678"])
def test_a_weak_password_is_refused_with_the_reason(house: House, password: str) -> None:
    link = link_for(house.alice.user, FORGOTTEN)

    assert choose(link, password1=password, password2=password) == 200
    assert User.objects.get(username="alice").check_password("alice")


def test_a_link_comes_from_the_console_address_whatever_host_asks(house: House) -> None:
    assert link_for(house.alice.user, FORGOTTEN).startswith(f"{CONSOLE}/accounts/password/")


def test_a_new_password_ends_every_sign_in_and_opens_the_lock(
    house: House, django_capture_on_commit_callbacks: Commits
) -> None:
    client = sign_in(house.alice.user)
    link = link_for(User.objects.get(username="alice"), FORGOTTEN)
    for _time in range(5):
        Client().post("/accounts/login/", {"login": "alice", "password": "wrong"})

    with django_capture_on_commit_callbacks(execute=True):
        assert choose(link) == 302

    assert client.get("/").status_code == 302
    form = {"login": "alice", "password": "a-long-new-one"}
    assert Client().post("/accounts/login/", form).status_code == 302


# ---- invitations ------------------------------------------------------------------------------


@pytest.mark.servers
def test_a_new_user_without_a_password_is_invited_in_spanish(
    notices: Mailbox,
    house: House,
    as_user: SignIn,
    smtp_sink: SmtpSink,
    django_capture_on_commit_callbacks: Commits,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        as_user(house.admin).post("/admin/core/user/add/", NEW_USER)
    dana = User.objects.get(username="dana")
    mail = read(smtp_sink)

    assert not dana.has_usable_password()
    assert dana.has_role(Role.AGENT)
    assert '<html lang="es">' in text_of(mail, "html")
    assert choose(link_in(mail)) == 302
    form = {"login": "dana", "password": "a-long-new-one"}
    assert Client().post("/accounts/login/", form).status_code == 302


@pytest.mark.servers
def test_the_invitation_speaks_spanish(notices: Mailbox, smtp_sink: SmtpSink) -> None:
    """Red until the catalogue has these words."""
    dana = make_user("dana", language="es")
    dana.set_unusable_password()
    invite(dana)

    text = text_of(read(smtp_sink))
    assert "Hola" in text
    assert "Hello" not in text


@pytest.mark.django_db(transaction=True)
def test_without_a_mailbox_the_link_is_handed_over_by_hand(house: House, as_user: SignIn) -> None:
    answer = as_user(house.admin).post("/admin/core/user/add/", NEW_USER, follow=True)
    page = answer.content.decode()

    assert "No mailbox for invitations is chosen: Settings &gt; Email &gt; Channel." in page
    (link,) = re.findall(rf"{CONSOLE}/[^\s<]+", page)
    assert choose(link) == 302


@pytest.mark.servers
def test_a_server_that_refuses_is_named_as_the_cause(notices: Mailbox, smtp_sink: SmtpSink) -> None:
    smtp_sink.answers["MAIL"] = "550 5.7.1 not from you"
    dana = make_user("dana")
    dana.set_unusable_password()
    dana.save()

    invited = invite(dana)

    assert "not from you" in invited.trouble
    assert choose(invited.link) == 302


@pytest.mark.servers
def test_inviting_again_sends_a_new_link(
    notices: Mailbox, house: House, as_user: SignIn, smtp_sink: SmtpSink
) -> None:
    dana = make_user("dana")
    dana.set_unusable_password()
    dana.save()
    page = act(as_user(house.admin), dana, house.alice.user)

    assert "Dana is invited" in page
    assert "This user has a password already." in page
    assert choose(link_in(read(smtp_sink))) == 302


def act(client: Client, *users: User) -> str:
    form = {"action": "invite_again", "_selected_action": [user.pk for user in users]}
    return client.post("/admin/core/user/", form, follow=True).content.decode()


def test_an_invitation_needs_an_address(house: House, as_user: SignIn) -> None:
    page = as_user(house.admin).post("/admin/core/user/add/", NEW_USER | {"email": ""})

    assert "An invitation needs an address to go to." in page.content.decode()
    assert not User.objects.filter(username="dana").exists()


def test_a_given_password_needs_no_invitation(house: House, as_user: SignIn) -> None:
    form = NEW_USER | {"password": "a-long-new-one", "email": ""}
    as_user(house.admin).post("/admin/core/user/add/", form)

    assert User.objects.get(username="dana").check_password("a-long-new-one")


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"username": "Alice"}, "There is a user of that name already."),
        ({"password": "short"}, "too short"),
        ({"password": "dana@agents"}, "too similar"),
    ],
)
def test_a_bad_new_user_is_refused_with_the_reason(
    house: House, as_user: SignIn, form: dict[str, str], sentence: str
) -> None:
    page = as_user(house.admin).post("/admin/core/user/add/", NEW_USER | form)

    assert sentence in page.content.decode()


def test_a_name_cannot_add_a_header(house: House) -> None:
    house.alice.user.email = "alice@agents.test\nBcc: evil@x.test"
    house.alice.user.set_unusable_password()

    assert invite(house.alice.user).trouble


def test_the_history_names_who_chose_a_password_by_a_link(house: House) -> None:
    assert choose(link_for(house.alice.user, FORGOTTEN)) == 302
    row = SettingsChange.objects.order_by("pk").last()
    assert row is not None
    assert (row.by_id, row.source, row.object_id) == (
        house.alice.user.pk,
        "console",
        str(house.alice.user.pk),
    )
