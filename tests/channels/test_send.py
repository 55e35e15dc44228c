"""What became of a mail, for every place where its way can break (GUARANTEES G5)."""

import logging
import socket
import time
from functools import partial

import pytest

from apps.channels import send as sending
from apps.channels.models import EmailAccount
from apps.channels.send import Envelope, Heard, Outcome, send
from apps.core.secrets import seal
from tests.servers.smtp_sink import Certificates, SmtpSink, running_smtp_sink

ENVELOPE = Envelope("support@carteria.test", ("ann@outside.test", "bo@outside.test"))
RAW = b"Subject: Hi\r\n\r\nHello\r\n"
LARGE = b"Subject: Hi\r\n\r\n" + b"x" * 70 + (b"\r\n" + b"x" * 70) * 80_000


def account(sink: SmtpSink, **fields: object) -> EmailAccount:
    told = {"send_host": "127.0.0.1", "send_port": sink.port, "send_tls": "none"} | fields
    return EmailAccount(name="main", **told)


def sent(sink: SmtpSink, raw: bytes = RAW, **fields: object) -> tuple[Outcome, int]:
    """The outcome, and how often the caller was told that the dot comes next."""
    told: list[bool] = []
    outcome = send(account(sink, **fields), ENVELOPE, raw, before_data=lambda: told.append(True))
    return outcome, len(told)


def test_a_good_server_takes_it(smtp_sink: SmtpSink) -> None:
    outcome, told = sent(smtp_sink)
    assert (outcome.kind, outcome.code, told) == ("sent", 250, 1)
    [mail] = smtp_sink.mails
    assert (mail.sender, mail.recipients, mail.raw) == (
        ENVELOPE.sender,
        ENVELOPE.recipients,
        RAW,
    )


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "DOT"])
@pytest.mark.parametrize(
    ("code", "kind"), [("451 4.3.0 later", "retry"), ("550 5.7.1 no", "failed")]
)
def test_a_refusal_of_the_mail(smtp_sink: SmtpSink, verb: str, code: str, kind: str) -> None:
    smtp_sink.answers[verb] = code
    outcome, told = sent(smtp_sink)
    assert (outcome.kind, outcome.code) == (kind, int(code[:3]))
    assert code.split(" ", 1)[1] in outcome.sentence
    assert told == (verb == "DOT")
    assert smtp_sink.mails == []


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO"])
@pytest.mark.parametrize("code", ["421 4.3.2 later", "554 5.7.1 no"])
def test_a_refusal_of_us_says_nothing_about_the_mail(
    smtp_sink: SmtpSink, verb: str, code: str
) -> None:
    """An administrator may cure it, so the mail is kept."""
    smtp_sink.answers[verb] = code
    outcome, told = sent(smtp_sink)
    assert (outcome.kind, told, smtp_sink.mails) == ("retry", 0, [])


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_line_that_breaks_before_the_content_is_retried(smtp_sink: SmtpSink, verb: str) -> None:
    smtp_sink.drops.add(verb)
    outcome, told = sent(smtp_sink)
    assert (outcome.kind, told, smtp_sink.mails) == ("retry", 0, [])


@pytest.mark.parametrize("raw", [RAW, LARGE], ids=["small", "large"])
def test_a_line_that_breaks_before_the_dot_is_retried(smtp_sink: SmtpSink, raw: bytes) -> None:
    """A moment before: who hangs up while the dot is on its way leaves us in the dark."""
    smtp_sink.drops.add("CONTENT")
    moment = partial(time.sleep, 0.05)
    told: list[bool] = []
    outcome = send(
        account(smtp_sink), ENVELOPE, raw, before_data=lambda: told.append(True), alive=moment
    )
    assert (outcome.kind, told, smtp_sink.mails) == ("retry", [], [])


