"""No stored secret, open or sealed, leaves by a page, the API, a command or a row beside its own."""

import json
from collections.abc import Iterable, Iterator
from datetime import date
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.management import call_command
from django.db import models
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, reverse

from apps.channels.models import EmailAccount, InboundEmail
from apps.core import blobs
from apps.core.secrets import seal, sealed_places
from apps.core.tokens import make_token
from apps.crm.models import CrmConnection, CrmSettings, Ticket, TicketUpdate
from apps.storage.models import StorageSettings, StorageTarget, StoredObject
from config import urls as urls  # the pages of the admin are registered with it
from tests.calls import Caller
from tests.people import House, make_attachment, make_house, make_message, make_session

pytestmark = pytest.mark.django_db

FETCH, SEND, CRM, BUCKET = "fetch-pw-4711", "send-pw-4712", "crm-token-4713", "bucket-4714"
TOTP, LOGIN = "JBSWY3DPEHPK3PXP", "login-key-4718-of-alice"


@pytest.fixture
def house() -> House:
    """A row of every kind that has a page."""
    house = make_house()
    EmailAccount.objects.update(receive_password=seal(FETCH), send_password=seal(SEND))
    crm = CrmSettings.load()
    StorageTarget.objects.filter(pk=StorageSettings.load().target_id).update(
        backend="s3", bucket="files", region="eu-west-1", key=seal(BUCKET), secret=seal(BUCKET)
    )
    StoredObject.objects.create(
        kind="raw", key="1", name="x.eml", day=date(2026, 11, 26), thread_key="T1", size=1
    )
    CrmConnection.objects.filter(pk=crm.connection_id).update(token=seal(CRM))
    message = make_message(make_session(house.support, agent=house.alice, mailbox=house.mailbox))
    make_attachment(message)
    raw = blobs.store(b"Subject: x\r\n\r\ny")
    for status in ("stored", "quarantined"):
        InboundEmail.objects.create(source="fetch", sha256=status, status=status, raw=raw)
    Authenticator.objects.create(user=house.alice.user, type="totp", data={"secret": seal(TOTP)})
    UserSession.objects.create(user=house.alice.user, session_key=LOGIN, ip="127.0.0.1")
    Ticket.objects.create(marker="T1", subject="s")
    TicketUpdate.objects.create(thread_key="T1", kind="link", key="1", text="x")
    return house


def kept() -> dict[str, str]:
    """Every secret of this installation by a name that may be shown."""
    found = {
        "fetch": FETCH,
        "send": SEND,
        "crm": CRM,
        "bucket": BUCKET,
        "totp": TOTP,
        "login": LOGIN,
    }
    found |= {"SECRET_KEY": settings.SECRET_KEY, "CARTERIA_KEY": settings.CARTERIA_KEYS[0]}
    for place in sealed_places():
        for row in apps.get_model(place.model)._base_manager.values_list("pk", place.field):
            number = iter(range(100))

            def note(sealed: str, where: str = f"{place.model}.{place.field} {row[0]}") -> str:
                found[f"{where} sealed {next(number)}"] = sealed  # noqa: B023
                return sealed

            place.mapped(row[1], note)
    return found


def shown_in(text: str) -> list[str]:
    return [name for name, secret in kept().items() if secret in text]


# ---- the admin ----------------------------------------------------------------------------------


def pages() -> Iterator[str]:
    """The list, the form of a new row, and the pages of each row; then all pages without a row."""
    for model, site in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        yield reverse(f"{name}_add")
        for row in site.model._default_manager.all()[:3]:
            for page in ("change", "history", "delete"):
                yield reverse(f"{name}_{page}", args=[row.pk])
    for name in _names(admin.site.get_urls()):
        try:
            yield reverse(f"admin:{name}")
        except NoReverseMatch:
            continue  # a page of a row


def _names(patterns: Iterable[Any]) -> Iterator[str]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from _names(one.url_patterns)
        elif isinstance(one, URLPattern) and one.name and one.name != "logout":
            yield one.name


def whole(page: Any) -> str:
    """Of a table that is written while it is read, too."""
    return (page.getvalue() if page.streaming else page.content).decode()


@pytest.mark.parametrize("who", ["admin", "auditor", "irene"])
def test_no_page_of_the_admin_shows_a_secret(house: House, who: str) -> None:
    client = Client()
    client.force_login(getattr(house, who))
    walked, shown = 0, []
    for address in sorted(set(pages())):
        page = client.get(address)
        if page.status_code == 200:
            walked += 1
            shown += [(address, name) for name in shown_in(whole(page))]
    assert shown == []
    assert walked > {"admin": 50, "auditor": 40, "irene": 2}[who]
    print(f"{who}: {walked} pages")


