"""Complaints about other help desks (PAINS 17 to 33): the parts of each that no other test proves.

Every mail here comes as bytes, is taken in as always, and leaves as bytes to a server.
"""

from base64 import encodebytes
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.attachments import screen
from apps.attachments.models import Attachment, AttachmentSettings, Verdict
from apps.attachments.probes import test_virus as virus
from apps.channels.models import ChannelSettings, EmailAccount, InboundEmail, Mailbox
from apps.channels.parsed import Address
from apps.channels.receive import Arrival, receive
from apps.core import blobs
from apps.crm.models import Ticket, TicketComment, TicketLink
from apps.crm.posting import post_updates
from apps.tickets.drafts import Content
from apps.tickets.drafts_begin import begin_forward, begin_reply
from apps.tickets.drafts_send import Wish, send
from apps.tickets.facts import facts_of
from apps.tickets.facts import house as house_of_links
from apps.tickets.inbound import take_in
from apps.tickets.letters import Letter, Upload
from apps.tickets.models import Message, Session
from apps.tickets.outbound import reply, write_first
from apps.tickets.raw import read_source
from apps.tickets.regrouping import by_hand
from apps.tickets.sending.delivery import deliver
from tests.calls import Caller, problem
from tests.channels.file_cases import SCRIPTS
from tests.channels.forward_cases import LANGUAGES, WRITER
from tests.channels.forward_cases import cases as forwards
from tests.channels.odd_mails import NAMES, raw
from tests.channels.test_parse_golden import GOLDEN
from tests.core import tnef_samples as t
from tests.pains.answers import CUSTOMER, STYLES, answer_to, read_back
from tests.people import House, make_house
from tests.servers.clamd import FakeClamd
from tests.servers.smtp_sink import Mail, SmtpSink

pytestmark = pytest.mark.django_db

BO = Address(CUSTOMER, "Bo")
LAB = Address("lab@partner.test", "Lab")


@pytest.fixture
def house(smtp_sink: SmtpSink) -> House:
    house = make_house()
    EmailAccount.objects.update(send_host="127.0.0.1", send_port=smtp_sink.port)
    ChannelSettings.objects.update(undo_seconds=0)
    return house


def arrive(house: House, *mails: bytes) -> list[Message]:
    """In their order; each becomes a message."""
    arrivals = [Arrival(one) for one in mails]
    rows = receive(arrivals, mailbox=house.mailbox, source=InboundEmail.Source.API)
    assert take_in() == len(mails)
    found = {
        one.inbound_id: one
        for one in Message.objects.filter(inbound__in=rows).select_related(
            "thread", "session__thread", "mailbox"
        )
    }
    return [found[row.pk] for row in rows]


def leaves(sink: SmtpSink, message: Message) -> Mail:
    deliver(message.pk)
    return sink.mails[-1]


def a_mail(text: str = "Hello", **headers: str) -> bytes:
    fields = {"From": f"Bo <{CUSTOMER}>", "To": "support@carteria.test", "Subject": "Order 7"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{head}\r\n{text}\r\n".encode()


# ---- 17, 19 to 24: conversations ----------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_17_the_answer_to_a_mail_that_an_agent_began_lands_there_and_on_its_ticket(
    house: House, smtp_sink: SmtpSink, style: str
) -> None:
    letter = Letter(text="Shall we come on Monday?", subject="Your appointment", to=(BO,))
    first = write_first(house.support, letter, by=house.alice.user)
    sent = leaves(smtp_sink, first)
    post_updates([first.thread.key])
    (answer,) = arrive(house, answer_to(sent.raw, style))
    post_updates([first.thread.key])
    assert (answer.thread, answer.session) == (first.thread, first.session)
    assert answer.placement["flags"] == []
    link = TicketLink.objects.get()
    assert Ticket.objects.count() == 1
    told = TicketComment.objects.filter(ticket=link.ticket, text__contains=f"/e/{answer.pk}/")
    assert told.count() == 1


@pytest.mark.parametrize("way", ["program", "composer"])
def test_19_an_answer_names_the_customers_newest_mail_on_the_wire(
    house: House, smtp_sink: SmtpSink, way: str
) -> None:
    first, newest = arrive(
        house,
        a_mail(Message_ID="<1@outside.test>"),
        a_mail("More", Message_ID="<2@outside.test>", References="<1@outside.test>"),
    )
    session = newest.session
    if way == "program":
        ours = reply(session, Letter(text="Yes"), by=house.alice.user)
    else:
        draft, _new = begin_reply(session, by=house.alice.user, opening="")
        content = Content(to=(BO,), subject=draft.subject, html="<p>Yes</p>", newest=draft.newest)
        ours = send(draft, content, Wish(), by=house.alice.user)
    mail = read_back(leaves(smtp_sink, ours).raw)
    assert first.thread == newest.thread
    assert mail["In-Reply-To"] == "<2@outside.test>"
    assert mail["References"] == "<1@outside.test> <2@outside.test>"
    assert mail["Subject"] == "Re: Order 7"