def test_a_server_that_refuses_amid_the_content_is_heard(
    smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    smtp_sink.answers["CONTENT"] = "552 5.3.4 enough"
    spoke = sending._stop_if_server_spoke
    monkeypatch.setattr(
        sending, "_stop_if_server_spoke", lambda smtp: (time.sleep(0.3), spoke(smtp))
    )
    outcome, told = sent(smtp_sink)
    assert (outcome.kind, outcome.code, told) == ("failed", 552, 0)


def test_fifty_lines_that_break_after_the_dot_are_fifty_unknowns(smtp_sink: SmtpSink) -> None:
    """Each mail is there exactly once, and nobody claims to know it."""
    smtp_sink.drops.add("DOT")
    outcomes = [sent(smtp_sink) for _try in range(50)]
    assert [(outcome.kind, told) for outcome, told in outcomes] == [("unknown", 1)] * 50
    assert len(smtp_sink.mails) == 50


def test_silence_after_the_dot_is_unknown(
    smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "ANSWER_SECONDS", 0.3)
    smtp_sink.silent.add("DOT")
    assert sent(smtp_sink)[0].kind == "unknown"
    assert len(smtp_sink.mails) == 1


def test_nonsense_after_the_dot_is_unknown(smtp_sink: SmtpSink) -> None:
    for nonsense in ("hello", "250" + "x" * 9000, "354 and more"):
        smtp_sink.answers["DOT"] = nonsense
        assert sent(smtp_sink)[0].kind == "unknown"


BO_REFUSED = {"bo@outside.test": "550 5.1.1 no such user"}
ANN_LATER = {"ann@outside.test": "450 4.2.0 greylisted"}


@pytest.mark.parametrize(
    ("refused", "kind", "got_it"),
    [
        (BO_REFUSED, "sent", ("ann@outside.test",)),
        (ANN_LATER, "sent", ("bo@outside.test",)),
        (ANN_LATER | BO_REFUSED, "retry", ()),
        ({"ann@outside.test": "553 no"} | BO_REFUSED, "failed", ()),
    ],
)
def test_the_mail_goes_to_whom_the_server_accepts(
    smtp_sink: SmtpSink, refused: dict[str, str], kind: str, got_it: tuple[str, ...]
) -> None:
    smtp_sink.refused.update(refused)
    heard: Heard = {}
    outcome = send(account(smtp_sink), ENVELOPE, RAW, before_data=lambda: None, heard=heard)
    assert outcome.kind == kind
    assert [mail.recipients for mail in smtp_sink.mails] == ([got_it] if got_it else [])
    assert {who: words for who, (code, words) in heard.items() if code != 250} == refused
    assert set(heard) == set(ENVELOPE.recipients)


def test_who_cannot_be_sent_to_is_named(smtp_sink: SmtpSink) -> None:
    smtp_sink.refused.update(ANN_LATER | BO_REFUSED)
    sentence = sent(smtp_sink)[0].sentence
    assert ("ann@outside.test" in sentence, "bo@outside.test" in sentence) == (True, False)


@pytest.mark.parametrize(
    ("verb", "answer", "throttled"),
    [
        ("CONNECT", "421 4.7.0 Too many connections", True),
        ("MAIL", "450 4.7.1 sender rate exceeded", True),
        ("DATA", "421 4.3.2 going down", True),
        ("DOT", "451 4.7.28 too much mail", True),
        ("DOT", "451 4.3.0 later", False),
        ("DOT", "550 5.7.1 no", False),
        ("RCPT", "450 4.7.1 Greylisted, come again", False),  # about this recipient
        ("RCPT", "450 4.7.1 Rate limit exceeded", True),
        ("RCPT", "452 4.5.3 Too many recipients", False),
    ],
)
def test_a_server_that_asks_us_to_slow_down(
    smtp_sink: SmtpSink, verb: str, answer: str, throttled: bool
) -> None:
    smtp_sink.answers[verb] = answer
    assert sent(smtp_sink)[0].throttled == throttled


def test_what_before_data_raises_calls_the_mail_off(smtp_sink: SmtpSink) -> None:
    def lost() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        send(account(smtp_sink), ENVELOPE, RAW, before_data=lost)
    time.sleep(0.2)
    assert smtp_sink.mails == []


def test_dots_and_bare_line_ends_arrive_as_text(smtp_sink: SmtpSink) -> None:
    raw = b"Subject: dots\r\n\r\n.\r\n..two\r\n\n.\nMAIL FROM:<x@y.test>\r.\r\n.end"
    assert sent(smtp_sink, raw)[0].kind == "sent"
    [mail] = smtp_sink.mails
    expected = b"Subject: dots\r\n\r\n.\r\n..two\r\n\r\n.\r\nMAIL FROM:<x@y.test>\r\n.\r\n.end\r\n"
    assert mail.raw == expected


# ---- what the server offers (RFC 1870, 6152, 6531) ------------------------------------------

LETTERS = Envelope("support@carteria.test", ("añé@outside.test", "ann@outside.test"))
LETTERS_RAW = "To: añé@outside.test\r\n\r\nHello\r\n".encode()


def offered(sink: SmtpSink, *, envelope: Envelope = ENVELOPE, raw: bytes = RAW) -> str:
    """The line that named the sender, and the options behind it."""
    assert send(account(sink), envelope, raw, before_data=lambda: None).kind == "sent"
    [mail] = sink.mails
    assert (mail.recipients, mail.raw) == (envelope.recipients, raw)
    return " ".join(mail.options)


def test_letters_before_the_at_need_smtputf8() -> None:
    with running_smtp_sink(utf8=True) as sink:
        options = offered(sink, envelope=LETTERS, raw=LETTERS_RAW)
        assert sorted(options.split()) == ["BODY=8BITMIME", f"SIZE={len(LETTERS_RAW)}", "SMTPUTF8"]


def test_without_smtputf8_the_address_is_named(smtp_sink: SmtpSink) -> None:
    outcome = send(account(smtp_sink), LETTERS, LETTERS_RAW, before_data=lambda: None)
    assert (outcome.kind, "añé@outside.test" in outcome.sentence) == ("failed", True)
    assert ("ann@outside.test" in outcome.sentence, smtp_sink.mails) == (False, [])


def test_eight_bits_leave_only_where_they_are_offered(smtp_sink: SmtpSink) -> None:
    raw = "Subject: Hi\r\n\r\nHellö\r\n".encode()
    assert "BODY=8BITMIME" in offered(smtp_sink, raw=raw)
    assert "BODY" not in offered_anew(smtp_sink)
    smtp_sink.without.add("8BITMIME")
    outcome, told = sent(smtp_sink, raw)
    assert (outcome.kind, told, "8BITMIME" in outcome.sentence) == ("failed", 0, True)


def offered_anew(sink: SmtpSink) -> str:
    sink.mails.clear()
    return offered(sink)


def test_a_server_that_offers_nothing_hears_no_option(smtp_sink: SmtpSink) -> None:
    smtp_sink.without.update({"SIZE", "8BITMIME"})
    assert offered(smtp_sink) == ""


def test_the_size_is_checked_before_a_byte_is_sent() -> None:
    with running_smtp_sink(size_limit=1000) as sink:
        outcome, told = sent(sink, RAW + b"x" * 1000)
        assert (outcome.kind, told) == ("failed", 0)
        assert "0.0010 MB" in outcome.sentence
        assert "MAIL" not in sink.said
        assert sent(sink)[0].kind == "sent"


def test_an_account_that_does_not_send_keeps_the_mail(smtp_sink: SmtpSink) -> None:
    assert sent(smtp_sink, enabled=False)[0].kind == "retry"
    assert sent(smtp_sink, send_kind="none")[0].kind == "retry"
    assert smtp_sink.said == []


def test_nobody_at_the_port_and_an_unknown_name() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = SmtpSink(port=closed.getsockname()[1])
        outcome, _told = sent(nobody)
    assert (outcome.kind, "Nothing answers" in outcome.sentence) == ("retry", True)
    assert sent(nobody, send_host="no-such-host.invalid")[0].kind == "retry"


def test_an_impossible_address_fails_at_once(smtp_sink: SmtpSink) -> None:
    envelope = Envelope("support@carteria.test", ("an né@outside.test",))
    outcome = send(account(smtp_sink), envelope, RAW, before_data=lambda: None)
    assert (outcome.kind, smtp_sink.said) == ("failed", [])


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "implicit"])
def test_encryption_checks_the_certificate_and_its_name(
    certificates: Certificates, implicit: bool
) -> None:
    kind = "implicit" if implicit else "starttls"
    trusted = {"send_tls": kind, "send_ca_file": certificates.ca_file}
    with running_smtp_sink(tls=certificates.good, implicit=implicit) as sink:
        assert sent(sink, **trusted)[0].kind == "sent"
        outcome, told = sent(sink, send_tls=kind)
        assert (outcome.kind, told, "certificate" in outcome.sentence) == ("retry", 0, True)
    with running_smtp_sink(tls=certificates.other_name, implicit=implicit) as sink:
        outcome, _told = sent(sink, **trusted)
        assert (outcome.kind, "certificate" in outcome.sentence) == ("retry", True)
        assert sink.mails == []


def test_a_server_without_starttls_gets_nothing(smtp_sink: SmtpSink) -> None:
    outcome, _told = sent(smtp_sink, send_tls="starttls")
    assert (outcome.kind, "does not offer" in outcome.sentence) == ("retry", True)
    assert smtp_sink.mails == []


def test_passwords_of_any_letters_and_wrong_ones() -> None:
    with running_smtp_sink(users={"ann": "pass-word", "bo": "contraseña"}) as sink:
        for user, password in (("ann", "pass-word"), ("bo", "contraseña")):
            assert sent(sink, send_user=user, send_password=seal(password))[0].kind == "sent"
        outcome, _told = sent(sink, send_user="ann", send_password=seal("wrong"))
        assert (outcome.kind, "password" in outcome.sentence) == ("retry", True)
        assert len(sink.mails) == 2


def test_no_address_is_ever_logged(smtp_sink: SmtpSink, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        smtp_sink.refused["bo@outside.test"] = "550 5.1.1 no such user"
        sent(smtp_sink)
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("apps.")]
    assert not [line for line in ours if "outside.test" in line]
