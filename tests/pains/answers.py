"""Answers as the customer's programs write them, made of the bytes that our server sent out."""

from email import message_from_bytes, policy
from email.message import EmailMessage

CUSTOMER = "bo@outside.test"

GMAIL = """\
MIME-Version: 1.0
References: <{ours}>
In-Reply-To: <{ours}>
From: Bo <{sender}>
Date: Thu, 6 Mar 2025 10:11:12 +0100
Message-ID: <CAKx=9+Pq_{number}@mail.gmail.com>
Subject: Re: {subject}
To: Support <support@carteria.test>
Content-Type: multipart/alternative; boundary="000000000000a1b2"

--000000000000a1b2
Content-Type: text/plain; charset="UTF-8"

It suits me.

On Thu, Mar 6, 2025 at 9:00 AM Support <support@carteria.test> wrote:

> Shall we come on Monday?

--000000000000a1b2
Content-Type: text/html; charset="UTF-8"

<div dir="ltr">It suits me.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On
Thu, Mar 6, 2025 at 9:00 AM Support wrote:<br></div><blockquote class="gmail_quote">Shall we come
on Monday?</blockquote></div>

--000000000000a1b2--
"""

OUTLOOK = """\
From: Bo <{sender}>
To: Support <support@carteria.test>
Subject: RE: {subject}
Thread-Topic: {subject}
Thread-Index: AQHbjm1vX5m0k0i6p0qFq6g7h8i9jw==
Date: Thu, 6 Mar 2025 09:11:12 +0000
Message-ID:
 <AM0PR01MB{number}A7F2@AM0PR01MB0001.eurprd01.prod.exchangelabs.com>
References:
 <{ours}>
In-Reply-To:
 <{ours}>
Accept-Language: en-GB, en-US
Content-Language: en-GB
X-MS-Has-Attach:
Content-Type: text/plain; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable
MIME-Version: 1.0

It suits me.

From: Support <support@carteria.test>
Sent: 06 March 2025 08:00
To: Bo <{sender}>
Subject: {subject}

Shall we come on Monday?
"""

APPLE = """\
From: Bo <{sender}>
Content-Type: text/plain;
\tcharset=us-ascii
Content-Transfer-Encoding: 7bit
Mime-Version: 1.0 (Mac OS X Mail 16.0 \\(3826.400.131.1.6\\))
Subject: Re: {subject}
Date: Thu, 6 Mar 2025 10:11:12 +0100
In-Reply-To: <{ours}>
To: Support <support@carteria.test>
References: <{ours}>
Message-Id: <3F2504E0-4F89-41D3-9A0C-{number}@outside.test>
X-Mailer: Apple Mail (2.3826.400.131.1.6)

It suits me.

> On 6 Mar 2025, at 09:00, Support <support@carteria.test> wrote:
>\x20
> Shall we come on Monday?
"""

STYLES = {"gmail": GMAIL, "outlook": OUTLOOK, "apple": APPLE}


def read_back(raw: bytes) -> EmailMessage:
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def answer_to(
    raw: bytes, style: str = "gmail", *, sender: str = CUSTOMER, number: int = 1
) -> bytes:
    """To the mail as it left us; without its References, as many programs cut them."""
    sent = read_back(raw)
    text = STYLES[style].format(
        ours=sent["Message-ID"].strip("<>"),
        subject=str(sent["Subject"]).removeprefix("Re: "),
        sender=sender,
        number=f"{number:012d}",
    )
    return text.replace("\n", "\r\n").encode()
