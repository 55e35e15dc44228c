"""Files that are uploaded while an agent writes: whose they are, which limit, and how they leave."""

from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from unittest.mock import patch

import pytest
from django.utils import timezone

from apps.attachments import screen
from apps.attachments.models import Attachment, AttachmentSettings, Verdict
from apps.attachments.probes import test_virus as virus
from apps.channels.diagnose import test_send as try_to_send
from apps.channels.models import ChannelSettings, EmailAccount
from apps.channels.parsed import Address
from apps.core import blobs
from apps.core.errors import Conflict, Guarded, Missing, Problem, Unavailable
from apps.core.models import Blob, User
from apps.tickets import draft_files, limits, staging
from apps.tickets.drafts import Content, find
from apps.tickets.drafts_begin import begin_new, begin_reply
from apps.tickets.drafts_send import Wish, send
from apps.tickets.models import Draft, Message, Session, StagedFile
from apps.tickets.outbound import Letter, Upload, reply
from apps.tickets.sending.delivery import deliver, due
from tests.calls import Caller, a_file, problem
from tests.people import House, make_attachment, make_house, make_message, make_session
from tests.servers.clamd import Clamd
from tests.servers.smtp_sink import SmtpSink, running_smtp_sink

pytestmark = pytest.mark.django_db

PAPER = Upload("Öffnungszeiten “neu”.pdf", "application/pdf", b"%PDF-1.4 paper")
PICTURE = Upload("logo.png", "image/png", b"\x89PNG\r\n\x1a\n\x00", inline=True)
ANN = Address("customer@outside.test", "Ann")
Stage = Callable[..., StagedFile]


@pytest.fixture
def house() -> House:
    """Where mails leave at once."""
    house = make_house()
    ChannelSettings.objects.update(undo_seconds=0)
    return house


@pytest.fixture
def session(house: House) -> Session:
    session = make_session(
        house.support, agent=house.alice, status=Session.Status.ACTIVE, mailbox=house.mailbox
    )
    make_message(session)
    return session


@pytest.fixture
def draft(house: House, session: Session) -> Draft:
    return begin_reply(session, by=house.alice.user, opening="")[0]


@pytest.fixture
def other(house: House) -> Draft:
    """Alice writes on it, too."""
    return begin_new(house.support, by=house.alice.user, opening="")


@pytest.fixture
def stage(draft: Draft) -> Stage:
    def put(upload: Upload = PAPER, *, into: Draft = draft, by: User | None = None) -> StagedFile:
        return draft_files.add(now(into), upload, by=by or into.author)

    return put


def now(draft: Draft) -> Draft:
    return find(draft.key, by=draft.author, own=True)


def sent(draft: Draft, **written: str) -> Message:
    content = Content(to=(ANN,), **({"text": "Here it is."} | written))  # type: ignore[arg-type]
    return send(now(draft), content, Wish(), by=draft.author)


def text_file(size: int, name: str = "a.txt") -> Upload:
    return Upload(name, "text/plain", b"x" * size)


def judge(row: StagedFile, verdict: Verdict, reason: str = "") -> None:
    Attachment.objects.filter(pk=row.attachment_id).update(verdict=verdict, reason=reason)


