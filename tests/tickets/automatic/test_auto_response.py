"""The automatic answer: what it is, whom it goes to, and every guard that stops one."""

from datetime import timedelta
from email import message_from_bytes
from email.utils import format_datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.channels.models import ChannelSettings, EmailAccount, InboundEmail, Mailbox
from apps.channels.receive import receive_one
from apps.crm.models import CrmConnection, TicketUpdate
from apps.queues.models import Queue
from apps.tickets import tokens
from apps.tickets.dry_run import try_out
from apps.tickets.inbound import take_in
from apps.tickets.models import AutomaticAnswer, Message, Session, SessionEvent
from apps.tickets.outbound import Letter, reply
from apps.tickets.sending.delivery import deliver
from tests.people import (
    House,
    crm_connection,
    make_account,
    make_house,
    make_mailbox,
    make_message,
    make_session,
)
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db

CARLA = "carla@outside.test"
ANSWER = {
    "from": "",
    "subject": "We have got your mail [{SESSION_ID}]",
    "text": "{QUEUE} answers within a day.",
    "out_of_hours_text": "",
}
A_MONTH_AGO = format_datetime(timezone.now() - timedelta(days=30))
YESTERDAY = format_datetime(timezone.now() - timedelta(hours=20))
OF_THE_SERVER = "mx.ours.test; dmarc=fail header.from=outside.test"


@pytest.fixture
def house() -> House:
    house = make_house()
    answering(house)
    return house


def answering(house: House, **changes: str) -> None:
    Queue.objects.filter(pk=house.support.pk).update(auto_response=ANSWER | changes)


def a_mail(subject: str = "Parcel", **headers: str) -> bytes:
    fields = {"From": f"Carla <{CARLA}>", "To": "support@carteria.test", "Subject": subject}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{head}\r\nWhere is it? {subject} {headers}\r\n".encode()


def comes(mailbox: Mailbox, raw: bytes | None = None, **row: Any) -> InboundEmail:
    """Received and taken in; ROW as a fetch would have written it."""
    made = receive_one(raw or a_mail(), mailbox=mailbox, source=InboundEmail.Source.API)[0]
    if row:
        InboundEmail.objects.filter(pk=made.pk).update(**row)
    take_in()
    made.refresh_from_db()
    assert made.status == InboundEmail.Status.STORED
    return made


def answers() -> list[Message]:
    return list(Message.objects.filter(direction="out", automatic=True).order_by("pk"))


def said(row: InboundEmail) -> str:
    """What is kept of the decision about a mail."""
    events = SessionEvent.objects.filter(kind=SessionEvent.Kind.AUTO_ANSWER)
    [event] = [one for one in events if one.facts["message"] == row.message.pk]
    assert event.after == event.facts["code"]
    return event.after


# ---- what it is ---------------------------------------------------------------------------


def test_a_mail_is_answered_in_its_thread_by_nobody(house: House) -> None:
    row = comes(house.mailbox, a_mail(Message_ID="<q@outside.test>", References="<p@outside.test>"))
    [answer] = answers()
    session = row.message.session
    assert (answer.session, answer.thread) == (session, row.message.thread)
    assert (answer.status, answer.author, answer.automatic) == ("queued", None, True)
    assert answer.to == [{"email": CARLA, "name": ""}]
    assert answer.subject == f"We have got your mail [{session.public_id}]"
    assert answer.text == "Support answers within a day."
    assert answer.html == ""
    assert (answer.in_reply_to, answer.references[-1]) == ("q@outside.test", "q@outside.test")
    assert tokens.thread_key_of(answer.message_id) == session.thread.key
    assert said(row) == "answered"


def test_it_leaves_with_the_marks_that_stop_other_programs(
    house: House, smtp_sink: SmtpSink
) -> None:
    EmailAccount.objects.update(send_host="127.0.0.1", send_port=smtp_sink.port)
    crm_connection()
    comes(house.mailbox)
    [answer] = answers()
    deliver(answer.pk)
    [mail] = smtp_sink.mails
    sent = message_from_bytes(mail.raw)
    assert (mail.sender, mail.recipients) == ("support@carteria.test", (CARLA,))
    assert sent["Auto-Submitted"] == "auto-replied"
    assert sent["X-Auto-Response-Suppress"] == "All"
    assert sent["Message-ID"] == f"<{answer.message_id}>"
    links = TicketUpdate.objects.filter(kind="link").values_list("key", flat=True)
    assert str(answer.pk) in links  # SPEC 1.3 d: as of any mail that was sent