def test_a_form_that_comes_back_does_not_show_what_was_typed(house: House) -> None:
    client = Client()
    client.force_login(house.admin)
    account = EmailAccount.objects.get()
    address = reverse("admin:email_channels_emailaccount_change", args=[account.pk])
    typed = {"new_receive_password": "typed-pw-4715", "new_send_password": "typed-pw-4716"}
    page = client.post(address, typed | {"name": ""})
    assert page.status_code == 200
    assert page.context["errors"]
    assert "typed-pw" not in page.content.decode()


def test_what_was_typed_is_stored_sealed_and_nowhere_else(house: House) -> None:
    client = Client()
    client.force_login(house.admin)
    account = EmailAccount.objects.get()
    address = reverse("admin:email_channels_emailaccount_change", args=[account.pk])
    form = client.get(address).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    typed = {name: value for name, value in values.items() if value not in (None, False)}
    inline = {"mailboxes-TOTAL_FORMS": "0", "mailboxes-INITIAL_FORMS": "0"}
    client.post(address, typed | inline | {"new_receive_password": "typed-pw-4715"})
    account.refresh_from_db()
    assert account.receive_password not in ("", seal(FETCH))
    assert tables_with("typed-pw-4715") == []


# ---- the API and commands -----------------------------------------------------------------------

LISTS = (
    "accounts/",
    "agents/",
    "attachments/",
    "ledger/",
    "messages/",
    "pipeline/",
    "quarantine/",
    "queues/",
    "schema/?format=json",
    "sessions/",
    "tickets/",
)


@pytest.mark.parametrize("who", ["admin", "auditor", "robot"])
def test_no_answer_of_the_api_shows_a_secret(house: House, who: str) -> None:
    caller = Caller(getattr(house, who))
    answered = 0
    for path in LISTS:
        answer = caller.get(path)
        answered += answer.status_code == 200
        assert (path, shown_in(answer.content.decode())) == (path, [])
        body = answer.json() if "json" in answer["Content-Type"] else {}
        for row in body.get("results", [])[:3]:
            one = caller.get(f"{path}{row['id']}/")
            assert (path, shown_in(one.content.decode())) == (path, [])
    assert answered >= 8


def test_configure_tells_names_and_no_secret(
    house: House, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "settings.yaml"
    receive = "{kind: imap, host: a.test, user: u, password: typed-pw-4715}"
    file.write_text(
        f"version: 1\naccounts: [{{name: new, receive: {receive}}}]\n"
        "users: [{user: zoe, email: zoe@x.test, password: typed-pw-4716, roles: [agent]}]\n"
        "crm: {token: typed-pw-4717}\n"
    )
    out = StringIO()
    call_command("configure", str(file), stdout=out)
    assert {json.loads(line)["object"] for line in out.getvalue().splitlines()} >= {
        "account",
        "crm",
    }
    assert "typed-pw" not in out.getvalue() + "".join(capsys.readouterr())
    assert tables_with("typed-pw-471") == []


def test_configure_refuses_without_repeating_a_secret(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "settings.yaml"
    receive = '{kind: pop9, host: "", user: u, password: "typed-pw-4715\\u0007"}'
    file.write_text(f"version: 1\naccounts: [{{name: new, receive: {receive}}}]\n")
    with pytest.raises(SystemExit):
        call_command("configure", str(file))
    said = capsys.readouterr()
    assert "accounts" in said.err
    assert "typed-pw" not in said.err + said.out


# ---- rows ---------------------------------------------------------------------------------------


def tables_with(text: str) -> list[str]:
    """Columns of any table, audit rows too, that hold TEXT as it is."""
    found = []
    for model in apps.get_models():
        kinds = (models.CharField, models.TextField, models.JSONField)
        names = [one.name for one in model._meta.local_fields if isinstance(one, kinds)]
        for row in model._base_manager.values(*names) if names else ():
            found += [f"{model._meta.label}.{k}" for k, v in row.items() if text in str(v)]
    return found


def test_no_row_holds_a_secret_as_it_is(house: House) -> None:
    token = make_token(house.admin, name="t")
    for secret in (FETCH, SEND, CRM, BUCKET, TOTP, token):
        assert tables_with(secret) == []
