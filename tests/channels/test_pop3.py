"""POP3 as servers really speak it: every failure is a sentence, every mail is whole."""

import pytest

from apps.channels.transports import pop3, pop3_wire
from apps.channels.transports.errors import TransportError
from apps.channels.transports.login import Login
from apps.channels.transports.pop3 import Listed, Pop3Inbox
from tests.servers.fake_imap import Answer
from tests.servers.fake_pop3 import GREETING, maildrop, running_fake_pop3, stuffed

TWO = {"a": b"Subject: one\r\n\r\n1\r\n", "b": b"Subject: two\r\n\r\n2\r\n"}
PASSWORD = "sesame-37"


def login(port: int, **fields: str) -> Login:
    facts = {"tls": "none", "user": "ann", "password": PASSWORD} | fields
    return Login("127.0.0.1", port, **facts)


def failure_at(answer: Answer, *, greeting: bytes = GREETING, **fields: str) -> TransportError:
    """What goes wrong from the first packet to the last mail."""
    with (
        running_fake_pop3(answer, greeting=greeting) as port,
        pytest.raises(TransportError) as caught,
        Pop3Inbox(login(port, **fields)) as inbox,
    ):
        [*inbox.new_messages(inbox.listing())]
    assert PASSWORD not in caught.value.sentence + repr(caught.value)
    return caught.value


def saying(verb: str, said: bytes | None, mails: dict[str, bytes] = TWO) -> Answer:
    """A maildrop that has something else to say to one command."""
    drop = maildrop(dict(mails))
    return lambda word, rest: said if word.upper() == verb.encode() else drop(word, rest)


def fetched(answer: Answer) -> list[bytes]:
    with running_fake_pop3(answer) as port, Pop3Inbox(login(port)) as inbox:
        batches = [*inbox.new_messages(inbox.listing())]
    return [raw for batch in batches for _number, raw in batch.mails]


@pytest.mark.parametrize(
    ("verb", "said", "code", "word"),
    [
        ("PASS", b"-ERR [AUTH] no", "password", "user name or the password"),
        ("PASS", b"-ERR [AUTH] mailbox locked for failures", "password", "app password"),
        ("PASS", b"-ERR Logon failure: unknown user name or bad password.", "password", "check"),
        ("PASS", b"-ERR [IN-USE] Do you have another POP session running?", "throttled", "open in"),
        ("PASS", b"-ERR -in-use mailbox is locked by pid 7", "throttled", "open in another"),
        ("PASS", b"-ERR [LOGIN-DELAY] minimum is 15 minutes", "throttled", "slow down"),
        ("PASS", b"-ERR [SYS/TEMP] server busy elsewhere", "throttled", "slow down"),
        ("PASS", b"-ERR Too many connections, try again later", "throttled", "slow down"),
        ("PASS", b"-ERR [SYS/PERM] mailbox is damaged", "protocol", "tell your provider"),
        (
            "PASS",
            b"-ERR [SYS/PERM] Your account is not enabled for POP access",
            "method-disabled",
            "allow POP3",
        ),
        ("USER", b"-ERR plaintext authentication disallowed", "method-disabled", "encryption"),
        ("PASS", b"-ERR sesame-37 is wrong", "password", "check both"),
        ("UIDL", b"-ERR unknown command", "method-disabled", "lasting names (UIDL)"),
        ("UIDL", b"-ERR [SYS/TEMP] later", "throttled", "slow down"),
        ("UIDL", b"+OK\r\nnonsense\r\n.", "protocol", "no sense as POP3"),
        ("UIDL", b"+OK\r\n1\r\n.", "protocol", "no sense as POP3"),
        ("LIST", b"+OK\r\n1 many\r\n.", "protocol", "no sense as POP3"),
        ("LIST", b"-ERR sesame-37 unheard of", "protocol", "*** unheard of"),
        ("RETR", b"-ERR [SYS/TEMP] disk is away", "throttled", "slow down"),
        ("RETR", b"+OK\r\nfirst\r\n.\r\nsecond", "protocol", "no sense as POP3"),
        ("RETR", b"hello", "protocol", "no sense as POP3"),
        ("CAPA", b"+OK\r\n" + b"x" * 9000, "protocol", "no sense as POP3"),
    ],
)
def test_a_refusal_is_named_with_its_cure(verb: str, said: bytes, code: str, word: str) -> None:
    error = failure_at(saying(verb, said + b"\r\n"))
    assert error.code == code
    assert word in error.sentence
    assert "127.0.0.1" in error.sentence