def test_an_answer_of_an_agent_carries_none_of_these_marks(
    house: House, smtp_sink: SmtpSink
) -> None:
    EmailAccount.objects.update(send_host="127.0.0.1", send_port=smtp_sink.port)
    session = comes(house.mailbox).message.session
    message = reply(session, Letter(text="Hello"), by=house.alice.user)
    deliver(message.pk)
    [mail] = smtp_sink.mails
    assert not {"auto-submitted", "precedence"} & {
        name.lower() for name in message_from_bytes(mail.raw)
    }


def test_it_changes_neither_state_nor_clock_nor_whom_the_agent_answers(house: House) -> None:
    row = comes(house.mailbox)
    session = Session.objects.get()
    assert (session.status, session.agent, session.newest_in) == ("unopened", None, row.message.pk)
    assert (
        session.waiting_since == session.created_at or session.waiting_since <= session.updated_at
    )
    assert (session.message_count, session.finished_at) == (2, None)
    answer = reply(session, Letter(text="Here"), by=house.alice.user)
    assert (answer.in_reply_to, answer.subject) == (row.message.message_id, "Re: Parcel")


def test_it_says_no_word_of_the_senders(house: House) -> None:
    answering(house, text="{CUSTOMER} {SUBJECT} {QUEUE}")  # past the rules, as an old row might be
    comes(
        house.mailbox,
        a_mail("Cheap watches", From=f"Buy now <{CARLA}>", Reply_To=f"Pills <{CARLA}>"),
    )
    [answer] = answers()
    words = f"{answer.subject} {answer.text} {answer.to} {answer.cc} {answer.reply_to}"
    assert not {"watches", "Buy", "Pills", "Parcel"} & set(words.replace("'", " ").split())


def test_a_no_reply_address_may_send_it_and_replies_still_reach_us(house: House) -> None:
    sending = make_account(receive_kind=EmailAccount.Receive.NONE)
    make_mailbox("no-reply@carteria.test", account=sending, from_name="Carteria")
    answering(house, **{"from": "No-Reply@carteria.test"})
    comes(house.mailbox)
    [answer] = answers()
    assert (answer.from_email, answer.from_name) == ("no-reply@carteria.test", "Carteria")
    assert answer.reply_to == [{"email": "support@carteria.test", "name": "Support"}]


def test_it_leaves_from_the_address_that_was_written_to(house: House) -> None:
    make_mailbox("billing@carteria.test", queue=house.support)
    comes(Mailbox.objects.get(address="billing@carteria.test"))
    [answer] = answers()
    assert (answer.from_email, answer.reply_to) == ("billing@carteria.test", [])


def test_outside_the_hours_it_says_when_the_queue_opens(house: House) -> None:
    answering(house, out_of_hours_text="Closed until {OPENS_AT}.")
    tomorrow = timezone.now() + timedelta(days=1)
    day = tomorrow.strftime("%a")
    Queue.objects.filter(pk=house.support.pk).update(hours=[f"{day} 9:00-10:00"], time_zone="UTC")
    row = comes(house.mailbox)
    [answer] = answers()
    assert answer.text.startswith(f"Closed until {tomorrow.strftime('%A')}, ")
    assert answer.text.endswith("9:00 (UTC).")
    event = SessionEvent.objects.get(kind="auto-answer")
    assert event.facts == {"code": "answered", "closed": True, "message": row.message.pk}


def test_behind_a_web_form_the_person_is_answered(house: House) -> None:
    Mailbox.objects.update(customer_from=Mailbox.CustomerFrom.REPLY_TO)
    comes(house.mailbox, a_mail(From="no-reply@shop.test", Reply_To=CARLA))
    [answer] = answers()
    assert answer.to == [{"email": CARLA, "name": ""}]


# ---- guards -------------------------------------------------------------------------------

