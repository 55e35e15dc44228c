"""The form of a connection: what is refused, at which field, with which cure."""

from ipaddress import ip_network
from typing import Any

import pytest

from apps.core.secrets import seal, unseal
from apps.crm.forms import ConnectionForm, merge_fields_help
from apps.crm.merge_fields import MERGE_FIELDS
from apps.crm.models import CrmConnection, TicketLink

pytestmark = pytest.mark.django_db

RT = {
    "url": "https://rt.example.com",
    "user": "",
    "new_token": "1-14-abc",
    "queue": "General",
    "sender_addresses": "",
    "fields_of_ticket": "",
    "deleted_ticket": "stop",
    "merged_ticket": "follow",
}


def form(row: CrmConnection | None = None, kind: str = "rt", **typed: Any) -> ConnectionForm:
    return ConnectionForm(RT | typed, instance=row or CrmConnection(kind=kind))


def told(kind: str = "rt", **typed: Any) -> dict[str, str]:
    """What is said at which field."""
    return {name: " ".join(said) for name, said in form(None, kind, **typed).errors.items()}


def stored(**fields: Any) -> CrmConnection:
    values = {"kind": "rt", "url": "https://rt.example.com", "token": seal("old")}
    return CrmConnection.objects.create(**(values | fields))


def test_a_connection_is_stored_with_its_token_sealed() -> None:
    made = form(fields_of_ticket="Team = {QUEUE}\n\nFrom={CUSTOMER_EMAIL}").save()
    made.refresh_from_db()
    assert made.url == "https://rt.example.com"
    assert "1-14-abc" not in made.token
    assert unseal(made.token) == "1-14-abc"
    assert made.fields == {"Team": "{QUEUE}", "From": "{CUSTOMER_EMAIL}"}


def test_slashes_at_the_end_of_an_address_do_not_matter() -> None:
    assert form(url="https://rt.example.com/rt/").save().url == "https://rt.example.com/rt"


BAD_ADDRESSES = {
    "": "Write it like https://",
    "rt.example.com": "Write it like https://",
    "ftp://rt.example.com": "Write it like https://",
    "https://rt.example.com:0": "Write it like https://",
    "https://rt.example.com:x": "Write it like https://",
    "https://rt.exa mple.com": "Write it like https://",
    "https://rt.example.com\\@10.0.0.1": "Write it like https://",
    "https://root:pw@rt.example.com": "Leave out user and password",
    "https://rt.example.com/?a=1": "Leave out everything from ? or #",
    "https://rt.example.com/#a": "Leave out everything from ? or #",
    "http://rt.example.com": "Begin with https://",
    "https://localhost": "CARTERIA_PRIVATE_HOSTS",
    "https://a.localhost": "CARTERIA_PRIVATE_HOSTS",
    "https://127.0.0.1": "CARTERIA_PRIVATE_HOSTS",
    "https://2130706433": "CARTERIA_PRIVATE_HOSTS",
    "https://0x7f.1": "CARTERIA_PRIVATE_HOSTS",
    "https://[::1]": "CARTERIA_PRIVATE_HOSTS",
    "https://[::ffff:127.0.0.1]": "CARTERIA_PRIVATE_HOSTS",
    "https://10.1.2.3": "CARTERIA_PRIVATE_HOSTS",
    "https://192.168.0.1/rt": "CARTERIA_PRIVATE_HOSTS",
    "https://169.254.169.254/latest": "CARTERIA_PRIVATE_HOSTS",
    "https://[fe80::1]": "CARTERIA_PRIVATE_HOSTS",
    "https://[fd00:ec2::254]": "CARTERIA_PRIVATE_HOSTS",
    "https://metadata.google.internal": "CARTERIA_PRIVATE_HOSTS",
    "https://" + "a" * 600 + ".example.com": "at most 500 characters",
}


