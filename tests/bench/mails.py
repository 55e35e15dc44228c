"""A thousand customers' mails as a support address gets them: mixed, a good part of them replies."""

import os
import random
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP

PARAGRAPH = "<p style='color:#333'>We would like to know <b>when</b> it arrives. {}</p>"


SMALL, LARGE = 200_000, 5_000_000  # bytes of a file
FILES = 3  # of each size, which come again and again


def mixed_mails(
    count: int, address: str, *, unique: bool = False, seed: int = 1
) -> Iterator[bytes]:
    """70 % plain, 20 % 30 kB HTML, 8 % with a 200 kB file, 2 % with 5 MB; 40 % are replies to an
    earlier mail of the same person. No mail comes twice; with UNIQUE no file either."""
    dice = random.Random(seed)
    again = {size: [_file(size) for _ in range(FILES)] for size in (SMALL, LARGE)}
    asked: list[tuple[str, str]] = []
    for number in range(count):
        mail = EmailMessage(policy=SMTP)
        _head(mail, number, address, asked, dice)
        _text(mail, kind := dice.random(), number)
        if kind >= 0.9:
            size = LARGE if kind >= 0.98 else SMALL
            content = _file(size) if unique else again[size][number % FILES]
            mail.add_attachment(
                content, maintype="application", subtype="pdf", filename=f"{number}.pdf"
            )
        yield mail.as_bytes()


def _head(
    mail: EmailMessage, number: int, address: str, asked: list[tuple[str, str]], dice: random.Random
) -> None:
    message_id = f"<bench{number}.{dice.getrandbits(32):x}@outside.test>"
    if asked and dice.random() < 0.4:
        sender, parent = dice.choice(asked)
        mail["In-Reply-To"] = mail["References"] = parent
        mail["Subject"] = f"Re: Question {number}"
    else:
        sender = f"person{number}@outside.test"
        asked.append((sender, message_id))
        mail["Subject"] = f"Question {number}"
    mail["From"] = f"Person {number} <{sender}>"
    mail["To"] = address
    mail["Message-ID"] = message_id


def _text(mail: EmailMessage, kind: float, number: int) -> None:
    mail.set_content(f"Hello,\n\nwhere is order {number}?\n\nRegards\n" * 6)
    if 0.7 <= kind < 0.9:
        html = "".join(PARAGRAPH.format(f"{number} {line}" * 3) for line in range(300))
        mail.add_alternative(html[:30_000], subtype="html")


def _file(size: int) -> bytes:
    return b"%PDF-1.4\n" + os.urandom(size)