GUARDS: list[tuple[str, dict[str, str]]] = [
    ("auto-submitted", {"Auto-Submitted": "auto-replied"}),
    ("auto-submitted", {"Auto-Submitted": "auto-generated; type=x"}),
    ("auto-submitted", {"X-Autoreply": "yes"}),
    ("auto-submitted", {"X-Autorespond": "Re: hello"}),
    ("auto-submitted", {"X-Auto-Response-Suppress": "All"}),
    ("auto-submitted", {"X-Auto-Response-Suppress": "DR, OOF, AutoReply"}),
    ("auto-submitted", {"Precedence": "auto_reply"}),
    ("auto-submitted", {"From": "vacation@outside.test"}),
    ("empty-return-path", {"Return-Path": "<>"}),
    ("list", {"List-Id": "<news.outside.test>"}),
    ("list", {"List-Unsubscribe": "<https://outside.test/u>"}),
    ("list", {"Precedence": "bulk"}),
    ("list", {"Precedence": "list"}),
    ("list", {"Precedence": "junk"}),
    ("machine", {"From": "MAILER-DAEMON@outside.test"}),
    ("machine", {"Return-Path": "<MAILER-DAEMON@outside.test>"}),
    ("machine", {"From": "postmaster@outside.test"}),
    ("machine", {"From": "no-reply@outside.test"}),
    ("machine", {"From": "noreply+a7@outside.test"}),
    ("machine", {"From": "do_not_reply@outside.test"}),
    ("machine", {"From": "orders-noreply@outside.test"}),
    ("machine", {"From": "noreply-dmarc-support@outside.test"}),  # as Google's, which say no more
    ("machine", {"From": "no.reply.alerts@outside.test"}),
    ("machine", {"From": "no-responder@outside.test"}),
    ("machine", {"From": "owner-news@outside.test"}),
    ("machine", {"From": "news-request@outside.test"}),
    ("machine", {"From": "bounces@outside.test"}),
    ("machine", {"From": "notifications@outside.test"}),
    ("spam", {"X-Spam-Flag": "YES"}),
    ("spam", {"X-Spam-Status": "Yes, score=9.1 required=5.0"}),
    ("spam", {"X-MS-Exchange-Organization-SCL": "6"}),
    ("spam", {"X-Forefront-Antispam-Report": "CIP:1.2.3.4;CTRY:US;SFV:SPM;H:x"}),
    ("circular", {"Cc": ", ".join(f"p{n}@outside.test" for n in range(21))}),
    ("forged", {"Authentication-Results": OF_THE_SERVER}),
    ("ours", {"From": "support@carteria.test"}),
    ("ours", {"From": "Help@carteria.test"}),
    ("no-address", {"From": "undisclosed"}),
    ("no-address", {"From": "two words@@outside"}),
    ("agent", {"From": "Alice <Alice@agents.test>"}),
    ("late", {"Date": A_MONTH_AGO}),
]
ANSWERED: list[dict[str, str]] = [
    {},
    {"Auto-Submitted": "no"},
    {"X-Auto-Response-Suppress": "DR, RN"},
    {"X-Spam-Flag": "NO"},
    {"X-Spam-Status": "No, score=0.1"},
    {"X-MS-Exchange-Organization-SCL": "-1"},
    {"Return-Path": f"<{CARLA}>"},
    {"Return-Path": "<bounces+817-carla=outside.test@esp.test>"},
    {"From": "norbert.nobody-important@outside.test"},
    {"From": "replyal@outside.test"},
    {"From": "noriko@outside.test"},
    {"Authentication-Results": "mx.theirs.test; dmarc=fail header.from=outside.test"},
    {"Date": YESTERDAY},
    {"Subject": "Out of office? Out of order!"},
]


def all_come(mailbox: Mailbox, mails: list[bytes]) -> list[InboundEmail]:
    """In one batch; each of them is stored."""
    made = [receive_one(raw, mailbox=mailbox, source=InboundEmail.Source.API)[0] for raw in mails]
    assert take_in() == len(mails)
    stored = InboundEmail.objects.in_bulk([one.pk for one in made])
    return [stored[one.pk] for one in made]


def test_what_no_program_may_answer_is_kept_and_says_why(house: House) -> None:
    EmailAccount.objects.update(trusted_servers=["mx.ours.test"])
    Mailbox.objects.update(aliases=["help@carteria.test"])
    rows = all_come(house.mailbox, [a_mail(f"G{n}", **one) for n, (_c, one) in enumerate(GUARDS)])
    found = [(said(row), headers) for row, (_code, headers) in zip(rows, GUARDS, strict=True)]
    assert found == GUARDS
    assert answers() == []
    whys = SessionEvent.objects.filter(kind="auto-answer").values_list("why", flat=True)
    assert all(why.startswith("No automatic answer: ") for why in whys)