def refused(work: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as refusal:
        work()
    return refusal.value


def announces(house: House, size: int) -> None:
    account = house.mailbox.account
    account.announced_size, account.announced_by = size, account.sends_through
    account.save()


# ---- in the draft -----------------------------------------------------------------------------


@pytest.mark.contract("1.5.d")
def test_a_staged_file_waits_for_its_scan_like_any_other(stage: Stage) -> None:
    row = stage()
    assert row.attachment.verdict == Verdict.WAITING
    assert screen.due(10) == [row.attachment_id]
    assert blobs.read(row.attachment.blob) == PAPER.content


def test_the_same_file_twice_is_one_file(stage: Stage, other: Draft) -> None:
    assert stage() == stage()
    assert stage(into=other) != stage()
    assert (StagedFile.objects.count(), Blob.objects.count()) == (2, 2)


def test_an_empty_file_is_named(stage: Stage) -> None:
    problem = refused(lambda: stage(text_file(0, "empty.txt")))
    assert (problem.code, "empty.txt" in problem.sentence) == ("empty-file", True)


def test_pictures_in_the_text_get_an_id_of_ours(stage: Stage) -> None:
    assert stage(PICTURE).content_id.endswith("@picture")
    assert stage().content_id == ""


def test_a_full_disk_says_so_and_leaves_no_row(stage: Stage) -> None:
    with patch("apps.core.blobs.write", side_effect=OSError(28, "full")):
        problem = refused(stage)
    assert isinstance(problem, Unavailable)
    assert not StagedFile.objects.exists()


def test_nobody_fills_the_disk_by_choosing_files(
    stage: Stage, other: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "MOST_AT_ONCE", 1)
    stage()
    assert refused(lambda: stage(into=other)).code == "too-many-staged"


# ---- who --------------------------------------------------------------------------------------


def test_only_who_may_answer_uploads(house: House, session: Session, stage: Stage) -> None:
    assert refused(lambda: stage(by=house.bob.user)).code == "not-yours"
    Session.objects.filter(pk=session.pk).update(status="closed")
    assert refused(stage).code == "closed"
    ChannelSettings.objects.update(enabled=False)
    assert isinstance(refused(stage), Guarded)


@pytest.mark.parametrize("name", ["bob", "irene", "admin", "auditor", "robot", "charlie"])
def test_before_it_is_sent_it_is_its_authors_alone(house: House, stage: Stage, name: str) -> None:
    row = stage()
    judge(row, Verdict.CLEAN)
    other: User = getattr(getattr(house, name), "user", getattr(house, name))
    path = f"attachments/{row.attachment_id}/content/"
    assert Caller(other).get(path).status_code == 404
    assert Caller(house.alice.user).get(path).content == PAPER.content


def test_once_sent_it_is_seen_like_its_message(house: House, draft: Draft, stage: Stage) -> None:
    row = stage()
    judge(row, Verdict.CLEAN)
    sent(draft)
    path = f"attachments/{row.attachment_id}/content/"
    assert Caller(house.bob.user).get(path).content == PAPER.content


def test_what_is_removed_leaves_no_byte(draft: Draft, other: Draft, stage: Stage) -> None:
    row = stage()
    path = blobs._path(row.attachment.blob.pack)
    elsewhere = refused(lambda: draft_files.remove(other, row.pk))
    assert (isinstance(elsewhere, Missing), path.exists()) == (True, True)
    with patch("django.db.transaction.on_commit", lambda work: work()):
        draft_files.remove(draft, row.pk)
    assert not (path.exists() or Attachment.objects.exists() or Blob.objects.exists())


def test_bytes_that_others_point_at_stay(session: Session, draft: Draft, stage: Stage) -> None:
    row = stage()
    message = make_message(session)
    copy = make_attachment(message)
    Attachment.objects.filter(pk=copy.pk).update(blob=row.attachment.blob)
    draft_files.remove(draft, row.pk)
    copy.refresh_from_db()
    assert blobs.read(copy.blob) == PAPER.content


def test_after_a_day_what_no_draft_has_is_forgotten(
    draft: Draft, other: Draft, stage: Stage
) -> None:
    gone, fresh = stage(into=other), stage(text_file(1), into=other)
    carried = stage()
    sent(draft)
    other.delete()
    StagedFile.objects.filter(pk=gone.pk).update(created_at=timezone.now() - timedelta(hours=25))
    assert staging.forget_old() == 1
    assert list(StagedFile.objects.all()) == [fresh]
    kept = set(Attachment.objects.values_list("pk", flat=True))
    assert kept == {fresh.attachment_id, carried.attachment_id}


# ---- limits -----------------------------------------------------------------------------------


@pytest.mark.contract("1.5.d")
def test_each_limit_is_named_with_its_value_and_its_home(stage: Stage, other: Draft) -> None:
    AttachmentSettings.load()
    AttachmentSettings.objects.update(max_files=1, max_inline=1, max_total_mb=1)
    stage(text_file(1))
    stage(PICTURE)
    problems = [
        refused(lambda: stage(text_file(2))),
        refused(lambda: stage(Upload("b.png", "image/png", b"b", inline=True))),
        refused(lambda: stage(text_file(2**20 + 1), into=other)),
    ]
    assert [one.code for one in problems] == ["too-many-files", "too-many-images", "files-too-big"]
    for one, value in zip(problems, ("1 file", "1 image", "1 MB"), strict=True):
        assert f"Settings > Email > Attachments allow {value} in" in one.sentence


@pytest.mark.contract("1.5.d")
def test_the_servers_own_limit_counts_as_the_mail_will_be_encoded(
    house: House, stage: Stage
) -> None:
    announces(house, 10 * 2**20)
    stage(text_file(7 * 2**20))
    problem = refused(lambda: stage(text_file(2**20, "b.txt")))
    assert problem.code == "server-limit"
    assert problem.sentence == (
        "files: The mail server of support@carteria.test takes at most 10 MB in one mail; these"
        " files need 11 MB there."
    )


def test_a_size_that_another_server_announced_is_no_limit(house: House, stage: Stage) -> None:
    announces(house, 1000)
    EmailAccount.objects.update(send_host="other.test")
    assert stage(text_file(2000))


@pytest.mark.parametrize("size", [1, 2, 3, 56, 57, 58, 114, 1000, 100_001])
def test_the_size_in_the_mail_is_that_of_base64(size: int) -> None:
    from email.base64mime import body_encode

    encoded = body_encode(b"x" * size, maxlinelen=76, eol="\r\n")
    assert limits.wire_size(size) == len(encoded)


def test_limits_are_asked_again_at_send(draft: Draft, stage: Stage) -> None:
    for number in range(3):
        stage(text_file(number + 1))
    AttachmentSettings.objects.update(max_files=2)
    problem = refused(lambda: sent(draft))
    assert problem.code == "too-many-files"
    assert StagedFile.objects.count() == 3


@pytest.mark.contract("1.5.d")
def test_the_api_has_the_same_limits_in_the_same_words(house: House, session: Session) -> None:
    announces(house, 2000)
    answer = Caller(house.alice.user).post(
        f"sessions/{session.public_id}/reply/", {"text": "x"}, files=[a_file("a.txt", b"x" * 1900)]
    )
    assert problem(answer) == (400, "server-limit")
    assert "The mail server of support@carteria.test takes" in answer.json()["detail"]
    assert not Message.objects.filter(direction="out").exists()


@pytest.mark.servers
def test_what_the_server_announces_is_remembered(house: House, session: Session) -> None:
    with running_smtp_sink(size_limit=12_345) as sink:
        EmailAccount.objects.update(send_host="127.0.0.1", send_port=sink.port)
        account = EmailAccount.objects.get()
        assert account.largest_mail == 0
        assert try_to_send(account).ok
        assert EmailAccount.objects.get().largest_mail == 12_345
    EmailAccount.objects.update(announced_size=0)
    with running_smtp_sink(size_limit=54_321) as sink:
        EmailAccount.objects.update(send_port=sink.port)
        deliver(reply(session, Letter(text="x"), by=house.alice.user).pk)
        assert EmailAccount.objects.get().largest_mail == 54_321


# ---- Send -------------------------------------------------------------------------------------


def test_staged_files_go_along_in_their_order(draft: Draft, stage: Stage) -> None:
    picture, paper, last = stage(PICTURE), stage(), stage(text_file(1))
    message = sent(draft, html=f'<p>Look: <img src="cid:{picture.content_id}"></p>')
    kept = [(one.attachment.name, one.inline, one.content_id) for one in message.files.all()]
    assert kept == [
        ("logo.png", True, picture.content_id),
        (paper.attachment.name, False, ""),
        (last.attachment.name, False, ""),
    ]
    assert not StagedFile.objects.exists()


def test_a_mail_may_be_files_alone(draft: Draft, stage: Stage) -> None:
    stage()
    assert sent(draft, text="").files.count() == 1


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.INFECTED, Verdict.WITHHELD])
def test_a_stopped_file_stops_send_and_is_named(
    draft: Draft, stage: Stage, verdict: Verdict
) -> None:
    judge(stage(text_file(1, "tool.txt")), verdict)
    problem = refused(lambda: sent(draft))
    assert isinstance(problem, Conflict)
    assert problem.sentence == f"files: “tool.txt” is {verdict.label}. Remove it, then send again."
    assert not Message.objects.filter(direction="out").exists()


