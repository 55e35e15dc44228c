"""What the composer asks: drafts begun, saved, sent and called back, and every refusal in JSON."""

from typing import Any

import pytest
from django.test import Client

from apps.attachments.models import Attachment
from apps.channels import suppression
from apps.channels.models import ChannelSettings
from apps.channels.suppression import Found
from apps.console import answers, live
from apps.console.models import Signature
from apps.core.live import user_topic
from apps.tickets.models import Draft, Message, MessageFile, Participant, Session, StagedFile
from tests.calls import problem
from tests.console.asking import queries
from tests.console.writing.conftest import Composer, Sit
from tests.people import House, make_attachment, make_mailbox, make_message, make_session

# ---- begin ------------------------------------------------------------------------------------


def test_a_reply_begins_with_everything_the_composer_needs(
    house: House, alice: Composer, session: Session
) -> None:
    Signature.objects.create(user=house.alice.user, html="<p>Alice</p>")
    Signature.objects.create(queue=house.support, html="<p>The support team</p>")
    response = alice.post("drafts/", kind="reply", session=session.public_id)
    draft = response.json()
    assert response.status_code == 201
    assert draft["to"] == [{"email": "customer@outside.test", "name": "Ann"}]
    assert (draft["subject"], draft["session"]) == ("Re: Where is my parcel?", session.public_id)
    assert draft["html"] == ("<p><br></p><div><p>Alice</p></div><div><p>The support team</p></div>")
    mailbox = {"id": str(house.mailbox.pk), "address": house.mailbox.address, "name": "Support"}
    assert (draft["mailbox"], draft["mailboxes"]) == (mailbox["id"], [mailbox])
    assert draft["newest"] == session.messages.get().pk
    assert draft["author"]["initials"] == "A"
    assert (draft["files"], draft["notes"], draft["plain"]) == ([], [], False)
    assert draft["limits"].startswith("Up to 10 files")
    assert draft["most_bytes"] == 25 * 2**20


def test_the_answer_that_lies_there_is_answered_again(alice: Composer, session: Session) -> None:
    first = alice.begin(session)
    again = alice.post("drafts/", kind="reply", session=session.public_id)
    assert (again.status_code, again.json()["id"]) == (200, first["id"])


def test_an_opened_draft_knows_the_mails_of_now(alice: Composer, session: Session) -> None:
    alice.begin(session)
    newer = make_message(session)
    assert alice.begin(session)["newest"] == newer.pk


def test_a_new_mail_begins_in_a_queue_of_ones_own(house: House, alice: Composer) -> None:
    draft = alice.post("drafts/", kind="new").json()
    assert (draft["queue"], draft["agent"]) == (str(house.support.pk), str(house.alice.pk))
    refused = alice.post("drafts/", kind="new", queue=str(house.other.pk))
    assert problem(refused) == (400, "queue")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"kind": "novel"}, (400, "kind")),
        ({"kind": "forward"}, (400, "message")),
        ({"kind": "reply"}, (404, "not-found")),
        ({"kind": "forward", "message": "999999"}, (404, "not-found")),
        ({"kind": "reply", "session": "E000000000000"}, (404, "not-found")),
        ({"kind": "new", "queue": "x"}, (400, "body")),
        ({"kind": ["new"]}, (400, "body")),
    ],
)
def test_what_cannot_begin_says_why(
    alice: Composer, body: dict[str, Any], told: tuple[int, str]
) -> None:
    assert problem(alice.post("drafts/", **body)) == told


def test_others_sessions_are_not_there(sit: Sit, house: House, session: Session) -> None:
    charlie = sit(house.charlie.user)
    assert problem(charlie.post("drafts/", kind="reply", session=session.public_id))[0] == 404
    message = session.messages.get().pk
    assert problem(charlie.post("drafts/", kind="forward", message=str(message)))[0] == 404


def test_a_mail_is_passed_on(alice: Composer, session: Session) -> None:
    message = session.messages.get()
    draft = alice.post("drafts/", kind="forward", message=str(message.pk)).json()
    assert (draft["kind"], draft["answers"]) == ("forward", str(message.pk))
    assert (draft["subject"], draft["to"]) == ("Fwd: Where is my parcel?", [])