def test_20_a_stranger_who_names_a_session_hears_nothing_of_it(
    house: House, smtp_sink: SmtpSink
) -> None:
    (secret,) = arrive(
        house, a_mail("My pin is 4711", Subject="Private", Message_ID="<s@outside.test>")
    )
    number = secret.session.public_id
    stranger = "eve@stranger.test"
    (guess,) = arrive(house, a_mail("And now?", From=stranger, Subject=f"Re: Private [{number}]"))
    assert guess.thread != secret.thread
    assert guess.placement["possible"]["session"] == number
    draft, _new = begin_reply(guess.session, by=house.alice.user, opening="")
    content = Content(
        to=(Address(stranger),), subject=draft.subject, html=f"{draft.html}Who?", newest=guess.pk
    )
    sent = leaves(smtp_sink, send(draft, content, Wish(), by=house.alice.user))
    assert sent.recipients == (stranger,)
    for word in (b"4711", b"s@outside.test", secret.thread.key.encode(), CUSTOMER.encode()):
        assert word not in sent.raw


@pytest.mark.parametrize("sender", ["News <news@letter.test>", "Support <support@carteria.test>"])
def test_21_two_hundred_readers_of_one_mail_have_two_hundred_conversations(
    house: House, sender: str
) -> None:
    """Also where a program sent it in our own name, with a copy to us."""
    letter = a_mail(From=sender, To="undisclosed-recipients:;", Message_ID="<news-7@letter.test>")
    readers = [f"reader{number}@outside.test" for number in range(200)]
    asked = {"In_Reply_To": "<news-7@letter.test>", "Subject": "Re: News"}
    answers = arrive(house, letter, *(a_mail(one, From=one, **asked) for one in readers))[1:]
    assert len({one.thread_id for one in answers}) == 200
    assert [one.session.customer for one in answers] == readers


def test_22_the_badge_marks_a_new_subject_and_no_other(house: House, smtp_sink: SmtpSink) -> None:
    """Not what a machine writes, nor the old subject once something else has come between."""
    (first,) = arrive(house, a_mail(Message_ID="<1@outside.test>"))
    ours = reply(first.session, Letter(text="Yes"), by=house.alice.user)
    answers = {"In_Reply_To": f"<{ours.message_id}>", "References": "<1@outside.test>"}
    mails = [
        a_mail(Subject="Away until Monday", Auto_Submitted="auto-replied", **answers),
        a_mail("Thanks", Subject="RE: Order 7", **answers),
        a_mail(Subject="My new address", **answers),
        a_mail("Again", Subject="AW: Order 7", **answers),
    ]
    marked = ["subject-changed" in arrive(house, one)[0].placement["flags"] for one in mails]
    assert marked == [False, False, True, False]


def test_23_answers_to_either_half_of_a_merge_are_of_one_conversation_and_ticket(
    house: House, smtp_sink: SmtpSink
) -> None:
    """At once, and after the time in which a closed session opens again."""
    halves = arrive(
        house,
        a_mail(Message_ID="<1@outside.test>"),
        a_mail("Again", Message_ID="<2@outside.test>", Subject="Second"),
    )
    sent = [
        leaves(smtp_sink, reply(one.session, Letter(text="Yes"), by=house.alice.user))
        for one in halves
    ]
    post_updates([one.thread.key for one in halves])
    older, newer = (Session.objects.get(pk=one.session_id) for one in halves)
    by_hand.merge(newer, older.public_id, by=house.alice.user)
    tickets = Ticket.objects.count()
    at_once = arrive(house, *(answer_to(one.raw, number=at) for at, one in enumerate(sent)))
    assert {one.session for one in at_once} == {older}
    long_ago = timezone.now() - timedelta(days=31)
    Session.objects.update(status=Session.Status.CLOSED, finished_at=long_ago)
    later = arrive(house, *(answer_to(one.raw, number=9 + at) for at, one in enumerate(sent)))
    (again,) = {one.session for one in later}
    assert (again.thread, again == older) == (older.thread, False)
    post_updates([older.thread.key])
    assert Ticket.objects.count() == tickets == 2
    ticket = TicketLink.objects.get(thread_key=older.thread.key).ticket
    for one in [*at_once, *later]:
        told = TicketComment.objects.filter(text__contains=f"/e/{one.pk}/")
        assert {str(comment.ticket_id) for comment in told} == {ticket}
    seen = Caller(house.alice.user).get(f"sessions/{again.public_id}/").json()
    assert seen["thread"] == older.thread.key