def test_what_people_write_is_answered(house: House) -> None:
    EmailAccount.objects.update(trusted_servers=["mx.ours.test"])
    mails = [
        a_mail(**({"Subject": f"M{n}", "From": f"p{n}@outside.test"} | headers))
        for n, headers in enumerate(ANSWERED)
    ]
    rows = all_come(house.mailbox, mails)
    assert [said(row) for row in rows] == ["answered"] * len(ANSWERED)
    assert len(answers()) == len(ANSWERED)


def test_how_a_mail_came_may_stop_it(house: House) -> None:
    """What was released from quarantine came when it came."""
    long_ago = timezone.now() - timedelta(hours=25)
    ways: list[tuple[str, dict[str, Any]]] = [
        ("import", {"answers_nobody": True}),
        ("junk", {"folder": "Junk"}),
        ("junk", {"folder": "Basura", "from_junk": True}),
        ("junk", {"folder": "[Gmail]/Spam"}),
        ("junk", {"folder": "INBOX.Junk E-mail"}),
        ("late", {"received_at": long_ago, "released": True}),
        ("late", {"server_date": long_ago}),
        ("answered", {"folder": "INBOX/Spam complaints"}),
    ]
    made = []
    for number, (_code, row) in enumerate(ways):
        raw = a_mail(f"W{number}")
        made.append(receive_one(raw, mailbox=house.mailbox, source=InboundEmail.Source.API)[0])
        InboundEmail.objects.filter(pk=made[-1].pk).update(**row)
    take_in()
    assert [said(row) for row in made] == [code for code, _row in ways]


def test_a_report_is_not_answered(house: House) -> None:
    raw = a_mail(
        From="MAILER-DAEMON@mx.outside.test",
        Content_Type="multipart/report; report-type=delivery-status; boundary=b",
    )
    raw = raw.partition(b"\r\n\r\n")[0] + (
        b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nIt failed.\r\n--b\r\nContent-Type: message/delivery-status"
        b"\r\n\r\nReporting-MTA: dns; mx.outside.test\r\n\r\nFinal-Recipient: rfc822; x@outside.test\r\nAction: failed"
        b"\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
    )
    assert said(comes(house.mailbox, raw)) == "bounce"


def test_mail_of_the_crm_is_not_answered(house: House) -> None:
    CrmConnection.objects.filter(pk=crm_connection().pk).update(
        sender_addresses=["crm@vendor.test"]
    )
    made = receive_one(
        a_mail(From="crm@vendor.test"), mailbox=house.mailbox, source=InboundEmail.Source.API
    )[0]
    take_in()
    made.refresh_from_db()
    assert (made.status, answers()) == (InboundEmail.Status.REJECTED, [])


def test_a_stranger_who_only_holds_our_token_is_not_answered(house: House) -> None:
    session = make_session(house.support, mailbox=house.mailbox)
    ours = make_message(
        session, direction="out", message_id=tokens.new_message_id(session.thread, "carteria.test")
    )
    row = comes(house.mailbox, a_mail(In_Reply_To=f"<{ours.message_id}>"))
    assert row.message.thread == session.thread
    assert said(row) == "stranger"


def test_one_in_a_session(house: House) -> None:
    ChannelSettings.objects.update(auto_responses_per_day=20)
    first = comes(house.mailbox, a_mail(Message_ID="<one@outside.test>"))
    second = comes(house.mailbox, a_mail("More", In_Reply_To="<one@outside.test>"))
    assert second.message.session == first.message.session
    assert (said(second), len(answers())) == ("session", 1)


def test_one_in_a_session_also_within_one_batch(house: House) -> None:
    ChannelSettings.objects.update(auto_responses_per_day=20)
    for raw in (
        a_mail(Message_ID="<one@outside.test>"),
        a_mail("More", References="<one@outside.test>"),
    ):
        receive_one(raw, mailbox=house.mailbox, source=InboundEmail.Source.API)
    assert take_in() == 2
    assert [
        event.after for event in SessionEvent.objects.filter(kind="auto-answer").order_by("pk")
    ] == [
        "answered",
        "session",
    ]


