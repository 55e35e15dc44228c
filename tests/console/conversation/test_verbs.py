"""What is done to a session from the script: one verb each; a lost race names who won."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from apps.agents.models import Agent
from apps.attachments.models import Verdict
from apps.console.conversation import verbs
from apps.console.places import find_session
from apps.core.errors import Conflict
from apps.core.models import User
from apps.core.people import set_roles
from apps.crm.models import TicketUpdate
from apps.queues.models import Queue, QueueMembership
from apps.tickets import outbound
from apps.tickets.models import Message, Session
from apps.tickets.sessions import take, transfer
from tests.console.asking import act, queries
from tests.console.conftest import SignIn
from tests.people import (
    House,
    make_agent,
    make_attachment,
    make_house,
    make_message,
    make_queue,
    make_session,
    make_team,
)


def refused(answer: Any) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body["code"], body["detail"]


@pytest.fixture
def session(house: House) -> Session:
    session = make_session(house.support, mailbox=house.mailbox, customer_name="Dana")
    make_message(session)
    return session


def held_by(session: Session) -> tuple[Agent | None, str, Queue]:
    session.refresh_from_db()
    return session.agent, session.status, session.queue


# ---- take and give back -------------------------------------------------------------------------


def test_taking_makes_it_mine(house: House, alice: Client, session: Session) -> None:
    told = act(alice, session, "take").json()

    assert told["said"] == "Taken: the session is yours."
    assert (told["session"]["mine"], told["session"]["status"]) == (True, "active")
    assert told["session"]["rights"]["give_back"] is True
    assert held_by(session) == (house.alice, "active", house.support)


def test_the_slower_one_reads_who_won(house: House, as_user: SignIn, session: Session) -> None:
    act(as_user(house.alice.user), session, "take")

    answer = act(as_user(house.bob.user), session, "take")

    sentence = "Alice was quicker: this session is taken already."
    assert refused(answer) == (409, "already-taken", sentence)
    assert held_by(session)[0] == house.alice


def test_only_agents_take(irene: Client, session: Session) -> None:
    assert refused(act(irene, session, "take"))[:2] == (403, "agent-required")


def test_what_is_finished_is_not_taken(house: House, alice: Client) -> None:
    done = make_session(house.support, status="resolved")

    assert refused(act(alice, done, "take"))[:2] == (409, "not-open")


def test_what_is_not_mine_to_see_is_not_there(house: House, as_user: SignIn) -> None:
    session = make_session(house.other)

    answer = act(as_user(house.alice.user), session, "take")

    sentence = "This is not there any more, or not yours to see."
    assert refused(answer) == (404, "not-found", sentence)


def test_giving_back_frees_it(house: House, alice: Client, session: Session) -> None:
    act(alice, session, "take")

    told = act(alice, session, "give-back").json()

    assert told["said"] == "Given back: the session waits in Support."
    assert held_by(session) == (None, "unopened", house.support)


def test_what_nobody_has_keeps_its_place_in_the_line(irene: Client, session: Session) -> None:
    since = session.waiting_since

    assert refused(act(irene, session, "give-back"))[:2] == (409, "not-assigned")
    session.refresh_from_db()
    assert session.waiting_since == since


def test_after_giving_away_what_one_sees_no_more_a_last_look_comes(
    house: House, as_user: SignIn
) -> None:
    session = make_session(house.support, agent=house.charlie, status="active")

    told = act(as_user(house.charlie.user), session, "give-back").json()

    assert (told["session"]["id"], told["session"]["agent"]) == (session.public_id, None)
    assert told["session"]["rights"]["take"] is False


# ---- status -------------------------------------------------------------------------------------


def test_a_status_is_set_and_said(alice: Client, session: Session) -> None:
    act(alice, session, "take")

    said = [
        act(alice, session, "status", status=one).json()["said"] for one in ("resolved", "closed")
    ]

    assert said == ["Resolved.", "Closed."]
    answer = act(alice, session, "status", status="active")
    assert refused(answer)[:2] == (409, "no-such-move")


@pytest.mark.parametrize("status", ["asleep", "", None, 1, ["closed"], {}])
def test_a_status_of_fantasy_is_refused(alice: Client, session: Session, status: Any) -> None:
    answer = act(alice, session, "status", status=status)

    sentence = "choose active, paused, resolved or closed."
    assert refused(answer) == (400, "unknown-status", sentence)


# ---- transfer -----------------------------------------------------------------------------------


def test_a_transfer_goes_where_the_matter_lies(
    house: House, alice: Client, session: Session
) -> None:
    act(alice, session, "take")

    told = act(alice, session, "transfer", queue=str(house.other.pk)).json()

    assert told["said"] == "Transferred to Other."
    assert held_by(session) == (None, "unopened", house.other)


def test_a_transfer_that_would_get_stuck_is_refused(
    house: House, alice: Client, session: Session
) -> None:
    act(alice, session, "take")
    off = make_queue("Off", members=[house.bob], enabled=False)
    empty = make_queue("Empty", members=[make_team("Nobody")])

    def code(queue: int) -> tuple[int, str, str]:
        return refused(act(alice, session, "transfer", queue=queue))

    assert code(off.pk) == (422, "queue-disabled", "The queue Off is not in use.")
    assert code(empty.pk) == (
        422,
        "queue-unattended",
        "Nobody works in Empty: the session would wait unseen there.",
    )
    assert code(house.support.pk) == (
        422,
        "same-queue",
        "The session lies in Support already. To free it, give it back.",
    )
    assert code(10**17) == (400, "unknown-queue", "there is no such queue any more.")
    assert held_by(session) == (house.alice, "active", house.support)


def test_a_queue_whose_people_have_left_takes_no_transfers(
    house: House, alice: Client, session: Session
) -> None:
    act(alice, session, "take")
    set_roles(house.charlie.user, [])

    answer = act(alice, session, "transfer", queue=house.other.pk)

    assert refused(answer)[:2] == (422, "queue-unattended")


def test_a_team_above_makes_a_queue_attended(house: House, alice: Client, session: Session) -> None:
    above = make_team("Above")
    below = make_team("Below", members=[house.charlie])
    below.parent = above
    below.save()
    act(alice, session, "take")

    answer = act(alice, session, "transfer", queue=make_queue("Far", members=[above]).pk)

    assert answer.status_code == 200


def test_only_who_has_it_or_steers_transfers(
    house: House, as_user: SignIn, session: Session
) -> None:
    answer = act(as_user(house.bob.user), session, "transfer", queue=house.other.pk)

    assert refused(answer)[:2] == (409, "not-yours")


# ---- assign -------------------------------------------------------------------------------------


def test_a_supervisor_assigns(house: House, irene: Client, session: Session) -> None:
    told = act(irene, session, "assign", agent=str(house.bob.pk)).json()

    assert told["said"] == "Given to Bob."
    assert held_by(session) == (house.bob, "unopened", house.support)


def test_assigning_is_refused_in_sentences(
    house: House, irene: Client, alice: Client, session: Session
) -> None:
    act(irene, session, "assign", agent=house.bob.pk)

    answers = {
        "mine": act(irene, session, "assign", agent=house.bob.pk),
        "outside": act(irene, session, "assign", agent=house.charlie.pk),
        "unknown": act(irene, session, "assign", agent="12345678"),
        "missing": act(irene, session, "assign"),
        "agent": act(alice, session, "assign", agent=house.alice.pk),
    }

    assert {name: refused(one)[:2] for name, one in answers.items()} == {
        "mine": (409, "already-assigned"),
        "outside": (422, "not-a-member"),
        "unknown": (400, "unknown-agent"),
        "missing": (400, "id-missing"),
        "agent": (409, "not-yours"),
    }


# ---- release ------------------------------------------------------------------------------------


def test_a_supervisor_releases_a_locked_file(house: House, irene: Client, session: Session) -> None:
    message = make_message(session)
    file = make_attachment(message, verdict=Verdict.WITHHELD, reason="encrypted", engine="clamd")

    told = act(irene, session, "release", attachment=str(file.pk)).json()

    file.refresh_from_db()
    assert told["said"].startswith("Released:")
    assert file.verdict == Verdict.CLEAN


def test_a_file_of_another_conversation_is_not_there(
    house: House, irene: Client, session: Session
) -> None:
    file = make_attachment(make_message(make_session(house.support)), verdict=Verdict.WITHHELD)

    assert refused(act(irene, session, "release", attachment=file.pk))[:2] == (404, "not-found")


# ---- the door -----------------------------------------------------------------------------------

VERBS = ["take", "give-back", "status", "transfer", "assign", "release", "seen", "unread"]


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_are_posts_with_a_token_by_somebody(
    house: House, alice: Client, session: Session, verb: str
) -> None:
    path = f"/desk/sessions/{session.public_id}/{verb}/"
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(house.alice.user)

    assert alice.get(path).status_code == 405
    assert strict.post(path).status_code == 403
    assert refused(Client().post(path))[:2] == (401, "signed-out")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("body", ["[]", "{", '"x"', '{"queue": {"a": 1}, "message": "²"}', ""])
def test_a_body_of_nonsense_is_refused(
    alice: Client, session: Session, verb: str, body: str
) -> None:
    path = f"/desk/sessions/{session.public_id}/{verb}/"

    answer = alice.post(path, body, content_type="application/json")

    assert answer.status_code < 500


# ---- races --------------------------------------------------------------------------------------


Deed = Callable[[], Any]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Deed], None]:
    """The deed is done once, after a verb has read the session and before it moves it."""

    def plan(deed: Deed) -> None:
        deeds = [deed]

        def find(user: User, public_id: str) -> Session:
            found = find_session(user, public_id)
            while deeds:
                deeds.pop()()
            return found

        monkeypatch.setattr(verbs, "find_session", find)

    return plan


def test_of_two_who_take_at_once_one_hears_who_has_it(
    house: House, alice: Client, session: Session, meanwhile: Callable[[Deed], None]
) -> None:
    meanwhile(lambda: take(session, house.bob))

    answer = act(alice, session, "take")

    sentence = "Bob was quicker: this session is taken already."
    assert refused(answer) == (409, "already-taken", sentence)
    assert held_by(session)[0] == house.bob


def test_a_transfer_that_meets_a_take_names_who_has_it(
    house: House, irene: Client, session: Session, meanwhile: Callable[[Deed], None]
) -> None:
    meanwhile(lambda: take(session, house.alice))

    answer = act(irene, session, "transfer", queue=house.other.pk)

    assert refused(answer)[:2] == (409, "already-taken")
    assert held_by(session) == (house.alice, "active", house.support)


def test_nobody_takes_out_of_a_queue_that_he_does_not_work_in(
    house: House, alice: Client, session: Session, meanwhile: Callable[[Deed], None]
) -> None:
    meanwhile(lambda: transfer(session, house.other, by=house.irene))

    answer = act(alice, session, "take")

    sentence = "Somebody changed this session meanwhile; look at it again."
    assert refused(answer) == (409, "too-late", sentence)
    assert held_by(session) == (None, "unopened", house.other)


def test_two_transfers_at_once_are_one(
    house: House, alice: Client, session: Session, meanwhile: Callable[[Deed], None]
) -> None:
    act(alice, session, "take")
    third = make_queue("Third", members=[house.bob])
    old = Session.objects.get(pk=session.pk)
    meanwhile(lambda: transfer(old, third, by=house.irene))

    answer = act(alice, session, "transfer", queue=house.other.pk)

    assert refused(answer)[:2] == (409, "too-late")
    assert held_by(session) == (None, "unopened", third)


@pytest.mark.django_db(transaction=True)
@pytest.mark.only_on("postgresql")  # SQLite writes one at a time
def test_of_two_threads_that_take_one_has_it(as_user: SignIn) -> None:
    house = make_house()
    session = make_session(house.support)
    clients = [as_user(house.alice.user), as_user(house.bob.user)]
    barrier = Barrier(len(clients))

    def deed(client: Client) -> int:
        barrier.wait(10)
        try:
            return int(act(client, session, "take").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(clients)) as pool:
        assert sorted(pool.map(deed, clients)) == [200, 409]


def test_a_transfer_beats_an_answer_that_was_being_written(
    house: House, irene: Client, session: Session
) -> None:
    """The supervisor moves it while Alice writes: her Send is told, and nothing leaves."""
    session.agent, session.status = house.alice, "active"
    session.save()
    old = Session.objects.get(pk=session.pk)
    assert act(irene, session, "transfer", queue=house.other.pk).status_code == 200

    with pytest.raises(Conflict) as lost:
        outbound.reply(old, outbound.Letter(text="Here it is."), by=house.alice.user)

    assert lost.value.code == "not-yours"
    assert not Message.objects.filter(direction="out").exists()


# ---- choices ------------------------------------------------------------------------------------


def test_choices_are_where_a_session_can_go_and_to_whom(
    house: House, irene: Client, alice: Client, session: Session
) -> None:
    make_queue("Empty")
    act(alice, session, "take")
    path = f"/desk/choices/?session={session.public_id}"

    told = irene.get(path).json()

    assert told["queues"] == [{"id": str(house.other.pk), "name": "Other", "path": "Other"}]
    (bob,) = told["agents"]
    assert (bob["name"], bob["state"]["word"], bob["load"]) == ("Bob", "In-Email", 0)
    assert alice.get(path).json() == {"queues": told["queues"], "agents": []}


def test_choices_for_a_first_mail_are_own_queues_with_an_address(
    house: House, alice: Client
) -> None:
    make_queue("Mute", members=[house.alice])

    told = alice.get("/desk/choices/").json()
    support = alice.get(f"/desk/choices/?queue={house.support.pk}").json()

    assert [queue["name"] for queue in told["queues"]] == ["Support"]
    assert told["agents"] == []
    assert [(one["name"], one["state"], one["load"]) for one in support["agents"]] == [
        ("Alice", None, None),
        ("Bob", None, None),
    ]
    assert alice.get(f"/desk/choices/?queue={house.other.pk}").status_code == 404


def test_an_auditor_writes_nowhere(house: House, as_user: SignIn) -> None:
    assert as_user(house.auditor).get("/desk/choices/").json()["queues"] == []
    assert len(as_user(house.admin).get("/desk/choices/").json()["queues"]) == 1


def test_choices_cost_the_same_for_one_agent_and_many(
    house: House, irene: Client, session: Session
) -> None:
    path = f"/desk/choices/?session={session.public_id}"
    before = queries(lambda: irene.get(path))
    north = house.alice.teams.get()
    for _number in range(5):
        make_agent(teams=[north])
        QueueMembership.objects.create(queue=make_queue(), agent=house.bob)
    assert queries(lambda: irene.get(path)) == before


# ---- the ticket's comments ----------------------------------------------------------------------


def told_to_the_crm(session: Session) -> TicketUpdate:
    return TicketUpdate.objects.create(
        thread_key=session.thread.key, kind="link", key="1", text="x", status="posted"
    )


def test_a_supervisor_rebuilds_the_comments_of_a_ticket(irene: Client, session: Session) -> None:
    row = told_to_the_crm(session)

    told = act(irene, session, "rebuild").json()

    assert told["said"].startswith("1 comment of the ticket is looked through")
    assert told["session"]["rights"]["rebuild"] is True
    assert told["session"]["ticket"]["mirror"]["state"] == "behind"
    row.refresh_from_db()
    assert (row.status, row.tries) == ("planned", 1)


def test_an_agent_does_not(alice: Client, session: Session) -> None:
    told_to_the_crm(session)
    assert refused(act(alice, session, "rebuild"))[:2] == (403, "supervisor-required")
    assert TicketUpdate.objects.get().status == "posted"


def test_there_has_to_be_something_to_rebuild(irene: Client, session: Session) -> None:
    assert refused(act(irene, session, "rebuild"))[:2] == (409, "nothing-told")