@pytest.mark.parametrize(
    ("greeting", "code"),
    [
        (b"-ERR [SYS/TEMP] try again\r\n", "throttled"),
        (b"-ERR too many connections\r\n", "throttled"),
        (b"* OK IMAP4rev1 ready\r\n", "protocol"),
        (b"220 smtp.example ESMTP\r\n", "protocol"),
    ],
)
def test_what_does_not_greet_by_pop3_is_named(greeting: bytes, code: str) -> None:
    assert failure_at(maildrop({}), greeting=greeting).code == code


@pytest.mark.parametrize(
    ("said", "code"), [(None, "timeout"), (b"", "protocol"), (b"+OK\r\nhalf a mail", "timeout")]
)
def test_a_line_that_is_lost_or_falls_silent_within_a_mail_is_given_up(
    monkeypatch: pytest.MonkeyPatch, said: bytes | None, code: str
) -> None:
    monkeypatch.setattr(pop3_wire, "READ_SECONDS", 0.2)
    assert failure_at(saying("RETR", said)).code == code


def test_no_wait_for_a_server_is_longer_than_a_minute() -> None:
    waits = pop3_wire.CONNECT_SECONDS, pop3_wire.SIGN_IN_SECONDS, pop3_wire.READ_SECONDS
    assert max(waits) <= 60


def test_a_silent_greeting_and_one_that_dribbles_are_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pop3_wire, "CONNECT_SECONDS", 0.2)
    assert failure_at(maildrop({}), greeting=b"").code == "timeout"
    monkeypatch.setattr(pop3_wire, "COMMAND_SECONDS", -1)
    assert failure_at(maildrop({})).code == "timeout"


def test_starttls_that_is_not_offered_is_named() -> None:
    error = failure_at(saying("STLS", b"-ERR what\r\n"), tls="starttls")
    assert (error.code, "implicit TLS" in error.sentence) == ("tls", True)


def test_words_slipped_in_before_the_encryption_end_it() -> None:
    error = failure_at(saying("STLS", b"+OK\r\n+OK injected\r\n"), tls="starttls")
    assert error.code == "protocol"


LONG = b"x" * 300_000


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b".\r\n",
        b"..\r\n.\r\n...\r\n",
        b".begins with a dot\r\nand\r\n.\r\ngoes on\r\n",
        b"Subject: x\r\n\r\n" + LONG + b"\r\n." + LONG + b"\r\n",
        b"bare\nline\n.ends\nwithout stuffing\r\n",
        b"\r\n.".join([b"a" * n for n in range(0, 3000, 7)]) + b"\r\n",
        bytes(range(256)) * 3 + b"\r\n",
    ],
)
def test_every_byte_of_a_mail_comes_as_it_is(raw: bytes) -> None:
    assert fetched(maildrop({"a": raw, "b": b"next\r\n"})) == [raw or b"\r\n", b"next\r\n"]


@pytest.mark.parametrize("size", range(65_500, 65_560, 5))
def test_a_stuffed_dot_is_taken_away_wherever_the_pieces_part(size: int) -> None:
    raw = b"x" * size + b"\r\n.\r\n..\r\nend\r\n"
    assert fetched(maildrop({"a": raw})) == [raw]


def test_sizes_that_are_lies_cost_nothing_but_small_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pop3, "BATCH_BYTES", 1000)
    mails = {f"m{n}": b"x" * 600 + b"\r\n" for n in range(6)}
    lies = b"+OK\r\n" + b"".join(b"%d %d\r\n" % (n, n % 2) for n in range(1, 7)) + b".\r\n"
    with running_fake_pop3(saying("LIST", lies, mails)) as port, Pop3Inbox(login(port)) as inbox:
        batches = [*inbox.new_messages(inbox.listing())]
    assert [len(batch.kept) for batch in batches] == [2, 2, 2]  # by what came, not by the claim