def test_none_once_a_person_has_written(house: House) -> None:
    session = make_session(house.support, mailbox=house.mailbox, customer=CARLA)
    ours = make_message(
        session, direction="out", message_id=tokens.new_message_id(session.thread, "carteria.test")
    )
    row = comes(house.mailbox, a_mail(In_Reply_To=f"<{ours.message_id}>"))
    assert said(row) == "in-person"


def test_so_many_for_an_address_in_a_day(house: House) -> None:
    ChannelSettings.objects.update(auto_responses_per_day=2)
    rows = [
        comes(house.mailbox, a_mail(f"Matter {n}", From=sender))
        for n, sender in enumerate((CARLA, "Carla@Outside.test", CARLA))
    ]
    assert [said(row) for row in rows] == ["answered", "answered", "limit"]
    other = comes(house.mailbox, a_mail(From="ann@outside.test"))
    assert said(other) == "answered"
    AutomaticAnswer.objects.update(at=timezone.now() - timedelta(hours=25))
    assert said(comes(house.mailbox, a_mail("Tomorrow"))) == "answered"


def test_zero_a_day_is_none_at_all(house: House) -> None:
    ChannelSettings.objects.update(auto_responses_per_day=0)
    row = comes(house.mailbox)
    assert said(row) == "limit"
    assert (
        "the settings of the channel allow none" in SessionEvent.objects.get(kind="auto-answer").why
    )


def test_a_sender_that_cannot_send_is_said(house: House) -> None:
    answering(house, **{"from": "gone@carteria.test"})
    assert said(comes(house.mailbox)) == "no-sender"
    answering(house)
    EmailAccount.objects.update(send_kind=EmailAccount.Send.NONE)
    assert said(comes(house.mailbox, a_mail("Again"))) == "no-sender"


def test_a_queue_without_one_says_nothing(house: House) -> None:
    Queue.objects.update(auto_response=None)
    comes(house.mailbox)
    assert answers() == []
    assert not SessionEvent.objects.filter(kind="auto-answer").exists()


# ---- loops --------------------------------------------------------------------------------


def loops() -> list[SessionEvent]:
    return list(SessionEvent.objects.filter(kind="loop").order_by("pk"))


def written(house: House, count: int, *, sender: str = CARLA, **fields: Any) -> Session:
    """COUNT mails of one sender a minute ago, in one conversation."""
    session = make_session(house.support, mailbox=house.mailbox, customer=sender)
    for _number in range(count):
        make_message(session, **fields)
    Message.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    return session


def test_more_than_ten_mails_in_a_quarter_of_an_hour_are_a_loop(house: House) -> None:
    ChannelSettings.objects.update(auto_responses_per_day=20)
    written(house, 9)
    rows = all_come(house.mailbox, [a_mail("Tenth")])
    rows += all_come(house.mailbox, [a_mail("Eleventh"), a_mail("Twelfth")])
    assert [said(row) for row in rows] == ["answered", "loop", "loop"]
    events = loops()
    assert [event.session for event in events] == [row.message.session for row in rows[1:]]
    assert {event.after for event in events} == {CARLA}
    assert "12 mails of one sender in 15 minutes" in events[0].why


def test_after_a_loop_nothing_automatic_for_a_day(house: House) -> None:
    loop = SessionEvent.objects.create(session=make_session(house.other), kind="loop", after=CARLA)
    assert said(comes(house.mailbox, a_mail("Hours later"))) == "loop"
    SessionEvent.objects.filter(pk=loop.pk).update(at=timezone.now() - timedelta(hours=25))
    assert said(comes(house.mailbox, a_mail("A day later"))) == "answered"


def test_an_hour_ago_does_not_count_nor_does_another_mailbox(house: House) -> None:
    written(house, 10)
    Message.objects.update(created_at=timezone.now() - timedelta(hours=1))
    written(house, 10)
    Message.objects.update(mailbox=make_mailbox())
    comes(house.mailbox)
    assert loops() == []