def test_an_old_mail_is_passed_on_in_the_session_of_now(
    house: House, alice: Composer, session: Session
) -> None:
    Session.objects.update(status=Session.Status.CLOSED)
    old = session.messages.get()
    now = make_session(house.support, agent=house.alice, thread=session.thread, status="active")
    told = {"kind": "forward", "message": str(old.pk)}
    assert problem(alice.post("drafts/", **told)) == (409, "closed")
    assert alice.post("drafts/", **told, session=now.public_id).status_code == 201
    other = make_session(house.support, agent=house.alice)
    refused = alice.post("drafts/", **told, session=other.public_id)
    assert problem(refused) == (400, "message")


def test_nobody_who_is_signed_out_gets_anything(db: None) -> None:
    assert problem(Composer(Client()).get("drafts/")) == (401, "signed-out")


# ---- save -------------------------------------------------------------------------------------


def test_saving_answers_with_version_and_notes(alice: Composer, session: Session) -> None:
    draft = alice.begin(session)
    stranger = [{"email": "mary@elsewhere.example", "name": "Mary"}]
    told = alice.put(f"drafts/{draft['id']}/", version=1, cc=stranger, html="<p>Hi</p>").json()
    assert told["version"] == 2
    [note] = told["notes"]
    assert (note["code"], note["field"]) == ("new-recipient", "cc")
    again = alice.get(f"drafts/{draft['id']}/").json()
    assert (again["cc"], again["html"], again["to"]) == (stranger, "<p>Hi</p>", draft["to"])


def test_a_slower_window_gets_what_the_quicker_one_wrote(alice: Composer, session: Session) -> None:
    path = f"drafts/{alice.begin(session)['id']}/"
    alice.put(path, version=1, subject="First")
    refused = alice.put(path, version=1, subject="Second")
    assert problem(refused) == (409, "draft-changed")
    assert refused.json()["draft"]["subject"] == "First"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"version": "x"},
        {"version": True},
        {"version": 1, "to": "ann@x.test"},
        {"version": 1, "to": [{"email": 7}]},
        {"version": 1, "to": [["ann@x.test"]]},
        {"version": 1, "html": 3},
        {"version": 1, "plain": "yes"},
        {"version": 1, "mailbox": "9" * 30},
        {"version": 1, "cc": [{"email": f"a{n}@x.test"} for n in range(201)]},
    ],
)
def test_what_no_draft_takes_is_refused(
    alice: Composer, session: Session, body: dict[str, Any]
) -> None:
    path = f"drafts/{alice.begin(session)['id']}/"
    assert problem(alice.put(path, **body))[0] == 400
    assert Draft.objects.get().version == 1


def test_only_its_author_writes_it(sit: Sit, house: House, session: Session) -> None:
    path = f"drafts/{sit(house.alice.user).begin(session)['id']}/"
    bob = sit(house.bob.user)
    assert bob.get(path).json()["mine"] is False
    assert problem(bob.put(path, version=1, subject="x"))[0] == 404
    assert problem(bob.client.delete(f"/desk/{path}"))[0] == 404
    assert problem(sit(house.charlie.user).get(path))[0] == 404


def test_whoever_has_the_session_takes_the_draft(sit: Sit, house: House, session: Session) -> None:
    key = sit(house.alice.user).begin(session)["id"]
    bob = sit(house.bob.user)
    assert problem(bob.post(f"drafts/{key}/take/")) == (409, "not-yours")
    Session.objects.update(agent=house.bob)
    assert [one["mine"] for one in bob.get("drafts/").json()["rows"]] == [False]
    assert bob.post(f"drafts/{key}/take/").json()["draft"]["mine"] is True
    assert bob.put(f"drafts/{key}/", version=2, subject="x").status_code == 200


def test_thrown_away_it_is_not_there(alice: Composer, session: Session) -> None:
    path = f"/desk/drafts/{alice.begin(session)['id']}/"
    assert alice.client.delete(path).status_code == 200
    assert problem(alice.client.delete(path)) == (404, "not-found")


# ---- Send and Undo ----------------------------------------------------------------------------