def test_24_whoever_was_in_cc_joins_and_is_shown_as_the_author(house: House) -> None:
    cy = "Cy <cy@outside.test>"
    first, answer = arrive(
        house,
        a_mail(Cc=cy, Message_ID="<1@outside.test>"),
        a_mail("Me too", From=cy, In_Reply_To="<1@outside.test>", Subject="Re: Order 7"),
    )
    assert answer.session == first.session
    shown = Caller(house.irene).get(f"messages/{answer.pk}/").json()
    assert shown["from"] == {"email": "cy@outside.test", "name": "Cy"}
    assert answer.session.customer == CUSTOMER


# ---- 26 and 33: whose mail it is ----------------------------------------------------------------


def test_26_forwards_in_twenty_languages_propose_who_wrote_first_and_stay_as_they_came(
    house: House,
) -> None:
    mails = {
        name: one.replace(b"<f1@agents.example>", f"<{at}@agents.example>".encode())
        for at, (name, one) in enumerate(forwards())
    }
    taken = arrive(house, *mails.values())
    assert len({language.name for language in LANGUAGES}) >= 20
    assert {one.forwarded["email"] for one in taken} == {WRITER[1]}
    assert {one.session.customer for one in taken} == {"helper@agents.example"}
    message = taken[0]
    click = {"email": WRITER[1], "name": WRITER[0]}
    told = Caller(house.admin).post(f"sessions/{message.session.public_id}/customer/", click)
    assert (told.status_code, told.json()["customer"]) == (200, WRITER[1]), told.content
    kept = Caller(house.admin).get(f"messages/{message.pk}/raw/")
    assert kept.content == next(iter(mails.values()))


FORM, ANN = "Shop <forms@shop.example>", "Ann <ann@outside.test>"
# The mailbox's policy: who is the customer of a form's mail, and of Ann's; both ask for answers to Bo.
POLICIES = {
    "from": ("forms@shop.example", "ann@outside.test"),
    "reply-to": (CUSTOMER, CUSTOMER),
    "listed": (CUSTOMER, "ann@outside.test"),
}


@pytest.mark.parametrize("policy", POLICIES)
def test_33_the_policy_says_the_same_to_session_answer_and_crm(
    house: House, smtp_sink: SmtpSink, policy: str
) -> None:
    """The answer goes where it was asked for under every policy (RFC 5322, 3.6.2)."""
    Mailbox.objects.update(customer_from=policy, form_senders=["forms@shop.example"])
    mails = arrive(house, *(a_mail(From=one, Reply_To=CUSTOMER) for one in (FORM, ANN)))
    for message, customer in zip(mails, POLICIES[policy], strict=True):
        sent = leaves(smtp_sink, reply(message.session, Letter(text="Yes"), by=house.alice.user))
        facts = facts_of(message, house_of_links())
        assert message.session.customer == facts["CUSTOMER_EMAIL"] == customer
        assert sent.recipients == (CUSTOMER,)
        post_updates([message.thread.key])
    assert set(Ticket.objects.values_list("contact_email", flat=True)) == set(POLICIES[policy])


# ---- 27, 29 to 31: what is in it ----------------------------------------------------------------


# Text that old readers take for a file, each by rules of its own: nobody could scan what it is.
ENCODED = {"body-begin-is-a-word", "body-uuencoded-between-words", "body-yenc"}


def test_27_the_source_of_every_golden_mail_is_there_as_it_came(
    house: House, fake_clamd: FakeClamd
) -> None:
    """Where all of its files are clean (SPEC 1.5.f)."""
    mails = {name: raw(name) for name in GOLDEN}
    taken = dict(zip(mails, arrive(house, *mails.values()), strict=True))
    screen.screen(list(Attachment.objects.values_list("pk", flat=True)))
    assert not Attachment.objects.exclude(verdict=Verdict.CLEAN).exists()
    sources = {name: read_source(one, by=house.admin).content for name, one in taken.items()}
    assert {name for name in mails if sources[name] != mails[name]} == ENCODED
    assert len(mails) - len(ENCODED) >= 60


def test_29_more_than_two_hundred_mails_prove_that_no_word_is_lost() -> None:
    """Each of them in test_parse_quotes.py and test_html_quotes.py."""
    assert len(NAMES) >= 200


PICTURE = b"\x89PNG\r\n\x1a\nnot really"


def test_30_a_picture_of_a_mail_leaves_in_its_place_when_it_is_passed_on(
    house: House, smtp_sink: SmtpSink
) -> None:
    (message,) = arrive(house, raw("related-inline-image"))
    Attachment.objects.update(verdict=Verdict.CLEAN, decided_at=timezone.now())
    draft = begin_forward(message.session, message, by=house.alice.user, opening="<p>See:</p>")
    content = Content(to=(LAB,), subject="Fwd", html=draft.html)
    sent = leaves(smtp_sink, send(draft, content, Wish(), by=house.alice.user))
    assert_shown_in_place(sent, message.files.get(inline=True).attachment)