def test_files_of_other_drafts_are_not_sent(draft: Draft, other: Draft, stage: Stage) -> None:
    elsewhere = stage(into=other)
    assert sent(draft).files.count() == 0
    assert list(StagedFile.objects.all()) == [elsewhere]


def test_the_same_file_is_sent_once(session: Session, draft: Draft, stage: Stage) -> None:
    row = stage()
    sent(draft)
    with pytest.raises(Conflict) as refusal:
        staging.send_along(make_message(session, direction="out"), [row])
    assert refusal.value.code == "file-gone"


def test_a_verdict_that_comes_after_send_fails_the_mail_visibly(
    session: Session, draft: Draft, stage: Stage
) -> None:
    row = stage()
    message = sent(draft)
    judge(row, Verdict.INFECTED, "infected:Some.Virus")
    deliver(message.pk)
    message.refresh_from_db()
    assert message.status == Message.Status.FAILED
    assert "infected" in message.because
    session.refresh_from_db()
    assert session.status in Session.OPEN


# ---- with real servers ------------------------------------------------------------------------


@pytest.fixture
def sink(house: House, smtp_sink: SmtpSink) -> SmtpSink:
    EmailAccount.objects.update(send_host="127.0.0.1", send_port=smtp_sink.port)
    return smtp_sink