def test_programs_in_one_thread_are_a_loop_even_when_they_say_so(house: House) -> None:
    session = written(house, 10, automatic=True)
    one = "one@outside.test"
    ours = make_message(session, message_id=one, message_id_hash=tokens.hash_of(one))
    row = comes(
        house.mailbox, a_mail(In_Reply_To="<one@outside.test>", Auto_Submitted="auto-replied")
    )
    assert row.message.session == ours.session
    assert [(loop.session, loop.after, loop.facts) for loop in loops()] == [
        (session, CARLA, {"mails": 12})
    ]
    assert said(row) == "auto-submitted"


def test_old_mail_that_is_brought_in_is_no_loop(house: House) -> None:
    for n in range(12):
        raw = a_mail(f"Old {n}")
        row = receive_one(raw, mailbox=house.mailbox, source=InboundEmail.Source.API)[0]
        InboundEmail.objects.filter(pk=row.pk).update(answers_nobody=True)
    take_in()
    comes(house.mailbox, a_mail("New"))
    assert loops() == []


def test_newsletters_forms_and_agents_are_no_loops(house: House) -> None:
    Mailbox.objects.update(customer_from=Mailbox.CustomerFrom.REPLY_TO)
    mails = []
    for n in range(11):
        mails.append(a_mail(f"News {n}", List_Id="<news.outside.test>"))
        mails.append(a_mail(f"Form {n}", From="web@shop.test", Reply_To=f"p{n}@outside.test"))
        mails.append(a_mail(f"Fwd {n}", From="alice@agents.test"))
    all_come(house.mailbox, mails)
    assert loops() == []


def test_a_desk_that_answers_everything_gets_one_answer_in_a_simulated_hour(house: House) -> None:
    """As stupid as can be: it answers each mail of ours and writes by itself as well, strips
    Auto-Submitted, keeps no thread, and calls and identifies every mail anew."""
    seen: set[int] = set()
    for turn in range(12):  # of five minutes
        fresh = {one.pk for one in answers()} - seen
        seen |= fresh
        mails = [f"{turn}.{number}" for number in range(4 + len(fresh))]
        all_come(
            house.mailbox,
            [
                a_mail(f"Ticket {one}", From="desk@robots.test", Message_ID=f"<{one}@robots.test>")
                for one in mails
            ],
        )
        five_minutes_pass()
    assert len(answers()) == 1
    assert Message.objects.filter(direction="in").count() == 12 * 4 + 1  # kept, every one of them
    assert {loop.after for loop in loops()} == {"desk@robots.test"}


def five_minutes_pass() -> None:
    """On every clock that the guards look at."""
    passed = timedelta(minutes=5)
    Message.objects.update(created_at=F("created_at") - passed)
    AutomaticAnswer.objects.update(at=F("at") - passed)
    SessionEvent.objects.update(at=F("at") - passed)


# ---- together with the rest ---------------------------------------------------------------


def statements(house: House, number: int) -> tuple[int, int]:
    """All of them, and those about answers and loops."""
    for one in range(number):
        raw = a_mail(f"{number} {one}", From=f"p{number}.{one}@outside.test")
        receive_one(raw, mailbox=house.mailbox, source=InboundEmail.Source.API)
    with CaptureQueriesContext(connection) as queries:
        take_in()
    words = ("automatica", "'loop'", '"persons"')
    ours = [one for one in queries if any(word in one["sql"] for word in words)]
    return len(queries), len(ours)


def test_a_queue_that_answers_nothing_costs_a_batch_the_loop_guard_alone(house: House) -> None:
    Queue.objects.update(auto_response=None)
    assert statements(house, 5)[1] == 1


def test_ten_mails_cost_as_many_statements_as_two(house: House) -> None:
    crm_connection()
    statements(house, 1)
    assert statements(house, 2) == statements(house, 10)
    assert len(answers()) == 13


@pytest.mark.parametrize(
    "headers",
    [{}, {"List-Id": "<n.outside.test>"}, {"From": "alice@agents.test"}],
    ids=["0", "1", "2"],
)
def test_the_dry_run_foresees_what_intake_decides(house: House, headers: dict[str, str]) -> None:
    raw = a_mail(**headers)
    decisions = try_out(raw, to=house.mailbox.address, with_database=True).decisions
    assert decisions is not None and decisions.auto_response is not None
    assert not AutomaticAnswer.objects.exists()
    assert decisions.auto_response.code == said(comes(house.mailbox, raw))