def test_30_a_picture_in_an_answer_is_in_its_place_and_the_mail_keeps_its_own(
    house: House, smtp_sink: SmtpSink
) -> None:
    (message,) = arrive(house, raw("related-inline-image"))
    Attachment.objects.update(verdict=Verdict.CLEAN, decided_at=timezone.now())
    picture = message.files.get(inline=True).attachment
    answer = reply(message.session, with_picture("p@us"), by=house.alice.user)
    Attachment.objects.update(verdict=Verdict.CLEAN, decided_at=timezone.now())
    assert_shown_in_place(leaves(smtp_sink, answer), answer.files.get().attachment)
    assert message.files.get(inline=True).attachment == picture


def with_picture(content_id: str) -> Letter:
    upload = Upload("p.png", "image/png", PICTURE, content_id=content_id, inline=True)
    return Letter(html=f'<p>Look: <img src="cid:{content_id}"></p>', files=(upload,))


def assert_shown_in_place(sent: Mail, picture: Attachment) -> None:
    parts = {str(one["Content-ID"]): one for one in read_back(sent.raw).walk() if one["Content-ID"]}
    ((content_id, part),) = parts.items()
    page = read_back(sent.raw).get_body(("html",))
    assert page is not None
    assert f'src="cid:{content_id.strip("<>")}"' in page.get_content()
    assert picture.blob is not None
    assert part.get_content() == blobs.read(picture.blob)


def test_31_each_file_of_a_winmail_is_scanned_and_a_virus_in_it_stays_there(
    house: House, fake_clamd: FakeClamd
) -> None:
    files = [
        t.packed_file(t.text(t.LONG_NAME, "Rechnung März.txt"), data=b"to be paid"),
        t.packed_file(t.text(t.LONG_NAME, "harmless.txt"), data=virus()),
        t.packed_file(t.text(t.LONG_NAME, "setup.exe"), data=b"MZ"),
    ]
    (message,) = arrive(house, winmail_of(t.winmail(*files)))
    screen.screen(list(Attachment.objects.values_list("pk", flat=True)))
    verdicts = {one.attachment.name: one.attachment for one in message.files.all()}
    assert {name: one.verdict for name, one in verdicts.items()} == {
        "Rechnung März.txt": Verdict.CLEAN,
        "harmless.txt": Verdict.INFECTED,
        "setup.exe": Verdict.REFUSED,
    }
    assert {b"to be paid", virus()} <= set(fake_clamd.streams)
    caller = Caller(house.irene)
    answers = {name: caller.get(f"attachments/{one.pk}/content/") for name, one in verdicts.items()}
    assert answers["Rechnung März.txt"].status_code == 200
    for name in ("harmless.txt", "setup.exe"):
        assert problem(answers[name])[0] in (403, 404, 409, 422)


def winmail_of(content: bytes) -> bytes:
    head = a_mail("").rstrip() + b"\r\nMIME-Version: 1.0\r\n"
    kind = b'Content-Type: application/ms-tnef; name="winmail.dat"\r\n'
    return head + kind + b"Content-Transfer-Encoding: base64\r\n\r\n" + encodebytes(content)


@pytest.mark.parametrize("how", ["rfc2047", "rfc2231"])
def test_31_names_in_ten_scripts_come_in_and_go_out_again(
    house: House, smtp_sink: SmtpSink, how: str
) -> None:
    AttachmentSettings.load()
    AttachmentSettings.objects.update(max_files=len(SCRIPTS))
    (message,) = arrive(house, raw(f"names-{how}-thirteen-scripts"))
    Attachment.objects.update(verdict=Verdict.CLEAN, decided_at=timezone.now())
    shown = Caller(house.admin).get(f"messages/{message.pk}/").json()["attachments"]
    assert [one["name"] for one in shown] == list(SCRIPTS)
    draft = begin_forward(message.session, message, by=house.alice.user, opening="")
    sent = send(draft, Content(to=(LAB,), subject="Fwd"), Wish(), by=house.alice.user)
    files = read_back(leaves(smtp_sink, sent).raw).iter_attachments()
    assert [one.get_filename() for one in files] == list(SCRIPTS)


def test_32_of_five_megabytes_of_html_no_more_is_laid_out_than_can_be_at_once(
    house: House, client: Client
) -> None:
    """In a frame without scripts, and the rest is a click away."""
    head = a_mail("", MIME_Version="1.0", Content_Type="text/html").rstrip() + b"\r\n\r\n"
    (message,) = arrive(house, head + b"<tr><td><b>1</b><td>2</tr>\r\n" * 180_000)
    client.force_login(house.alice.user)
    page = client.get(f"/m/{message.pk}/")
    assert len(page.content) < 200_000
    assert b"whole=1" in page.content
    assert "sandbox" in page["Content-Security-Policy"]