def test_send_says_until_when_it_can_be_called_back(alice: Composer, session: Session) -> None:
    answer = alice.send(alice.begin(session), then="resolved")
    told, message = answer.json(), Message.objects.get(direction="out")
    assert answer.status_code == 202
    assert (told["message"], told["session"]) == (str(message.pk), session.public_id)
    assert (told["undo_seconds"], bool(told["undo_until"])) == (10, True)
    assert told["said"] == "Sent, and the session is resolved. It leaves in 10 seconds."


def test_without_waiting_time_it_is_only_sent(alice: Composer, session: Session) -> None:
    ChannelSettings.objects.update(undo_seconds=0)
    told = alice.send(alice.begin(session)).json()
    assert (told["undo_until"], told["undo_seconds"], told["said"]) == (None, 0, "Sent.")


def test_a_second_send_is_answered_like_the_first(alice: Composer, session: Session) -> None:
    draft = alice.begin(session)
    first, second = alice.send(draft), alice.send(draft)
    assert (second.status_code, second.json()) == (202, first.json())
    assert problem(alice.get(f"drafts/{draft['id']}/")) == (404, "not-found")
    assert problem(alice.put(f"drafts/{draft['id']}/", version=2)) == (409, "sent")


def test_a_newer_mail_is_told_with_the_refusal(alice: Composer, session: Session) -> None:
    draft = alice.begin(session)
    newer = make_message(session, from_name="Ann", text="Never\nmind.")
    refused = alice.send(draft)
    assert problem(refused) == (409, "thread-changed")
    [told] = refused.json()["newer"]
    assert (told["id"], told["who"], told["snippet"]) == (str(newer.pk), "Ann", "Never mind.")
    assert alice.send(draft, override="I know.").status_code == 202


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"to": [{"email": "nobody", "name": ""}]}, (400, "address", "")),
        ({"to": []}, (400, "no-recipient", "to")),
        ({"html": "<p></p>"}, (400, "empty", "text")),
        ({"html": "<p>Dear {{customer.name}}</p>"}, (422, "place-left", "text")),
        ({"then": "gone"}, (400, "then", "then")),
        ({"version": 7}, (409, "draft-changed", "")),
    ],
)
def test_a_refused_send_names_the_field(
    alice: Composer, session: Session, body: dict[str, Any], told: tuple[int, str, str]
) -> None:
    refused = alice.send(alice.begin(session), **body)
    status, code = problem(refused)
    assert (status, code, refused.json()["field"]) == told
    assert not Message.objects.filter(direction="out").exists()


def test_undo_gives_the_draft_back(alice: Composer, session: Session) -> None:
    draft = alice.begin(session)
    alice.upload(draft)
    told = alice.send(draft, then="closed").json()
    back = alice.post(f"messages/{told['message']}/undo/").json()["draft"]
    assert (back["id"], len(back["files"])) == (draft["id"], 1)
    assert back["html"] == "<p>It is on its way.</p>"
    assert Session.objects.get().status == Session.Status.ACTIVE
    assert alice.send(back).status_code == 202


def test_undo_after_the_time_is_too_late(alice: Composer, session: Session) -> None:
    told = alice.send(alice.begin(session)).json()
    Message.objects.filter(direction="out").update(status="sent", next_try_at=None)
    assert problem(alice.post(f"messages/{told['message']}/undo/")) == (409, "too-late")


def test_a_first_mail_opens_a_session_and_takes_it_back(house: House, alice: Composer) -> None:
    draft = alice.post("drafts/", kind="new").json()
    ann = [{"email": "ann@outside.test", "name": "Ann"}]
    told = alice.send(draft, to=ann, subject="Your order").json()
    assert Session.objects.get().public_id == told["session"]
    assert alice.post(f"messages/{told['message']}/undo/").status_code == 200
    assert not Session.objects.exists()


def test_whoever_shows_a_session_that_vanishes_hears_of_it(
    house: House, alice: Composer, monkeypatch: pytest.MonkeyPatch, commits: Any
) -> None:
    draft = alice.post("drafts/", kind="new").json()
    ann = [{"email": "ann@outside.test", "name": "Ann"}]
    told = alice.send(draft, to=ann, subject="Your order").json()
    pushed: list[tuple[Any, ...]] = []
    monkeypatch.setattr("apps.console.live.push", lambda *news: pushed.append(news[:3]))
    with commits(execute=True):
        alice.post(f"messages/{told['message']}/undo/")
    queue = live.topic_of_queue(house.support.pk)
    assert (queue, "session.changed", told["session"]) in pushed
    own = user_topic(house.alice.user_id)
    assert (own, "draft.changed", draft["id"]) in pushed