def test_what_is_too_large_is_noted_whatever_was_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pop3, "LARGEST_FETCHED", 1000)
    mails = {"a": b"x" * 5000 + b"\r\n", "b": b"small\r\n"}
    lies = b"+OK\r\n1 10\r\n2 99999999999999999999999\r\n.\r\n"
    with running_fake_pop3(saying("LIST", lies, mails)) as port, Pop3Inbox(login(port)) as inbox:
        batches = [*inbox.new_messages(inbox.listing())]
    assert [one.huge for one in batches] == [((1, 5002),), ((2, pop3.LARGEST_SIZE),)]
    assert [(one.kept, one.missing) for one in batches] == [((), set())] * 2


def test_what_came_before_the_line_broke_is_handed_over_first() -> None:
    drop = maildrop({f"m{n}": b"%d\r\n" % n for n in range(5)})

    def breaks(verb: bytes, rest: bytes) -> bytes | None:
        return b"" if (verb, rest) == (b"RETR", b"4") else drop(verb, rest)

    with running_fake_pop3(breaks) as port, Pop3Inbox(login(port)) as inbox:
        batches = inbox.new_messages(inbox.listing())
        assert next(batches).uids == [1, 2, 3]
        with pytest.raises(TransportError):
            next(batches)


def test_one_mail_that_is_refused_is_missing_and_the_others_are_there() -> None:
    drop = maildrop(dict(TWO))

    def refuses(verb: bytes, rest: bytes) -> bytes | None:
        return b"-ERR gone\r\n" if (verb, rest) == (b"RETR", b"1") else drop(verb, rest)

    with running_fake_pop3(refuses) as port, Pop3Inbox(login(port)) as inbox:
        [batch] = inbox.new_messages(inbox.listing())
    assert (batch.missing, batch.uids) == ({1}, [2])


def test_names_that_repeat_or_are_no_names_are_told_apart() -> None:
    said = b"+OK\r\n1 same\r\n2 same\r\n3 caf\xe9 \x01\r\n4 " + b"n" * 300 + b"\r\n.\r\n"
    with running_fake_pop3(saying("UIDL", said)) as port, Pop3Inbox(login(port)) as inbox:
        names = [mail.uidl for mail in inbox.listing()]
    assert names[:2] == ["same", "same 2"]
    assert [name[:7] for name in names[2:]] == ["sha256:"] * 2
    assert len({*names}) == 4


def test_a_server_without_capabilities_is_asked_by_user_and_password() -> None:
    asked: list[str] = []
    drop = maildrop(dict(TWO), asked=asked)

    def old(verb: bytes, rest: bytes) -> bytes | None:
        return b"-ERR unknown\r\n" if verb == b"CAPA" else drop(verb, rest)

    with running_fake_pop3(old) as port, Pop3Inbox(login(port)) as inbox:
        assert inbox.listing() == [Listed(1, "a", 19), Listed(2, "b", 19)]
        assert inbox.head(inbox.listing()[0]) == b"Subject: one\r\n\r\n"
    assert asked[:3] == ["USER ann", "PASS", "UIDL"]


def test_whether_the_server_took_the_farewell_is_known() -> None:
    for said, taken in ((b"+OK\r\n", True), (b"-ERR not all deleted\r\n", False), (b"", False)):
        with running_fake_pop3(saying("QUIT", said)) as port:
            inbox = Pop3Inbox(login(port))
            assert inbox.leave() is taken
            inbox.close()  # a second one is nothing


def test_a_token_is_shown_and_its_refusal_named() -> None:
    heard: list[bytes] = []
    drop = maildrop(dict(TWO), capabilities="SASL PLAIN XOAUTH2,UIDL")

    def judge(verb: bytes, rest: bytes) -> bytes | None:
        heard.append(verb)
        if verb == b"AUTH":
            return b"+ \r\n"
        if len(heard) == 3:
            return b"+ eyJzdGF0dXMiOiI0MDEifQ==\r\n"
        return b"-ERR [AUTH] no\r\n" if verb == b"" else drop(verb, rest)

    error = failure_at(judge, token="t0ken", password="")
    assert (error.code, heard[-1]) == ("oauth-refused", b"")
    assert "POP3" in error.sentence
    assert "t0ken" not in error.sentence


def test_an_answer_in_pieces_is_put_together() -> None:
    assert stuffed(b".a\r\n") == b"..a\r\n.\r\n"
    assert fetched(saying("RETR", b"+OK\r\n" + stuffed(b".a\r\n..\r\n"))) == [b".a\r\n..\r\n"] * 2
