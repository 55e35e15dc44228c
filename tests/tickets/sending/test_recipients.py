"""Each recipient for itself: who has a mail, who was refused, who is tried again; nobody twice."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.channels import send as sending
from apps.channels.models import EmailAccount
from apps.tickets.models import DeliveryAttempt, DeliveryReport, Message, Session
from apps.tickets.sending import delivery
from apps.tickets.sending.delivery import deliver, due
from apps.tickets.sending.recipients import standing_of
from tests.people import House, make_house, make_message, make_session
from tests.servers.scripted_smtp import DROP, Do, ScriptedSmtp, running_scripted_smtp

pytestmark = pytest.mark.django_db

Status = Message.Status
ANN, BO, CY = PEOPLE = ("ann@outside.test", "bo@outside.test", "cy@outside.test")
NO, LATER = "550 5.1.1 no such user", "450 4.2.0 greylisted"


@pytest.fixture
def server() -> Iterator[ScriptedSmtp]:
    with running_scripted_smtp() as scripted:
        yield scripted


@pytest.fixture
def house(server: ScriptedSmtp) -> House:
    house = make_house()
    EmailAccount.objects.update(send_host="127.0.0.1", send_port=server.port)
    return house


def queued(house: House, **fields: Any) -> Message:
    """To Ann, with Bo in Cc and Cy in Bcc."""
    session = make_session(
        house.support, agent=house.alice, status=Session.Status.ACTIVE, mailbox=house.mailbox
    )
    to, cc, bcc = ([{"email": one, "name": ""}] for one in PEOPLE)
    told = {"direction": "out", "status": "queued", "from_email": house.mailbox.address}
    people = {"mailbox": house.mailbox, "to": to, "cc": cc, "bcc": bcc}
    return make_message(session, **people | told | fields)


@pytest.fixture
def message(house: House) -> Message:
    return queued(house)


def script(dot: Do | str = "", **answers: str) -> dict[str, Do]:
    """Recipients by their first name."""
    said = {f"RCPT {who}@outside.test": Do(f"{word}\r\n".encode()) for who, word in answers.items()}
    end = Do(f"{dot}\r\n".encode()) if isinstance(dot, str) else dot
    return said | ({"DOT": end} if dot else {})


def tried(message: Message) -> Message:
    """One attempt more, as if its time had come."""
    Message.objects.filter(pk=message.pk).update(next_try_at=None)
    if message.pk in due(100):
        deliver(message.pk)
    return Message.objects.get(pk=message.pk)


def reports(message: Message) -> list[tuple[str, str, str]]:
    rows = message.reports.order_by("recipient")
    return [(one.recipient, one.kind, one.status) for one in rows]


def test_a_refused_recipient_stops_nobody_else(server: ScriptedSmtp, message: Message) -> None:
    Session.objects.update(status=Session.Status.RESOLVED)
    server.scripts.append(script(bo=NO))
    sent = tried(message)
    assert (sent.status, sent.because, sent.remaining) == (Status.SENT, "", 0)
    assert server.copies == {ANN: 1, CY: 1}
    assert reports(sent) == [(BO, "hard", "5.1.1")]
    assert sent.session.status == Session.Status.REOPENED
    assert BO in sent.session.why
    assert due(10) == []


def test_who_is_refused_for_now_is_tried_again_alone(
    server: ScriptedSmtp, message: Message
) -> None:
    server.scripts += [script(cy=LATER), script(cy=LATER)]
    sent = tried(message)
    assert (sent.status, sent.remaining, CY in sent.because) == (Status.SENT, 1, False)
    assert "a blind copy" in sent.because
    assert sent.next_try_at is not None
    tried(message)
    sent = tried(message)
    assert (sent.status, sent.remaining, sent.because) == (Status.SENT, 0, "")
    assert server.copies == dict.fromkeys(PEOPLE, 1)
    assert [step for step in server.steps() if step.startswith("RCPT")][3:] == [f"RCPT {CY}"] * 2
    assert reports(sent) == []


def test_who_takes_nothing_for_two_days_is_given_up(server: ScriptedSmtp, message: Message) -> None:
    server.scripts += [script(cy=LATER), script(cy=LATER)]
    tried(message)
    Session.objects.update(status=Session.Status.PAUSED)
    Message.objects.update(created_at=timezone.now() - timedelta(days=2, seconds=1))
    sent = tried(message)
    assert (sent.status, sent.remaining) == (Status.SENT, 0)
    assert reports(sent) == [(CY, "soft", "4.2.0")]
    assert sent.session.status == Session.Status.REOPENED


def test_all_refused_is_failed(server: ScriptedSmtp, message: Message) -> None:
    server.scripts.append(script(ann=NO, bo=NO, cy=NO))
    failed = tried(message)
    assert (failed.status, server.copies) == (Status.FAILED, {})
    assert [who for who, _kind, _code in reports(failed)] == list(PEOPLE)


def test_a_mail_that_is_refused_as_such_says_so_itself(
    server: ScriptedSmtp, message: Message
) -> None:
    server.scripts.append(script("554 5.7.1 spam", cy=LATER))
    failed = tried(message)
    assert (failed.status, "spam" in failed.because, reports(failed)) == (Status.FAILED, True, [])


def test_nobody_is_called_for_an_automatic_answer(server: ScriptedSmtp, house: House) -> None:
    message = queued(house, automatic=True)
    Session.objects.update(status=Session.Status.RESOLVED)
    server.scripts.append(script(ann=NO, bo=NO, cy=NO))
    failed = tried(message)
    assert (failed.status, failed.session.status) == (Status.FAILED, Session.Status.RESOLVED)


def test_silence_holds_for_those_who_were_accepted(server: ScriptedSmtp, message: Message) -> None:
    server.scripts.append(script(DROP, bo=NO, cy=LATER))
    unknown = tried(message)
    assert (unknown.status, unknown.remaining) == (Status.UNKNOWN, 1)
    assert reports(unknown) == [(BO, "hard", "5.1.1")]
    unknown = tried(message)
    assert (unknown.status, unknown.remaining, server.copies) == (Status.UNKNOWN, 0, {CY: 1})
    assert "silent" in unknown.because


def test_what_the_server_said_is_committed_before_the_dot(
    server: ScriptedSmtp, message: Message
) -> None:
    server.scripts.append(script(bo=NO, cy=LATER))
    with _killed_at("deliver.before_dot", 2), suppress(_Killed):
        tried(message)  # it passes: the second time would kill
    attempt = message.tries.get()
    assert {who: code for who, (code, _words) in attempt.answers.items()} == {
        ANN: 250, BO: 550, CY: 450,
    }  # fmt: skip


def test_the_first_mail_of_two_spellings_is_the_one_that_gets_it(house: House) -> None:
    message = queued(house, cc=[{"email": ANN.upper(), "name": ""}])
    assert standing_of(message, []).open == [ANN, CY]


# ---- whatever the server says, and wherever we die -------------------------------------------


class _Killed(BaseException):
    pass


def _killed_at(place: str, nth: int = 1) -> Any:
    passed: list[str] = []

    def crashpoint(name: str) -> None:
        passed.append(name)
        if name == place and passed.count(name) == nth:
            raise _Killed

    return _Patches(crashpoint)


class _Patches:
    def __init__(self, crashpoint: Any) -> None:
        self.places = [patch.object(one, "crashpoint", crashpoint) for one in (sending, delivery)]

    def __enter__(self) -> None:
        for one in self.places:
            one.start()

    def __exit__(self, *_error: object) -> None:
        for one in self.places:
            one.stop()


ANSWERS = st.sampled_from(["250 ok", "250 ok", LATER, NO])
DOTS = st.sampled_from(
    ["250 ok", "250 ok", "451 later", "554 no", DROP, Do(then="drop", keeps=True)]
)
KILLS = st.sampled_from(
    [*[""] * 4, *(f"deliver.{one}" for one in ("before_dot", "after_dot", "before_commit"))]
)
ATTEMPTS = st.lists(st.tuples(ANSWERS, ANSWERS, ANSWERS, DOTS, KILLS), max_size=4)


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(attempts=ATTEMPTS)
def test_nobody_gets_a_mail_twice_whatever_the_server_says(
    server: ScriptedSmtp, house: House, attempts: list[tuple[str, str, str, Any, str]]
) -> None:
    message = queued(house)
    server.copies.clear()
    for ann, bo, cy, dot, kill in attempts:
        said = script(dot, ann=ann, bo=bo, cy=cy)
        if dot == "250 ok":
            said["DOT"] = Do(b"250 ok\r\n", keeps=True)
        server.scripts[:] = [said]
        with _killed_at(kill), suppress(_Killed):
            tried(message)
        DeliveryAttempt.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    server.scripts.clear()
    for _more in range(3):
        tried(message)
    _check(server, message)


def _check(server: ScriptedSmtp, message: Message) -> None:
    ended = Message.objects.get(pk=message.pk)
    assert (ended.remaining, max(server.copies.values(), default=0) <= 1) == (0, True)
    refused = set(
        DeliveryReport.objects.filter(message=message).values_list("recipient", flat=True)
    )
    assert not refused & set(server.copies)
    if ended.status == Status.SENT:
        assert refused | set(server.copies) == set(PEOPLE)
    elif ended.status == Status.FAILED:
        assert not server.copies
    else:
        assert ended.status == Status.UNKNOWN