def scan(*rows: StagedFile) -> list[str]:
    screen.screen([row.attachment_id for row in rows])
    files = Attachment.objects.filter(pk__in=[row.attachment_id for row in rows]).order_by("pk")
    return [file.verdict for file in files]


@pytest.mark.servers
@pytest.mark.contract("1.5.a", "1.5.d")
def test_a_virus_is_found_while_writing_and_nothing_leaves(
    draft: Draft, stage: Stage, clamd: Clamd, sink: SmtpSink
) -> None:
    row = stage(Upload("harmless.txt", "text/plain", bytes(virus())))
    assert scan(row) == ["infected"]
    refused(lambda: sent(draft))
    assert (due(10), sink.said) == ([], [])


@pytest.mark.servers
@pytest.mark.contract("1.5.a", "1.5.d")
def test_a_clean_file_arrives_with_its_bytes_and_its_name(
    draft: Draft, stage: Stage, clamd: Clamd, sink: SmtpSink
) -> None:
    row = stage()
    assert scan(row) == ["clean"]
    deliver(sent(draft).pk)
    [mail] = sink.mails
    [part] = [one for one in message_from_bytes(mail.raw).walk() if one.get_filename()]
    assert part.get_payload(decode=True) == PAPER.content
    assert row.attachment.name.startswith("Öffnungszeiten")
    assert part.get_filename() == row.attachment.name


@pytest.mark.servers
@pytest.mark.contract("1.5.a", "1.5.d")
def test_without_a_scanner_the_mail_waits_and_leaves_when_it_is_back(
    draft: Draft, stage: Stage, clamd: Clamd, sink: SmtpSink
) -> None:
    clamd.stop()
    row = stage()
    assert scan(row) == ["waiting"]
    message = sent(draft)
    deliver(message.pk)
    assert (due(10), sink.said) == ([], [])
    clamd.start()
    Attachment.objects.update(next_try_at=None)
    assert scan(row) == ["clean"]
    assert due(10) == [message.pk]
    deliver(message.pk)
    assert len(sink.mails) == 1