@pytest.mark.parametrize("url", BAD_ADDRESSES)
def test_an_address_that_cannot_be_says_why_and_the_cure(url: str) -> None:
    assert BAD_ADDRESSES[url] in told(url=url)["url"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/rt", "http://localhost:8080"])
def test_a_permitted_range_may_be_named_and_do_without_tls(url: str, settings: Any) -> None:
    settings.PRIVATE_HOSTS = [ip_network("127.0.0.0/8")]
    assert told(url=url) == {}
    assert "CARTERIA_PRIVATE_HOSTS" in told(url="https://10.0.0.1")["url"]


BAD_FIELDS = {
    "Team = {QUEU}": "Line 1: {QUEU} is no merge field; there are: {SESSION_ID}",
    "Team {QUEUE}": "Line 1: Write it like Department = {QUEUE}.",
    "= {QUEUE}": "Line 1: Write it like",
    "Team = {QUEUE": "Line 1: A { or } stands alone",
    "A = x\n\nB = " + "x" * 501: "Line 3: At most 500 characters.",
    "Team = a\nteam = b": "Line 2: “team” stands here twice; keep one.",
    "A" * 201 + " = x": "Line 1: The name of a field has at most 200 characters.",
    "A = x\x07y": "Line 1: Line breaks",
    "\n".join(f"F{n} = x" for n in range(51)): "At most 50 fields; there are 51.",
}


@pytest.mark.parametrize("lines", BAD_FIELDS)
def test_a_field_that_cannot_be_names_its_line_and_the_cure(lines: str) -> None:
    assert BAD_FIELDS[lines] in told(fields_of_ticket=lines)["fields_of_ticket"]


def test_all_bad_lines_are_named_at_once_and_stay_as_they_were_typed() -> None:
    tried = form(fields_of_ticket="A = {X}\nB\nC = fine")
    said = tried.errors["fields_of_ticket"]
    assert [one[:7] for one in said] == ["Line 1:", "Line 2:"]
    assert "A = {X}\nB\nC = fine" in str(tried["fields_of_ticket"])


def test_fifty_fields_of_five_hundred_characters_are_fine() -> None:
    lines = "\n".join(f"F{n} = {'x' * 500}" for n in range(50))
    assert told(fields_of_ticket=lines) == {}


def test_every_merge_field_is_explained() -> None:
    assert all(f"{{{name}}}" in merge_fields_help() for name in MERGE_FIELDS)


def test_addresses_of_the_crm_are_one_a_line_and_addresses() -> None:
    made = form(sender_addresses="rt@example.com\n RT@example.com, crm@example.com").save()
    assert made.sender_addresses == ["rt@example.com", "crm@example.com"]
    said = told(sender_addresses="rt@example.com\nnobody")["sender_addresses"]
    assert said == "“nobody” is no email address; write it like name@example.com."


@pytest.mark.parametrize("kind", ["rt", "zendesk", "webhook"])
def test_the_token_is_asked_for_and_a_user_is_not(kind: str) -> None:
    problems = told(kind, new_token="", user="")
    assert "new_token" in problems
    assert "user" not in problems


def test_an_empty_token_keeps_the_stored_one() -> None:
    row = stored()
    form(row, new_token="").save()
    row.refresh_from_db()
    assert unseal(row.token) == "old"


def test_the_token_never_comes_out_again() -> None:
    assert "old" not in form(stored()).as_p()


def test_a_token_that_is_kept_is_not_handed_to_another_host() -> None:
    said = form(stored(), new_token="", url="https://evil.example").errors
    assert said["new_token"] == ["The address changed: type the token again."]
    assert form(stored(), new_token="n", url="https://new.example").is_valid()


def test_a_connection_with_tickets_does_not_move() -> None:
    row = stored()
    TicketLink.objects.create(thread_key="T1", connection=row, ticket="1")
    said = form(row, url="https://elsewhere.example").errors["url"][0]
    assert "1 conversation has its ticket at https://rt.example.com" in said
    assert "Make a new connection" in said
    row.refresh_from_db()
    assert form(row, queue="Other", new_token="n", fields_of_ticket="A = b").is_valid()
