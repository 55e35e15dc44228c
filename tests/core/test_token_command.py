"""`token`: a key of a person or an integration, with the scopes that were asked for."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.core.models import ApiToken, Role, User
from tests.people import make_user

pytestmark = pytest.mark.django_db


def printed(*arguments: str) -> str:
    out = io.StringIO()
    call_command("token", *arguments, stdout=out)
    return out.getvalue()


def test_a_token_of_a_person_opens_the_api(client: Client) -> None:
    make_user("ana", roles=[Role.AGENT])
    key = printed("ana").strip()
    answer = client.get("/api/v1/queues/", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    assert ApiToken.objects.get().scopes == []


def test_stdout_has_the_key_and_nothing_else() -> None:
    make_user("ana")
    lines = printed("ana").splitlines()
    assert len(lines) == 1
    assert len(lines[0]) >= 43  # 256 bits in base64


@pytest.mark.parametrize(
    "scopes", [["--scope", "events,read"], ["--scope", "events", "--scope", "read,events"]]
)
def test_scopes_are_written_with_commas_or_again(scopes: list[str]) -> None:
    printed("--integration", "pbx", *scopes)
    assert ApiToken.objects.get().scopes == ["events", "read"]


def test_an_integration_is_made_once_and_cannot_sign_in() -> None:
    first, second = printed("--integration", "pbx"), printed("--integration", "pbx")
    assert first != second
    robot = User.objects.get()
    assert robot.has_role(Role.INTEGRATION)
    assert not robot.has_usable_password()
    assert robot.tokens.count() == 2


@pytest.mark.parametrize("arguments", [[], ["ana", "--integration", "pbx"], ["nobody"]])
def test_whose_token_it_is_must_be_clear(arguments: list[str]) -> None:
    make_user("ana")
    with pytest.raises(CommandError):
        printed(*arguments)


def test_a_switched_off_user_gets_none() -> None:
    make_user("ana", is_active=False)
    with pytest.raises(CommandError, match="no active user"):
        printed("ana")
