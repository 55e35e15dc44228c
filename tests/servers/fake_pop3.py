"""A POP3 server that follows a script, to see what odd ones do to us; spoken over fake_imap's lines:
the verb is the tag, what follows it the command."""

from contextlib import AbstractContextManager

from tests.servers.fake_imap import Answer, running_fake_imap

GREETING = b"+OK scripted\r\n"


def maildrop(
    mails: dict[str, bytes],
    *,
    capabilities: str = "UIDL,USER,TOP,STLS",
    asked: list[str] | None = None,
) -> Answer:
    """A maildrop that behaves; the MAILS, by name, are those of the test. A script may answer some
    commands itself. CAPABILITIES, each after a comma. ASKED: where the commands are noted, but for passwords."""
    marked: set[str] = set()

    def answer(verb: bytes, rest: bytes) -> bytes:
        word, words = verb.decode().upper(), rest.decode("latin-1").split()
        if asked is not None:
            asked.append(" ".join([word, *words]) if word != "PASS" else word)
        match word:
            case "CAPA":
                return _list([one.encode() for one in capabilities.split(",")])
            case "USER":
                marked.clear()  # a new line: whatever another one marked is undone
            case "UIDL":
                return _list([b"%d %s" % (n, name.encode()) for n, name in _numbered(mails)])
            case "LIST":
                return _list([b"%d %d" % (n, len(mails[name])) for n, name in _numbered(mails)])
            case "RETR":
                return b"+OK\r\n" + stuffed(mails[_name(mails, words[0])])
            case "TOP":
                head, blank, _body = mails[_name(mails, words[0])].partition(b"\r\n\r\n")
                return b"+OK\r\n" + stuffed(head + blank)
            case "DELE":
                marked.add(_name(mails, words[0]))
            case "QUIT":
                for name in marked:
                    mails.pop(name, None)
                return b"+OK bye\r\n"
        return b"+OK\r\n"

    return answer


def running_fake_pop3(answer: Answer, *, greeting: bytes = GREETING) -> AbstractContextManager[int]:
    """Yields its port on 127.0.0.1. An answer of None falls silent, b"" hangs up."""
    return running_fake_imap(answer, greeting=greeting)


def stuffed(raw: bytes) -> bytes:
    text = raw if raw.endswith(b"\r\n") else raw + b"\r\n"
    return (b"\r\n" + text).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"


def _list(lines: list[bytes]) -> bytes:
    return b"+OK\r\n" + b"".join(line + b"\r\n" for line in lines) + b".\r\n"


def _numbered(mails: dict[str, bytes]) -> list[tuple[int, str]]:
    return list(enumerate(mails, start=1))


def _name(mails: dict[str, bytes], number: str) -> str:
    return list(mails)[int(number) - 1]