@pytest.mark.parametrize("most", [1000, 64 * 2**20])
def test_more_text_than_a_mail_can_carry_is_refused_in_a_sentence(
    alice: Composer, session: Session, settings: Any, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    draft = alice.begin(session)
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = most
    monkeypatch.setattr(answers, "LONGEST_BODY", 2000)

    refused = alice.put(f"drafts/{draft['id']}/", version=1, html="x" * 2000)

    assert problem(refused) == (413, "too-much")
    assert refused.json()["detail"] == "That is more text than one mail can carry."


@pytest.mark.parametrize("odd", ["a\x00b", "a\ud800b", "a\u202eb"])
def test_characters_that_no_database_takes_break_nothing(
    alice: Composer, session: Session, odd: str
) -> None:
    draft = alice.begin(session)
    told = {"subject": odd, "html": f"<p>{odd}</p>", "text": odd}
    told["to"] = [{"email": f"{odd}@x.test", "name": odd}]  # type: ignore[assignment]

    for plain in (False, True):
        version = Draft.objects.get().version
        saved = alice.put(f"drafts/{draft['id']}/", version=version, plain=plain, **told)
        assert saved.status_code == 200, saved.content
        assert alice.get(f"drafts/{draft['id']}/").status_code == 200
    assert alice.send(draft, version=None, **told).status_code < 500


# ---- questions --------------------------------------------------------------------------------


def many(session: Session, draft: dict[str, Any], house: House) -> None:
    """More of everything that a question could be asked of."""
    row = Draft.objects.get(key=draft["id"])
    for number in range(8):
        make_message(session)
        Participant.objects.create(thread=session.thread, address=f"p{number}@x.test")
        make_mailbox(queue=house.support)
        attachment = Attachment.objects.get(pk=StagedFile.objects.first().attachment_id)  # type: ignore[union-attr]
        attachment.pk = None
        attachment.name = f"{number}.txt"
        attachment.save()
        StagedFile.objects.create(
            user=row.author, session=session, form=row.key, attachment=attachment
        )


@pytest.mark.parametrize("verb", ["get", "put", "files"])
def test_one_draft_costs_the_same_however_much_there_is(
    house: House, alice: Composer, session: Session, verb: str
) -> None:
    draft = alice.begin(session)
    alice.upload(draft)
    path = f"drafts/{draft['id']}/"
    people = [{"email": f"p{number}@x.test", "name": ""} for number in range(30)]

    def ask(to: list[dict[str, str]]) -> Any:
        if verb == "put":
            version = Draft.objects.get().version
            return alice.put(path, version=version, to=to)
        return alice.get(path if verb == "get" else f"{path}files/")

    ask(people[:1])
    few = queries(lambda: ask(people[:1]))
    many(session, draft, house)
    assert queries(lambda: ask(people)) == few


def test_the_list_of_drafts_costs_the_same_however_many_there_are(
    house: House, alice: Composer, session: Session
) -> None:
    alice.begin(session)
    alice.get("drafts/")
    few = queries(lambda: alice.get("drafts/"))
    for _number in range(10):
        alice.begin(make_session(house.support, agent=house.alice, mailbox=house.mailbox))
    assert len(alice.get("drafts/").json()["rows"]) == 11
    assert queries(lambda: alice.get("drafts/")) == few


def test_send_costs_the_same_however_much_there_is(
    house: House, alice: Composer, session: Session
) -> None:
    def begun() -> dict[str, Any]:
        session = make_session(
            house.support, agent=house.alice, mailbox=house.mailbox, status="active"
        )
        make_message(session)
        draft = alice.begin(session)
        alice.upload(draft, content=session.public_id.encode())
        return draft

    draft = begun()
    few = queries(lambda: alice.send(draft))
    draft = begun()
    many(Session.objects.get(public_id=draft["session"]), draft, house)
    Draft.objects.filter(key=draft["id"]).update(newest=10**9)
    people = [{"email": f"p{number}@x.test", "name": ""} for number in range(30)]
    confirmed = [one["email"] for one in people]
    assert queries(lambda: alice.send(draft, to=people, confirmed=confirmed)) == few


# ---- whom an answer reaches for the first time ------------------------------------------------


def test_new_recipients_need_one_confirmation(alice: Composer, session: Session) -> None:
    """PAINS 39: whoever the customer added later would read all of it."""
    make_message(session, cc=[{"email": "Third@elsewhere.test", "name": ""}])
    draft = alice.begin(session)
    assert [note["address"] for note in draft["notes"]] == ["third@elsewhere.test"]
    refused = alice.send(draft)
    assert problem(refused) == (422, "new-recipients")
    assert refused.json()["people"] == ["Third@elsewhere.test"]
    sent = alice.send(draft, confirmed=["third@elsewhere.test"])
    assert sent.status_code == 202
    assert alice.send(draft).json()["message"] == sent.json()["message"]
    assert alice.send(alice.begin(session)).status_code == 202  # known from now on


# ---- a mail that did not arrive ---------------------------------------------------------------


def test_a_failed_mail_is_edited_and_sent_again(
    house: House, alice: Composer, session: Session
) -> None:
    people = {"to": [{"email": "ann@outside.test", "name": "Ann"}], "bcc": []}
    failed = make_message(
        session, direction="out", status="failed", html="<p>Here it is.</p>", **people
    )
    make_attachment(failed, name="invoice.pdf")
    draft = alice.begin(session, kind="again", message=str(failed.pk))
    assert (draft["to"], draft["subject"], draft["html"]) == (
        people["to"],
        failed.subject,
        "<p>Here it is.</p>",
    )
    assert [one["name"] for one in draft["files"]] == ["invoice.pdf"]
    told = alice.send(draft, html=draft["html"], confirmed=["ann@outside.test"])
    assert told.status_code == 202
    assert MessageFile.objects.get(message=told.json()["message"]).attachment.name == "invoice.pdf"


def test_only_whom_it_did_not_reach_gets_it_again(alice: Composer, session: Session) -> None:
    to = [{"email": "ann@outside.test", "name": ""}, {"email": "bo@outside.test", "name": ""}]
    sent = make_message(session, direction="out", text="Plain", to=to)
    sent.reports.create(recipient="bo@outside.test", kind="hard")
    draft = alice.begin(session, kind="again", message=str(sent.pk))
    assert (draft["to"], draft["plain"], draft["text"]) == (to[1:], True, "Plain")


@pytest.mark.parametrize("status", ["sent", "unknown", "queued"])
def test_what_has_not_failed_is_not_sent_again(
    alice: Composer, session: Session, status: str
) -> None:
    message = make_message(session, direction="out", status=status)
    refused = alice.post(
        "drafts/", kind="again", session=session.public_id, message=str(message.pk)
    )
    assert problem(refused) == (409, "nothing-to-resend")


# ---- who had better not be written to ---------------------------------------------------------


def test_a_bounced_address_is_told_of_and_stops_nothing(alice: Composer, session: Session) -> None:
    suppression.add([Found("customer@outside.test", "hard", "550 5.1.1 user unknown")])
    draft = alice.begin(session)
    [note] = draft["notes"]
    assert (note["code"], note["field"]) == ("suppressed", "to")
    assert "user unknown" in note["sentence"]
    assert alice.send(draft).status_code == 202


def test_who_has_said_no_is_confirmed_as_such(alice: Composer, session: Session) -> None:
    """That somebody may read the conversation is another question."""
    suppression.add([Found("customer@outside.test", "complaint")])
    draft = alice.begin(session)
    assert [note["code"] for note in draft["notes"]] == ["unwanted"]
    for confirmed in ([], ["customer@outside.test"]):
        assert problem(alice.send(draft, confirmed=confirmed)) == (422, "unwanted")
    people = alice.send(draft).json()["people"]
    assert people == ["unwanted customer@outside.test"]
    assert alice.send(draft, confirmed=people).status_code == 202
