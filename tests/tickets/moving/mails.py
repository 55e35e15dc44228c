"""Mails as customers write them, and as they look once somebody has copied them elsewhere."""

from datetime import timedelta
from email.utils import format_datetime

from django.utils import timezone

from apps.channels.models import Mailbox


def a_mail(
    name: str, mailbox: Mailbox, *, days: float = 0, answers: str = "", words: str = "Hello"
) -> bytes:
    """Of DAYS ago. NAME stands in id and subject; who writes is NAME too, or whoever wrote the mail
    that it ANSWERS."""
    date = format_datetime(timezone.now() - timedelta(days=days))
    hop = f"Received: from out.test by mx.old.test with ESMTP;\r\n {date}\r\n"
    answered = f"In-Reply-To: <{answers}@outside.test>\r\n" if answers else ""
    return (
        f"{hop}Message-ID: <{name}@outside.test>\r\nDate: {date}\r\n{answered}"
        f"From: {answers or name}@outside.test\r\nTo: {mailbox.address}\r\nSubject: {name}\r\n\r\n"
        f"{words} from {name}.  \r\nBye\r\n"
    ).encode()


def copied(mail: bytes) -> bytes:
    """With the marks of whoever carried it over, and other line ends."""
    marks = b"X-Copied-By: copier 1.0\r\nX-Spam-Score: 0.1\r\nDelivered-To: new@new.test\r\n"
    return (marks + mail.replace(b".  \r\n", b".\r\n")).replace(b"\r\n", b"\n") + b"\n"
