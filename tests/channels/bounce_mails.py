"""How mail servers report, as data: each row builds a mail and says what must be read in it.

The words are those of the servers; addresses, names and numbers are made up.
"""

from dataclasses import dataclass

OURS = "ours@support.example.com"
ME = "support@example.com"
GONE = "gone@example.org"
COPY = (
    "From: Support <support@example.com>\nTo: gone@example.org\nSubject: Re: A question\n"
    f"Message-ID: <{OURS}>\nIn-Reply-To: <theirs@example.org>\n"
    "Date: Tue, 04 Mar 2025 09:00:00 +0100\n"
)


@dataclass(frozen=True)
class Row:
    """`text` is what people read; `report` are fields for machines; `copy` is what came back."""

    name: str
    sender: str
    subject: str
    text: str
    kind: str = "hard"
    to: tuple[str, ...] = (GONE,)
    status: str = ""
    code: int | None = None
    delayed: tuple[str, ...] = ()
    report: str = ""
    report_type: str = "message/delivery-status"
    copy: str = COPY
    copy_type: str = "message/rfc822"  # empty: the copy stands in the text
    headers: str = ""
    html: bool = False

    def raw(self) -> bytes:
        head = f"From: {self.sender}\nTo: {ME}\nSubject: {self.subject}\nMIME-Version: 1.0\n"
        head += "Date: Tue, 04 Mar 2025 09:30:00 +0100\nMessage-ID: <report@mx.example.net>\n"
        head += self.headers
        if not self.report and not (self.copy and self.copy_type):
            kind = "text/html" if self.html else "text/plain"
            return f"{head}Content-Type: {kind}; charset=utf-8\n\n{self.text}{self.copy}".encode()
        return (head + self._parts()).encode()

    def _parts(self) -> str:
        kind = "text/html" if self.html else "text/plain"
        parts = [f"Content-Type: {kind}; charset=utf-8\n\n{self.text}\n"]
        top = "multipart/mixed"
        if self.report:
            top = "multipart/report; report-type=delivery-status"
            parts.append(f"Content-Type: {self.report_type}\n\n{self.report}\n")
        if self.copy and self.copy_type:
            parts.append(f"Content-Type: {self.copy_type}\n\n{self.copy}\n\nOur words.\n")
        body = "".join(f"--rep\n{part}" for part in parts)
        return f"Content-Type: {top}; boundary=rep\n\n{body}--rep--\n"


DAEMON = "Mail Delivery System <MAILER-DAEMON@mx.example.net>"
SUBSYSTEM = "Mail Delivery Subsystem <MAILER-DAEMON@mx.example.net>"
NULL = "Return-Path: <>\n"


def _fields(rest: str, to: str = GONE) -> str:
    return f"Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; {to}\n{rest}"


REPORTED = (
    Row(
        "postfix",
        DAEMON,
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.example.net.\n\nI'm sorry to have to inform you that "
        "your message could not\nbe delivered to one or more recipients. It's attached below.\n\n"
        "                   The mail system\n\n<gone@example.org>: host mx.example.org[192.0.2.9] "
        "said: 550 5.1.1\n    <gone@example.org>: Recipient address rejected (in reply to RCPT TO "
        "command)\n",
        status="5.1.1",
        code=550,
        report=_fields(
            "Original-Recipient: rfc822;gone@example.org\nAction: failed\nStatus: 5.1.1\n"
            "Diagnostic-Code: smtp; 550 5.1.1 <gone@example.org>: Recipient address rejected\n"
        ),
        headers=NULL,
    ),
    Row(
        "postfix-vague-status-is-made-precise",
        DAEMON,
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.example.net.\n",
        status="5.1.1",
        code=550,
        report=_fields(
            "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: X-Postfix; host mx.example.org said: "
            "550 5.1.1\n    unknown (in reply to RCPT TO command)\n"
        ),
    ),
    Row(
        "postfix-vague-status-stays-without-a-better-one",
        DAEMON,
        "Undelivered Mail Returned to Sender",
        "This is the mail system.\n",
        status="5.0.0",
        code=550,
        report=_fields(
            "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 unknown or illegal user\n"
        ),
    ),
    Row(
        "postfix-alias-was-written",
        DAEMON,
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.example.net.\n\n<inner@internal.test> (expanded from "
        '<gone@example.org>): unknown user: "inner"\n',
        status="5.1.1",
        report=_fields(
            "Original-Recipient: rfc822;gone@example.org\nAction: failed\nStatus: 5.1.1\n"
            'Diagnostic-Code: X-Postfix; unknown user: "inner"\n',
            "inner@internal.test",
        ),
    ),
    Row(
        "postfix-full-mailbox-is-soft",
        DAEMON,
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.example.net.\n",
        kind="soft",
        status="5.2.2",
        code=552,
        report=_fields(
            "Action: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 Over quota\n"
        ),
    ),
    Row(
        "postfix-delayed",
        DAEMON,
        "Delayed Mail (still being retried)",
        "This is the mail system at host mx.example.net.\n\n####\n# THIS IS A WARNING ONLY.  YOU "
        "DO NOT NEED TO RESEND YOUR MESSAGE. #\n####\n\n<gone@example.org>: connect to "
        "mx.example.org[192.0.2.9]:25: Connection timed out\n",
        kind="soft",
        to=(),
        delayed=(GONE,),
        status="4.4.1",
        report=_fields(
            "Action: delayed\nStatus: 4.4.1\nDiagnostic-Code: X-Postfix; connect to "
            "mx.example.org[192.0.2.9]:25: Connection timed out\nWill-Retry-Until: Sun, 9 Mar "
            "2025 09:00:00 +0100\n"
        ),
    ),
    Row(
        "postfix-expired-is-soft",
        DAEMON,
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.example.net.\n",
        kind="soft",
        status="4.4.1",
        report=_fields(
            "Action: failed\nStatus: 4.4.1\nDiagnostic-Code: X-Postfix; connect to "
            "mx.example.org[192.0.2.9]:25: Connection refused\n"
        ),
    ),
    Row(
        "postfix-one-failed-one-delivered",
        DAEMON,
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.example.net.\n",
        status="5.1.1",
        code=550,
        report=_fields("Action: relayed\nStatus: 2.0.0\n", "fine@example.org")
        + "\nFinal-Recipient: rfc822; gone@example.org\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 unknown\n",
    ),
    Row(
        "sendmail",
        SUBSYSTEM,
        "Returned mail: see transcript for details",
        "The original message was received at Tue, 4 Mar 2025 09:00:01 +0100\nfrom localhost\n\n"
        "   ----- The following addresses had permanent fatal errors -----\n<gone@example.org>\n"
        "    (reason: 550 5.1.1 <gone@example.org>... User unknown)\n\n"
        "   ----- Transcript of session follows -----\n... while talking to mx.example.org.:\n"
        ">>> DATA\n<<< 550 5.1.1 <gone@example.org>... User unknown\n"
        "550 5.1.1 <gone@example.org>... User unknown\n",
        status="5.1.1",
        code=550,
        report=_fields(
            "Action: failed\nStatus: 5.1.1\nRemote-MTA: DNS; mx.example.org\nDiagnostic-Code: "
            "SMTP; 550 5.1.1 <gone@example.org>... User unknown\n"
        ),
    ),
    Row(
        "sendmail-warning",
        SUBSYSTEM,
        "Warning: could not send message for past 4 hours",
        "    **********************************************\n    **      THIS IS A WARNING MESSAGE "
        "ONLY      **\n    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n\n   ----- Transcript of "
        "session follows -----\n<gone@example.org>... Deferred: Connection timed out with "
        "mx.example.org.\nWarning: message still undelivered after 4 hours\n",
        kind="soft",
        to=(),
        delayed=(GONE,),
        status="4.4.1",
        report=_fields("Action: delayed\nStatus: 4.4.1\nRemote-MTA: DNS; mx.example.org\n"),
    ),
    Row(
        "exchange-2003-report",
        "postmaster@corp.test",
        "Delivery Status Notification (Failure)",
        "This is an automatically generated Delivery Status Notification.\n\nDelivery to the "
        "following recipients failed.\n\n       gone@example.org\n\n",
        status="5.1.1",
        report="Reporting-MTA: dns;mail.corp.test\n\nFinal-Recipient: rfc822;gone@example.org\n"
        "Action: failed\nStatus: 5.1.1\n",
        headers="X-DSNContext: 335a7efd - 4457 - 00000001 - 80040546\n",
    ),
    Row(
        "office-365",
        "postmaster@corp.test",
        "Undeliverable: Re: A question",
        "<p>Your message to <a href='mailto:gone@example.org'>gone@example.org</a> couldn't be "
        "delivered.</p><p>gone wasn't found at example.org.</p>",
        html=True,
        status="5.1.10",
        code=550,
        report="Reporting-MTA: dns;AM0PR01.eurprd01.prod.outlook.test\n\nFinal-Recipient: "
        "rfc822;gone@example.org\nAction: failed\nStatus: 5.1.10\nDiagnostic-Code: smtp;550 5.1.10 "
        "RESOLVER.ADR.RecipientNotFound; Recipient gone@example.org not found by SMTP address "
        "lookup\n",
        headers="X-MS-Exchange-Message-Is-Ndr:\nX-Auto-Response-Suppress: DR, OOF, AutoReply\n",
    ),
    Row(
        "office-365-spam-is-soft",
        "postmaster@corp.test",
        "Undeliverable: Re: A question",
        "Your message wasn't delivered.\n",
        kind="soft",
        status="5.7.606",
        code=550,
        report="Final-Recipient: rfc822;gone@example.org\nAction: failed\nStatus: 5.7.606\n"
        "Diagnostic-Code: smtp;550 5.7.606 Access denied, banned sending IP [192.0.2.1]\n",
    ),
    Row(
        "gmail-report",
        "Mail Delivery Subsystem <mailer-daemon@googlemail.test>",
        "Delivery Status Notification (Failure)",
        "** Address not found **\n\nYour message wasn't delivered to gone@example.org because the "
        "address couldn't be found.\n\nThe response was:\n\n550 5.1.1 The email account that you "
        "tried to reach does not exist.\n",
        status="5.1.1",
        code=550,
        report="Reporting-MTA: dns; googlemail.test\nX-Original-Message-ID: <ours@support.example"
        ".com>\n\nFinal-Recipient: rfc822; gone@example.org\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not "
        "exist.\n 550 5.1.1 Learn more\n",
        copy="",
        headers="X-Failed-Recipients: gone@example.org\nAuto-Submitted: auto-replied\n",
    ),
    Row(
        "gmail-delay",
        "Mail Delivery Subsystem <mailer-daemon@googlemail.test>",
        "Delivery Status Notification (Delay)",
        "** Delivery incomplete **\n\nThere was a temporary problem delivering your message to "
        "gone@example.org. Gmail will retry for 45 more hours.\n",
        kind="soft",
        to=(),
        delayed=(GONE,),
        status="4.4.1",
        report=_fields(
            "Action: delayed\nStatus: 4.4.1\nDiagnostic-Code: smtp; The recipient server did not "
            "accept our requests to connect.\nWill-Retry-Until: Thu, 06 Mar 2025 07:00:00 -0800\n"
        ),
        headers="X-Failed-Recipients: gone@example.org\n",
    ),
    Row(
        "domino-report",
        "Postmaster@corp.test",
        "DELIVERY FAILURE: User gone (gone@example.org) not listed in Domino Directory",
        "Your message\n\n  Subject: Re: A question\n\nwas not delivered to:\n\n  gone@example.org\n"
        "\nbecause:\n\n  User gone (gone@example.org) not listed in Domino Directory\n",
        status="5.1.1",
        report="Reporting-MTA: dns;mail.corp.test\n\nFinal-Recipient: rfc822;gone@example.org\n"
        "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: X-Notes; User gone (gone@example.org) not "
        "listed in Domino Directory\n",
    ),
    Row(
        "courier",
        '"Courier mail server at mx.example.net" <@>',
        "NOTICE: mail delivery status.",
        "This is a delivery status notification from mx.example.net,\nrunning the Courier mail "
        "server.\n\n                           UNDELIVERABLE MAIL\n\nYour message to the following "
        "recipients cannot be delivered:\n\n<gone@example.org>:\n    mx.example.org [192.0.2.9]:\n"
        ">>> RCPT TO:<gone@example.org>\n<<< 550 5.1.1 <gone@example.org>... User Unknown\n",
        status="5.1.1",
        code=550,
        report=_fields(
            "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.1.1 <gone@example.org>... "
            "User Unknown\n"
        ),
        copy_type="text/rfc822-headers",
    ),
    Row(
        "sun-messaging-server",
        "Internet Mail Delivery <postmaster@mail.example.net>",
        "Delivery Notification: Delivery has failed",
        "This report relates to a message you sent with the following header fields:\n\n"
        "  Message-id: <ours@support.example.com>\n  From: Support <support@example.com>\n"
        "  To: gone@example.org\n\nYour message cannot be delivered to the following recipients:\n"
        "\n  Recipient address: gone@example.org\n  Reason: Remote SMTP server has rejected address\n"
        "  Diagnostic code: smtp;550 5.1.1 <gone@example.org>... User Unknown\n",
        status="5.1.1",
        code=550,
        report="Original-envelope-id: 0NFC009FL@mail.example.net\nReporting-MTA: dns;mail.example"
        ".net (tcp-daemon)\n\nOriginal-recipient: rfc822;gone@example.org\nFinal-recipient: "
        "rfc822;gone@example.org\nAction: failed\nStatus: 5.1.1 (Remote SMTP server has rejected "
        "address)\nDiagnostic-code: smtp;550 5.1.1 <gone@example.org>... User Unknown\n",
        copy_type="text/rfc822-headers",
    ),
    Row(
        "amazon-ses",
        "MAILER-DAEMON@email-bounces.mailer.test",
        "Delivery Status Notification (Failure)",
        "An error occurred while trying to deliver the mail to the following recipients:\n"
        "gone@example.org\n",
        status="5.1.1",
        code=550,
        report="Reporting-MTA: dns; a1-2.smtp-out.mailer.test\n\nAction: failed\nFinal-Recipient: "
        "rfc822; gone@example.org\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\nStatus: 5.1.1\n",
    ),
    Row(
        "sendgrid-without-status",
        "MAILER-DAEMON@mailer.test",
        "Undelivered Mail Returned to Sender",
        "Hello, this is the mail server on mailer.test.\n\nThis is an automatically generated "
        "message from SendGrid.\n\nI'm sorry to have to tell you that your message was not able to "
        "be delivered to one of its intended recipients.\n",
        code=550,
        report=_fields("Action: failed\nStatus:\nDiagnostic-Code: 550 unknown user account\n"),
    ),
    Row(
        "sendgrid-expired",
        "MAILER-DAEMON@mailer.test",
        "Undelivered Mail Returned to Sender",
        "This is an automatically generated message from SendGrid.\n",
        kind="soft",
        report=_fields(
            "Action: expired\nStatus:\nDiagnostic-Code: unable to deliver, message expired\n"
        ),
    ),
    Row(
        "powermta",
        "postmaster@mailer.test",
        "Delivery report",
        "Hello, this is the mail server on mailer.test.\n\nI am sending you this message to inform "
        "you on the delivery status of a\nmessage you previously sent.\n\n  <gone@example.org>\n"
        "    delivery failed; will not continue trying\n",
        status="5.1.1",
        code=550,
        report="Reporting-MTA: dns;mailer.test\n\nFinal-Recipient: rfc822;gone@example.org\n"
        "Action: failed\nStatus: 5.1.1 (bad destination mailbox address)\nDiagnostic-Code: smtp;550 "
        "no such user\nX-PowerMTA-BounceCategory: bad-mailbox\n",
        copy_type="text/rfc822-headers",
    ),
    Row(
        "messagelabs",
        "MAILER-DAEMON@messagelabs.test",
        "Mail Delivery Failure",
        "This is the mail delivery agent at messagelabs.test.\nI was unable to deliver your message "
        "to the following addresses:\n\ngone@example.org\n\nReason: 550 Invalid recipient\n",
        status="5.0.0",
        code=550,
        report="Final-Recipient: rfc822; gone@example.org\nAction: failed\nStatus: 5.0.0\n"
        "Diagnostic-Code: smtp; 550 Invalid recipient\n",
        copy_type="text/rfc822-headers",
    ),
    Row(
        "amavis-virus",
        '"Content-filter at mx.example.net" <postmaster@mx.example.net>',
        "Undeliverable mail, MTA-BLOCKED",
        "The message WAS NOT relayed to:\n  <gone@example.org>:\n   554 5.7.0 Reject, id=1-2 - "
        "INFECTED: Eicar-Test\n",
        kind="soft",
        status="5.7.0",
        code=554,
        report=_fields(
            "Action: failed\nStatus: 5.7.0\nDiagnostic-Code: smtp; 554 5.7.0 Reject, id=1-2 - "
            "INFECTED: Eicar-Test\n"
        ),
        copy_type="text/rfc822-headers",
    ),
    Row(
        "barracuda",
        "postmaster@gate.test",
        "**Message you sent blocked by our bulk email filter**",
        "Your message to: gone@example.org\nwas blocked by our Spam Firewall.\n",
        kind="soft",
        status="5.7.1",
        code=550,
        report="Final-Recipient: rfc822; gone@example.org\nAction: failed\nStatus: 5.7.1\n"
        "Diagnostic-Code: smtp; 550 5.7.1 Message content rejected, UBE, id=1-2\n",
        copy_type="text/rfc822-headers",
    ),
    Row(
        "mimecast-too-big",
        "postmaster@gate.test",
        "[Postmaster] Email Delivery Failure",
        "This is a delivery failure notification message.\n",
        kind="soft",
        status="5.3.4",
        code=552,
        report=_fields(
            "Action: failed\nStatus: 5.3.4\nDiagnostic-Code: smtp; 552 5.3.4 Message size exceeds "
            "fixed limit\n"
        ),
    ),
    Row(
        "mcafee-type-local",
        "postmaster@gate.test",
        "Delivery Status",
        "   --- The following addresses had delivery problems ---\n\n<gone@example.org>   (User "
        "unknown gone@example.org)\n",
        status="5.1.1",
        report="Original-Recipient: <gone@example.org>\nFinal-Recipient: <gone@example.org>\n"
        "Action: failed (hard)\nStatus: 5.1.1\n",
    ),
    Row(
        "zimbra-delay",
        "MAILER-DAEMON@mail.example.net (Mail Delivery System)",
        "Delayed Mail (still being retried)",
        "This is the mail system at host mail.example.net.\n",
        kind="soft",
        to=(),
        delayed=(GONE,),
        status="4.4.3",
        report=_fields(
            "Action: delayed\nStatus: 4.4.3\nDiagnostic-Code: X-Postfix; Host or domain name not "
            "found. Name service error\n"
        ),
    ),
    Row(
        "utf8-recipient",
        DAEMON,
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.example.net.\n",
        to=("grüße@example.org",),
        status="5.1.1",
        report="Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: utf-8; gr\\x{FC}\\x{DF}e@"
        "example.org\nAction: failed\nStatus: 5.1.1\n",
        report_type="message/global-delivery-status",
        copy_type="message/global-headers",
    ),
    Row(
        "xtext-recipient",
        DAEMON,
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.example.net.\n",
        to=("gone+tag@example.org",),
        status="5.1.1",
        report=_fields(
            "Original-Recipient: rfc822;gone+2Btag@example.org\nAction: failed\nStatus: 5.1.1\n",
            "gone+tag@example.org",
        ),
    ),
    Row(
        "two-recipients-without-blank-line",
        DAEMON,
        "Delivery failure",
        "Delivery failed.\n",
        to=(GONE, "lost@example.org"),
        status="5.1.1",
        report=_fields(
            "Action: failed\nStatus: 5.1.1\nFinal-Recipient: rfc822; lost@example.org\n"
            "Action: failed\nStatus: 5.1.1\n"
        ),
    ),
    Row(
        "recipient-is-a-pipe",
        DAEMON,
        "Mail delivery failed",
        "A message that you sent could not be delivered to one or more of its\nrecipients. This is "
        "a permanent error. The following address(es) failed:\n\n  gone@example.org\n    local "
        "delivery failed\n",
        status="5.3.0",
        report=_fields("Action: failed\nStatus: 5.3.0\n", "|/usr/bin/filter"),
    ),
    Row(
        "no-recipient-but-a-copy",
        DAEMON,
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.example.net.\n\n\t--- delivery report unavailable ---\n",
        report="Reporting-MTA: dns; mx.example.net\n",
    ),
    Row(
        "x400-gateway",
        "postmaster@x400.test",
        "Delivery Report (failure) for gone@example.org",
        "This report relates to your message: Subject: Re: A question\n\nYour message was not "
        "delivered to gone@example.org\nfor the following reason:\n  Recipient's name is unknown\n",
        status="5.1.0",
        report="Reporting-MTA: x400; mta x400.test in /ADMD=x/C=de/\n\nFinal-Recipient: rfc822; "
        "gone@example.org\nAction: failed\nStatus: 5.1.0\nDiagnostic-Code: x400; 1 (0)\n",
        copy_type="text/rfc822-headers",
    ),
    Row(
        "ironport-says-it-within",
        DAEMON,
        "Delivery Status Notification (Failure)",
        "The following message to <gone@example.org> was undeliverable.\nThe reason for the "
        "problem:\n5.1.0 - Unknown address error 550-'5.1.1 unknown'\n",
        status="5.1.0",
        code=550,
        report=_fields(
            "Action: failed\nStatus: 5.0.0 (permanent failure)\nDiagnostic-Code: smtp; 5.1.0 - "
            "Unknown address error 550-'no such user' (delivery attempts: 0)\n"
        ),
    ),
    Row(
        "report-as-plain-text",
        "postmaster@mx.example.net",
        "Undeliverable mail",
        "Your message could not be delivered.\n\nReporting-MTA: dns; mx.example.net\n\n"
        "Final-Recipient: rfc822; gone@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code:"
        " smtp; 550 5.1.1 unknown\n",
        status="5.1.1",
        code=550,
    ),
)

LETTERS = (
    Row(
        "qmail",
        "MAILER-DAEMON@mx.example.net",
        "failure notice",
        "Hi. This is the qmail-send program at mx.example.net.\nI'm afraid I wasn't able to deliver "
        "your message to the following addresses.\nThis is a permanent error; I've given up. Sorry "
        "it didn't work out.\n\n<gone@example.org>:\nSorry, no mailbox here by that name. (#5.1.1)\n"
        "\n--- Below this line is a copy of the message.\n\nReturn-Path: <support@example.com>\n",
        status="5.1.1",
        copy_type="",
        headers=NULL,
    ),
    Row(
        "qmail-two-recipients",
        "MAILER-DAEMON@mx.example.net",
        "failure notice",
        "Hi. This is the qmail-send program at mx.example.net.\n\n<gone@example.org>:\n192.0.2.9 "
        "does not like recipient.\nRemote host said: 550 5.1.1 no such user\nGiving up on 192.0.2.9."
        "\n\n<lost@example.org>:\nUser is over the quota. You can try again later. (#4.2.2)\nI'm "
        "not going to try again; this message has been in the queue too long.\n\n--- Below this "
        "line is a copy of the message.\n\n",
        to=(GONE, "lost@example.org"),
        status="5.1.1",
        code=550,
        copy_type="",
    ),
    Row(
        "qmail-host-not-found",
        "MAILER-DAEMON@mx.example.net",
        "failure notice",
        "Hi. This is the qmail-send program at mx.example.net.\n\n<gone@nowhere.test>:\nSorry, I "
        "couldn't find any host named nowhere.test. (#5.1.2)\n\n--- Below this line is a copy of "
        "the message.\n\n",
        to=("gone@nowhere.test",),
        status="5.1.2",
        copy_type="",
    ),
    Row(
        "qmail-in-spanish",
        "MAILER-DAEMON@mx.example.net",
        "failure notice",
        "Su mensaje no pudo ser entregado.\n\n<gone@example.org>:\nNo existe ese usuario. (#5.1.1)\n"
        "\n--- Below this line is a copy of the message.\n\n",
        status="5.1.1",
        copy_type="",
    ),
    Row(
        "sendmail-8-before-reports",
        SUBSYSTEM,
        "Returned mail: User unknown",
        "The original message was received at Tue, 4 Mar 1997 09:00:01 +0100\nfrom support@example."
        "com\n\n   ----- The following addresses had permanent fatal errors -----\n"
        "<gone@example.org>\n\n   ----- Transcript of session follows -----\n... while talking to "
        "mx.example.org.:\n>>> RCPT To:<gone@example.org>\n<<< 550 <gone@example.org>... User "
        "unknown\n550 <gone@example.org>... User unknown\n\n   ----- Original message follows "
        "-----\n\n",
        code=550,
        copy_type="",
    ),
    Row(
        "sendmail-5",
        SUBSYSTEM,
        "Returned mail: Host unknown",
        "   ----- Transcript of session follows -----\n550 gone@nowhere.test... Host unknown\n\n"
        "   ----- Unsent message follows -----\n",
        to=("gone@nowhere.test",),
        code=550,
        copy_type="",
    ),
    Row(
        "sendmail-expanded-from-list",
        SUBSYSTEM,
        "Returned mail: User unknown",
        "   ----- The following addresses had permanent fatal errors -----\n<inner@internal.test>\n"
        "    (expanded from: <gone@example.org>)\n\n   ----- Transcript of session follows -----\n"
        "550 <inner@internal.test>... User unknown\n\n   ----- Original message follows -----\n",
        code=550,
        copy_type="",
    ),
    Row(
        "sendmail-transient",
        SUBSYSTEM,
        "Warning: could not send message for past 4 hours",
        "    **      THIS IS A WARNING MESSAGE ONLY      **\n\n   ----- The following addresses had "
        "transient non-fatal errors -----\n<gone@example.org>\n\n   ----- Transcript of session "
        "follows -----\n451 <gone@example.org>... mx.example.org: Name server timeout\nMessage could "
        "not be delivered for 4 hours\nMessage will be retried until 5 days old\n\n   ----- Original "
        "message follows -----\n",
        kind="soft",
        to=(),
        delayed=(GONE,),
        code=451,
        copy_type="",
    ),
    Row(
        "exim",
        "Mail Delivery System <Mailer-Daemon@mx.example.net>",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you "
        "sent could not be delivered to one or more of its\nrecipients. This is a permanent error. "
        "The following address(es) failed:\n\n  gone@example.org\n    SMTP error from remote mail "
        "server after RCPT TO:<gone@example.org>:\n    host mx.example.org [192.0.2.9]: 550 5.1.1 "
        "<gone@example.org>:\n    Recipient address rejected: User unknown\n\n------ This is a copy "
        "of the message, including all the headers. ------\n\n",
        status="5.1.1",
        code=550,
        copy_type="",
        headers="X-Failed-Recipients: gone@example.org\nAuto-Submitted: auto-replied\n" + NULL,
    ),
    Row(
        "exim-without-its-header",
        "Mail Delivery System <Mailer-Daemon@mx.example.net>",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software (Exim).\n\nA message that "
        "you sent could not be delivered to one or more of its\nrecipients. This is a permanent "
        "error. The following address(es) failed:\n\n  gone@example.org\n    unrouteable mail domain "
        '"example.org"\n  lost@example.org\n    mailbox is full: retry timeout exceeded\n\n------ '
        "This is a copy of the message, including all the headers. ------\n\n",
        to=(GONE, "lost@example.org"),
        copy_type="",
    ),
    Row(
        "exim-to-postmaster-names-the-sender-first",
        "Mail Delivery System <Mailer-Daemon@mx.example.net>",
        "Mail delivery failed",
        "This message was created automatically by mail delivery software.\n\nA message sent by\n\n"
        "  <other@example.net>\n\ncould not be delivered to one or more of its recipients. The "
        "following\naddress(es) failed:\n\n  gone@example.org\n    Unrouteable address\n",
        copy="",
    ),
    Row(
        "exim-warning",
        "Mail Delivery System <Mailer-Daemon@mx.example.net>",
        "Warning: message 1tqAbC-0001Xy-2Z delayed 24 hours",
        "This message was created automatically by mail delivery software.\nA message that you sent "
        "has not yet been delivered to one or more of its\nrecipients after more than 24 hours on "
        "the queue on mx.example.net.\n\nThe message identifier is:     1tqAbC-0001Xy-2Z\nThe "
        "subject of the message is: Re: A question\n\nThe address to which the message has not yet "
        "been delivered is:\n\n  gone@example.org\n    host mx.example.org [192.0.2.9]\n    Delay "
        "reason: Connection timed out\n\nNo action is required on your part. Delivery attempts will "
        "continue for\nsome time.\n",
        kind="soft",
        to=(),
        delayed=(GONE,),
        copy=f"\nMessage-ID: <{OURS}>\n",
        copy_type="",
    ),
    Row(
        "exim-timeout-is-soft",
        "Mail Delivery System <Mailer-Daemon@mx.example.net>",
        "Mail delivery failed: returning message to sender",
        "A message that you sent could not be delivered to one or more of its\nrecipients. This is a "
        "permanent error. The following address(es) failed:\n\n  gone@example.org\n    retry timeout "
        "exceeded\n\n------ This is a copy of the message, including all the headers. ------\n\n",
        kind="soft",
        copy_type="",
    ),
    Row(
        "exchange-5-5",
        "System Administrator <postmaster@corp.test>",
        "Undeliverable: Re: A question",
        "Your message\n\n  To:      gone@example.org\n  Subject: Re: A question\n  Sent:    Tue, 4 "
        "Mar 2003 09:00:00 +0100\n\ndid not reach the following recipient(s):\n\ngone@example.org on "
        "Tue, 4 Mar 2003 09:00:05 +0100\n    The recipient name is not recognized\n\tThe MTS-ID of "
        "the original message is: c=us;a= ;p=corp;l=MAIL0303\n    MSEXCH:IMS:Corp:SITE:MAIL 0 "
        "(000C05A6) Unknown Recipient\n",
        headers="X-Mailer: Internet Mail Service (5.5.2653.19)\n",
    ),
    Row(
        "exchange-smtp-in-brackets",
        "System Administrator <postmaster@corp.test>",
        "Undeliverable: Re: A question",
        "Your message\n\n  To: 'gone'\n\ndid not reach the following recipient(s):\n\nc=us;a= "
        ";p=corp;o=site;dda:SMTP=gone@example.org; on Tue, 4 Mar 2003 09:00:05 +0100\n    Unable to "
        "deliver the message due to a communications failure\n    MSEXCH:IMS:Corp:SITE:MAIL 3553 "
        "(000B09B6) 553 unknown\n",
        code=553,
        headers="X-Mailer: Internet Mail Service (5.5.2653.19)\n",
    ),
    Row(
        "exchange-2010-in-german",
        "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@corp.test>",
        "Unzustellbar: Re: A question",
        "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:\n\ngone@example."
        "org\nDie eingegebene E-Mail-Adresse konnte nicht gefunden werden.\n\nDiagnoseinformationen "
        "für Administratoren:\n\nGenerierender Server: ex.corp.test\n\ngone@example.org\n#550 5.1.1 "
        "RESOLVER.ADR.RecipNotFound; not found ##\n\nUrsprüngliche Nachrichtenkopfzeilen:\n\n",
        status="5.1.1",
        code=550,
        copy_type="",
    ),
    Row(
        "exchange-2010-in-french",
        "Postmaster <postmaster@corp.test>",
        "Non remis : Re: A question",
        "Échec de la remise aux destinataires ou groupes suivants :\n\ngone@example.org\n\n"
        "Informations de diagnostic pour les administrateurs :\n\nServeur de génération : "
        "ex.corp.test\n\ngone@example.org\n#550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found ##\n\n"
        "En-têtes de message d’origine :\n\n",
        status="5.1.1",
        code=550,
        copy_type="",
    ),
    Row(
        "exchange-in-portuguese",
        "postmaster@corp.test",
        "Não entregue: Re: A question",
        "Falha na entrega a estes destinatários ou grupos:\n\ngone@example.org\n\nInformações de "
        "diagnóstico para administradores:\n\nServidor de origem: x.corp.test\n\ngone@example.org\n"
        "Remote Server returned '550 5.1.1 unknown'\n\nCabeçalhos originais da mensagem:\n\n",
        status="5.1.1",
        code=550,
        copy_type="",
    ),
    Row(
        "exchange-in-dutch",
        "postmaster@corp.test",
        "Onbestelbaar: Re: A question",
        "Uw bericht kan niet worden bezorgd bij de volgende geadresseerden of groepen:\n\n"
        "gone@example.org\n\nDiagnostische gegevens voor beheerders:\n\nBronserver: x.corp.test\n\n"
        "gone@example.org\nRemote Server returned '550 5.1.10 not found'\n\nOorspronkelijke "
        "berichtkoppen:\n\n",
        status="5.1.10",
        code=550,
        copy_type="",
    ),
    Row(
        "exchange-in-italian",
        "postmaster@corp.test",
        "Non recapitabile: Re: A question",
        "Recapito non riuscito per i seguenti destinatari o gruppi:\n\ngone@example.org\n\n"
        "Informazioni di diagnostica per gli amministratori:\n\nServer di generazione: x.corp.test\n"
        "\ngone@example.org\n#550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large ##\n\n"
        "Intestazioni originali del messaggio:\n\n",
        kind="soft",
        status="5.2.3",
        code=550,
        copy_type="",
    ),
    Row(
        "exchange-quotes-the-remote-server",
        "postmaster@corp.test",
        "Undeliverable: Re: A question",
        "Delivery has failed to these recipients or groups:\n\ngone@example.org (gone@example.org)\n"
        "Your message wasn't delivered.\n\nDiagnostic information for administrators:\n\nGenerating "
        "server: ex.corp.test\n\ngone@example.org\nRemote Server returned '550 4.4.7 QUEUE.Expired; "
        "message expired'\n\nOriginal message headers:\n\n",
        kind="soft",
        status="4.4.7",
        code=550,
        copy_type="",
    ),
    Row(
        "lotus-notes",
        "postmaster@corp.test",
        "Undeliverable message",
        "------- Failure Reasons  --------\n\nUser not listed in public Name & Address Book\n"
        "gone@example.org\n\n\n------- Returned Message --------\n\n",
        copy_type="",
    ),
    Row(
        "google-mail-before-reports",
        "Mail Delivery Subsystem <mailer-daemon@googlemail.test>",
        "Delivery Status Notification (Failure)",
        "This is an automatically generated Delivery Status Notification\n\nDelivery to the "
        "following recipient failed permanently:\n\n     gone@example.org\n\nTechnical details of "
        "permanent failure:\nGoogle tried to deliver your message, but it was rejected by the "
        "recipient domain. The error that the other server returned was: 550 550 5.2.2 <gone@example"
        ".org>... Mailbox Full (state 14).\n\n   ----- Original message -----\n\n",
        kind="soft",
        status="5.2.2",
        code=550,
        copy_type="",
    ),
    Row(
        "google-mail-delay-before-reports",
        "Mail Delivery Subsystem <mailer-daemon@googlemail.test>",
        "Delivery Status Notification (Delay)",
        "This is an automatically generated Delivery Status Notification\n\nTHIS IS A WARNING "
        "MESSAGE ONLY.\n\nYOU DO NOT NEED TO RESEND YOUR MESSAGE.\n\nDelivery to the following "
        "recipient has been delayed:\n\n     gone@example.org\n\nMessage will be retried for 2 more "
        "day(s)\n\nTechnical details of temporary failure:\nThe recipient server did not accept our "
        "requests to connect.\n\n   ----- Message header follows -----\n\n",
        kind="soft",
        to=(),
        delayed=(GONE,),
        copy_type="",
    ),
    Row(
        "google-groups",
        "Mail Delivery Subsystem <mailer-daemon@googlemail.test>",
        "Delivery Status Notification (Failure)",
        "Hello support@example.com,\n\nWe're writing to let you know that the group you tried to "
        "contact (gone) may not exist, or you may not have permission to post messages to the "
        "group.\n\n----- Original message -----\n\n",
        copy_type="",
        headers="X-Failed-Recipients: gone@example.org\n",
    ),
    Row(
        "yahoo",
        "MAILER-DAEMON@yahoo.test",
        "Failure Notice",
        "Sorry, we were unable to deliver your message to the following address.\n\n"
        "<gone@example.org>:\nRemote host said:\n550 5.1.1 <gone@example.org>... User Unknown\n "
        "[RCPT_TO]\n\n--- Below this line is a copy of the message.\n\n",
        status="5.1.1",
        code=550,
        copy_type="",
    ),
    Row(
        "yahoo-account-is-not-there",
        "MAILER-DAEMON@yahoo.test",
        "Delivery failure",
        "Message from yahoo.test.\nUnable to deliver message to the following address(es).\n\n"
        "<gone@example.org>:\nThis user doesn't have an account here (gone@example.org) [0]\n\n--- "
        "Original message follows.\n\n",
        copy_type="",
    ),
    Row(
        "aol-screen-name",
        "Mail Delivery Subsystem <MAILER-DAEMON@aol.test>",
        "Returned mail: Mail not accepted",
        "Your mail to the following recipients could not be delivered because they are not "
        "accepting mail from support@example.com:\n    screenname\n",
        to=("screenname@aol.test",),
        copy_type="",
        copy="",
    ),
    Row(
        "gmx",
        "GMX Mailer Daemon <mailer-daemon@gmx.test>",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you sent "
        "could not be delivered to one or more of\nits recipients. This is a permanent error. The "
        'following address\nfailed:\n\n"gone@example.org":\nSMTP error from remote server after RCPT '
        "command:\nhost: mx.example.org\n5.1.1 <gone@example.org>... User Unknown\n\n--- The header "
        "of the original message is following. ---\n\n",
        status="5.1.1",
        copy_type="",
    ),
    Row(
        "web-de",
        "Mail Delivery System <mailer-daemon@kundenserver.test>",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you sent "
        "could not be delivered to one or more of\nits recipients. This is a permanent error.\n\nThe "
        "following address failed:\n\n    gone@example.org:\n        SMTP error from remote server for "
        "TEXT command, host: mx.example.org (192.0.2.9) reason: 552 5.2.2 Mailbox size limit exceeded\n"
        "\n--- The header of the original message is following. ---\n\n",
        kind="soft",
        status="5.2.2",
        code=552,
        copy_type="",
    ),
    Row(
        "yandex",
        "mailer-daemon@yandex.test",
        "Недоставленное сообщение",
        "Это письмо отправлено почтовым сервером yandex.test.\n\nК сожалению, мы вынуждены сообщить "
        "Вам о том, что Ваше письмо не может быть доставлено одному или нескольким получателям.\n\n"
        "<gone@example.org>: host mx.example.org[192.0.2.9] said: 550 5.1.1\n    User unknown (in "
        "reply to RCPT TO command)\n",
        status="5.1.1",
        code=550,
    ),
    Row(
        "mail-ru",
        "mailer-daemon@corp.mail.test",
        "Mail failure.",
        "Это письмо создано автоматически сервером, отвечать на него не нужно.\n\nК сожалению, Ваше "
        "письмо не может быть доставлено одному или нескольким получателям:\n\n  gone@example.org\n"
        "    SMTP error from remote mail server after RCPT TO:<gone@example.org>:\n    host mx.example"
        ".org [192.0.2.9]: 550 Unknown user\n\n------ This is a copy of the message, including all the "
        "headers. ------\n\n",
        code=550,
        copy_type="",
    ),
    Row(
        "imail",
        "postmaster@imail.test",
        "Undeliverable Mail",
        "Unknown user: gone@example.org\n\nRCPT TO generated following response:\n550 not local host\n"
        "\nOriginal message follows.\n\n",
        code=550,
        copy_type="",
        headers="X-Mailer: <SMTP32 v8.22>\n",
    ),
    Row(
        "imail-full",
        "Postmaster <postmaster@imail.test>",
        "Undeliverable Mail",
        "User mailbox exceeds allowed size: gone@example.org\n\nOriginal message follows.\n\n",
        kind="soft",
        copy_type="",
        headers="X-Mailer: <SMTP32 v8.22>\n",
    ),
    Row(
        "mailenable",
        "postmaster@mailenable.test",
        "Message Delivery Failure",
        "MailEnable: Message Delivery Failure.\n\nThe following recipient(s) could not be reached:\n\n"
        "[SMTP:gone@example.org]: Remote SMTP Server Returned: 550 5.1.1 unknown\n\n\nMessage headers "
        "follow:\n\n",
        status="5.1.1",
        code=550,
        copy_type="",
    ),
    Row(
        "mdaemon",
        "MDaemon at mail.corp.test <MDaemon@mail.corp.test>",
        "Permanent Delivery Failure",
        "The attached message had PERMANENT fatal delivery errors!\n\nAfter one or more unsuccessful "
        "delivery attempts the attached message has\nbeen removed from the mail queue on this server.\n"
        "\nThe following addresses did NOT receive a copy of your message:\n\n> gone@example.org\n\n--- "
        "Session Transcript ---\n Tue 2025-03-04 09:00:01: <-- 550 5.1.1 unknown\n--- End Transcript "
        "---\n",
        status="5.1.1",
        code=550,
    ),
    Row(
        "surgemail",
        "Mail Delivery System <postmaster@surge.test>",
        "Mail could not be delivered",
        "Your message could not be delivered to the following recipient:\n\n   gone@example.org\n\n"
        "Error: 550 no such mailbox\n",
        code=550,
    ),
    Row(
        "communigate",
        "MAILER-DAEMON@cgate.test",
        "Undeliverable mail: Re: A question",
        "Failed to deliver to 'gone@example.org'\nLOCAL module(account gone) reports:\n account is full "
        "(quota exceeded)\n",
        kind="soft",
    ),
    Row(
        "interscan",
        '"InterScan MSS" <postmaster@gate.test>',
        "Mail could not be delivered",
        "***** Message from InterScan E-Mail VirusWall NT *****\n\nSent <<< RCPT TO:<gone@example.org>\n"
        "Received >>> 550 5.1.1 <gone@example.org>... user unknown\n\nUnable to deliver message to "
        "<gone@example.org> (and other recipients in the same domain).\n\n*****     End of message     "
        "*****\n",
        status="5.1.1",
        code=550,
    ),
    Row(
        "groupwise-without-domain",
        "<Postmaster@gw.test>",
        "Message status - undeliverable",
        "The message that you sent was undeliverable to the following:\n\tgone (user not found)\n",
        to=("gone@gw.test",),
        copy=COPY.replace("To: gone@example.org\n", ""),
        headers="X-Mailer: Novell GroupWise Internet Agent 5.5.3.1\n",
    ),
    Row(
        "groupwise",
        "<Postmaster@gw.test>",
        "Message status - undeliverable",
        "The message that you sent was undeliverable to the following:\n\tgone@example.org (550 Unknown "
        "user)\n",
        code=550,
        headers="X-Mailer: Novell GroupWise Internet Agent 6.0\n",
    ),
    Row(
        "netscape-messaging",
        "Mail Administrator <Postmaster@nms.test>",
        "Mail System Error - Returned Mail",
        "This Message was undeliverable due to the following reason:\n\nThe following destination "
        "addresses were unknown (please check\nthe addresses and re-mail the message):\n\nSMTP "
        "<gone@example.org>\n\nPlease reply to Postmaster@nms.test\nif you feel this message to be in "
        "error.\n",
    ),
    Row(
        "smail",
        "<MAILER-DAEMON@smail.test>",
        "mail failed, returning to sender",
        "|------------------------- Failed addresses follow: ---------------------|\n gone@example.org "
        "... unknown host\n|------------------------- Message text follows: ------------------------|\n",
        copy_type="",
    ),
    Row(
        "docomo",
        "Mail Delivery System <MAILER-DAEMON@mobile.test>",
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host mobile.test.\n\n<gone@example.org>: host mx[192.0.2.9] said: "
        "550 Unknown user\n    gone@example.org (in reply to RCPT TO command)\n",
        code=550,
    ),
    Row(
        "ezweb",
        "Postmaster@ezweb.test",
        "Mail System Error - Returned Mail",
        "Each of the following recipients was rejected by a remote\nmail server.\n\n   Recipient: "
        "<gone@example.org>\n   >>> RCPT TO:<gone@example.org>\n   <<< 550 <gone@example.org>: User "
        "unknown\n",
        code=550,
    ),
    Row(
        "kddi-full",
        "no-reply@.dion.test",
        "Undeliverable mail",
        "Your mail sent on: Tue, 4 Mar 2025 09:00:00 +0900\n    Could not be delivered to: "
        "<gone@example.org>\n    As their mailbox is full.\n",
        kind="soft",
        headers=NULL,
    ),
    Row(
        "m-filter-in-japanese",
        "postmaster@filter.test",
        "failure notice",
        "このメールは「m-FILTER」が自動的に生成して送信しています。\n下記の理由によりこのメールは"
        "送信できませんでした。\n\n以下のメールアドレスへの送信に失敗しました。\ngone@example.org\n\n"
        "-------server message\n550 5.1.1 unknown user <gone@example.org>\n\n-------SMTP command\nDATA\n"
        "\n-------original message\n",
        status="5.1.1",
        code=550,
        copy_type="",
    ),
    Row(
        "tencent-in-chinese",
        "PostMaster <PostMaster@qq.test>",
        "来自qq.test的退信",
        "很抱歉，您的邮件被退回。\n\n收件人：gone@example.org\n退信原因：用户不存在\n550 Mailbox not "
        "found\n",
        code=550,
    ),
    Row(
        "verizon-phone",
        "post_master@vtext.test",
        "Undeliverable Message",
        "Error: \n  Message details:\n  Subject: Re: A question\n  MAIL FROM: support@example.com\n  "
        "RCPT TO: 5550100@vtext.test\n550 - Requested action not taken: no such user here\n",
        to=("5550100@vtext.test",),
        code=550,
        copy="",
    ),
    Row(
        "apache-james",
        "postmaster@james.test",
        "[BOUNCE]",
        "Hi. This is the James mail server at james.test.\nI'm afraid I wasn't able to deliver your "
        "message to the following addresses.\n\nError message below:\n550 - Requested action not taken: "
        "no such user here\n\nMessage details:\n  Subject: Re: A question\n  MAIL FROM: support@example"
        ".com\n  RCPT TO: gone@example.org\n",
        code=550,
    ),
    Row(
        "opensmtpd",
        "Mailer Daemon <MAILER-DAEMON@smtpd.test>",
        "Delivery status notification: error",
        "    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this e-mail.\n\n    An error "
        "has occurred while attempting to deliver a message for\n    the following list of recipients:\n"
        "\ngone@example.org: 550 5.2.2 <gone@example.org>... Mailbox Full\n\n    Below is a copy of the "
        "original message:\n\n",
        kind="soft",
        status="5.2.2",
        code=550,
        copy_type="",
    ),
    Row(
        "dragonfly",
        "MAILER-DAEMON <>",
        "Mail delivery failed",
        "This is the DragonFly Mail Agent v0.13 at df.test.\n\nThere was an error delivering your mail "
        "to <gone@example.org>.\n\nmx.example.org [192.0.2.9] did not like our RCPT TO:\n550 5.1.1 "
        "unknown\n\nOriginal message follows.\n\n",
        status="5.1.1",
        code=550,
        copy_type="",
    ),
    Row(
        "zoho",
        "mailer-daemon@zoho.test",
        "Undelivered Mail Returned to Sender",
        "This message was created automatically by mail delivery software.\nA message that you sent "
        "could not be delivered to one or more of its recipients. This is a permanent error.\n\n"
        "gone@example.org Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 <gone@example.org>... User "
        "Unknown\n",
        status="5.1.1",
        code=550,
    ),
    Row(
        "mailfoundry",
        "postmaster@foundry.test",
        "Message delivery has failed",
        "Unable to deliver message to: <gone@example.org>\nDelivery failed for the following reason:\n"
        "Server mx.example.org[192.0.2.9] failed with: 550 <gone@example.org> No such user here\n\nThis "
        "has been a permanent failure. No further delivery attempts will be made.\n",
        code=550,
    ),
    Row(
        "mailmarshal-says-why-first",
        "MailMarshal <postmaster@gate.test>",
        'Undeliverable Mail: "Re: A question"',
        "Your message:\n   From:    support@example.com\n   Subject: Re: A question\n\nCould not be "
        "delivered because of\n\n550 5.1.1 User unknown\n\nThe following recipients were affected:\n    "
        "gone@example.org\n",
        status="5.1.1",
        code=550,
    ),
    Row(
        "surfcontrol",
        "Postmaster <postmaster@gate.test>",
        "Your message could not be delivered",
        "Your message could not be sent.\nA transcript of the attempts to send the message follows.\nThe "
        "number of attempts made: 1\nAddressed To: gone@example.org\n\nTue 4 Mar 2025 09:00:01 +0100\n"
        "Failed to send to identified host,\ngone@example.org: [192.0.2.9], 550 gone@example.org... No "
        "such user\n--- Message non-deliverable.\n",
        code=550,
    ),
    Row(
        "songbird-mistypes",
        "postmaster@songbird.test",
        "Returned mail: delivery problem",
        "Delievery to the following recipients was aborted after 2 second(s):\n\n  * gone@example.org\n",
    ),
    Row(
        "facebook",
        "Facebook <mailer-daemon@mx.facebook.test>",
        "Sorry, your message could not be delivered",
        "This message was created automatically by Facebook.\n\nSorry, your message could not be "
        "delivered to the following recipient: gone@example.org\n550 5.1.1 RCP-P1 no such user\n",
        status="5.1.1",
        code=550,
    ),
    Row(
        "kerio",
        "Kerio Connect <postmaster@kerio.test>",
        "Undelivered Mail: Re: A question",
        "Your message could not be delivered to\n    gone@example.org\nbecause of the following error:\n"
        "    550 5.1.1 No such user\n",
        status="5.1.1",
        code=550,
    ),
    Row(
        "hmailserver",
        "mailer-daemon@hmail.test",
        "Message undeliverable: Re: A question",
        "Your message did not reach some or all of the intended recipients.\n\n   Sent: Tue, 4 Mar 2025 "
        "09:00:00 +0100\n   Subject: Re: A question\n\nThe following recipient(s) could not be reached:\n"
        "\ngone@example.org\n   Error Type: SMTP\n   Remote server (192.0.2.9) issued an error.\n   "
        "hMailServer sent: RCPT TO:<gone@example.org>\n   Remote server replied: 550 5.1.1 unknown\n\n"
        "hMailServer\n",
        status="5.1.1",
        code=550,
        headers=NULL,
    ),
    Row(
        "exchange-advisory-is-a-delay",
        "System Administrator <postmaster@corp.test>",
        "Delivery delayed: Re: A question",
        "This is an advisory-only email.  You do not need to take any action.\n\nDelivery of the message "
        'to "gone@example.org" has been postponed.\n',
        kind="soft",
        to=(),
        delayed=(GONE,),
    ),
    Row(
        "symantec-gateway-delay",
        "postmaster@gate.test",
        "Delivery delayed",
        "Your message with Subject: Re: A question\nhas not been delivered yet to:\n  gone@example.org\n\n"
        "Delivery attempts will continue to be made for 2 days.\n",
        kind="soft",
        to=(),
        delayed=(GONE,),
    ),
    Row(
        "polish",
        "MAILER-DAEMON@poczta.test",
        "Niedostarczalne: Re: A question",
        "Wiadomość nie mogła zostać dostarczona do następujących adresatów:\n\n<gone@example.org>: 550 "
        "5.1.1 nieznany\n",
        status="5.1.1",
        code=550,
    ),
    Row(
        "swedish",
        "postmaster@post.test",
        "Meddelandet kan inte levereras",
        "Meddelandet kunde inte levereras till följande mottagare:\n\ngone@example.org\n550 5.1.1 okänd\n",
        status="5.1.1",
        code=550,
    ),
    Row(
        "outlook-com",
        "postmaster@hotmail.test",
        "Delivery Status Notification (Failure)",
        "This is an automatically generated Delivery Status Notification.\n\nDelivery to the following "
        "recipients failed.\n\n       gone@example.org\n",
        status="5.5.0",
        code=550,
        report="Reporting-MTA: dns;bay.hotmail.test\n\nFinal-Recipient: rfc822;gone@example.org\nAction: "
        "failed\nStatus: 5.5.0\nDiagnostic-Code: smtp;550 Requested action not taken: mailbox unavailable "
        "(0:9:gone@example.org)\n",
    ),
    Row(
        "ezmlm-names-the-address-that-bounced",
        "dev-help@lists.test",
        "failure notice",
        "Hi! This is the ezmlm program.\n\nMessages to you could not be delivered: \n\n<gone@example.org>:"
        "\n550 5.1.1 unknown\n",
        status="5.1.1",
        code=550,
        headers=NULL,
    ),
)


def _brief(name: str, text: str, subject: str = "Undeliverable mail", **expected: object) -> Row:
    """Of servers that nobody runs any more, and of a few that speak like them."""
    return Row(name, "Postmaster <postmaster@old.test>", subject, text, **expected)  # type: ignore[arg-type]


BRIEF = (
    _brief(
        "compuserve",
        "Your message could not be delivered.\n\nInvalid receiver address: gone@example.org\n",
    ),
    _brief("compuserve-by-name", "Receiver not found: gone@example.org\n"),
    _brief(
        "ntmail",
        "Your mail could not be delivered.\nThe requested destination was:\n\n   gone@example.org\n",
    ),
    _brief(
        "ibm-vm",
        "Your mail item could not be delivered to the following users:\n\nUnknown user ----> gone@example.org\n",
    ),
    _brief(
        "smap",
        "   ----- Transcript of Report follows -----\nRejected-For: gone@example.org,\n   explanation unknown user\n",
    ),
    _brief(
        "mercury",
        "The local mail transport system has reported the following problems\n\n<gone@example.org>  550 User unknown\n",
        code=550,
    ),
    _brief(
        "altavista",
        "We were unable to deliver mail to the following recipient(s):\n\ngone@example.org:\n  The address is not known\n",
    ),
    _brief(
        "not-received",
        "The following recipients haven't received this message:\n\n  Gone Person gone@example.org\n",
    ),
    _brief(
        "bigfoot", "The message you tried to send to <gone@example.org>\ncould not be delivered.\n"
    ),
    _brief(
        "no-such-address",
        "The following message could not be delivered because the address gone@example.org does not exist:\n",
    ),
    _brief(
        "pmdf",
        "Your message has been enqueued and undeliverable for 1 day\nto the following recipients:\n\n  Recipient address: gone@example.org\n  Reason: unable to deliver this message after 1 day\n",
    ),
    _brief(
        "local-user-of-an-alias",
        "Your message has encountered delivery problems\nto local user inner@internal.test.\n(Originally addressed to gone@example.org)\n",
    ),
    _brief(
        "lsmtp",
        "--> Error description:\n\nError-for:  gone@example.org\nError-Code: 3\nError-Text: No such local user.\nError-End: One error reported.\n",
    ),
    _brief(
        "eyou",
        "This is the deliver program at eyou.test.\n\ngone@example.org\nThe user does not exist.\n\n-----\n",
    ),
    _brief(
        "failed-recipients",
        "------ Failed Recipients ------\n<gone@example.org>: Requested action not taken: mailbox unavailable.\n-------- Returned Mail --------\n",
    ),
    _brief(
        "final-delivery",
        "Invalid final delivery userid: gone@example.org\n\nOriginal message follows.\n",
    ),
    _brief(
        "prodigy",
        "User's mailbox is full: <gone@example.org>\nUnable to deliver mail.\n",
        kind="soft",
    ),
    _brief(
        "intended-recipient",
        "Your message was not delivered.\nIntended recipient: gone@example.org\n--------RETURNED MAIL FOLLOWS--------\n",
    ),
    _brief(
        "smtpsvc",
        "The email below could not be delivered to the following user:\n\n<gone@example.org>\n\nOld message:\n",
    ),
    _brief(
        "demon",
        "This message was created automatically by mail delivery software.\nA mail addressed to 'gone@example.org' could not be delivered.\n---- START OF RETURNED MESSAGE ----\n",
    ),
    _brief(
        "permanent-errors",
        "The following recipients returned permanent errors: gone@example.org.\n",
    ),
    _brief(
        "rejected-recipient",
        "We had trouble delivering your message. Full details follow:\n1 error(s):\nSMTP Server <mx.example.org> rejected recipient <gone@example.org> (Error following RCPT command).\n",
    ),
    _brief(
        "active-hunter",
        "  ----- The following addresses had permanent fatal errors -----\n\n>>> gone@example.org <gone@example.org>\n\n  ----- Transcript of session follows -----\n550 sorry, no mailbox here by that name (#5.1.1 - chkusr)\n",
        status="5.1.1",
        code=550,
    ),
    _brief(
        "delivery-errors",
        "---The following addresses had delivery errors---\n\ngone@example.org [User unknown]\n",
    ),
    _brief(
        "routing",
        "Delivery to the following recipients failed permanently:\n\n  * gone@example.org\n\nRouting: Could not find a gateway for gone@example.org\n",
    ),
    _brief(
        "zoho-expired",
        "This message was created automatically by mail delivery software.\n\n[Status: Error, Address: <gone@example.org>, ResponseCode 421, , Host not reachable.]\n",
        kind="soft",
        code=421,
    ),
    _brief(
        "undisclosed",
        "This message was created automatically by mail delivery software. The following address(es) failed:\n\n  an undisclosed address\n    (generated from gone@example.org)\n    Unrouteable address\n",
    ),
    _brief(
        "address-in-subject-only",
        "Your message could not be delivered.\n",
        "Returned mail: message not deliverable: <gone@example.org>",
    ),
    _brief("address-in-copy-only", "Your message could not be delivered.\n"),
    _brief(
        "postfix-transcript",
        "Transcript of session follows.\n\n Out: 220 mx.old.test ESMTP\n In:  MAIL FROM:<other@example.net>\n Out: 250 2.1.0 Ok\n In:  RCPT TO:<gone@example.org>\n Out: 550 5.1.1 <gone@example.org>: unknown\n",
        "Postfix SMTP server: errors from mx",
        status="5.1.1",
        code=550,
    ),
    _brief(
        "alias-led-elsewhere",
        "Hi. This is the qmail-send program.\n\n<gone@example.org>:\n192.0.2.9 does not like recipient.\nRemote host said:\n550 5.1.1 <inner@internal.test>... User unknown\n",
        "failure notice",
        status="5.1.1",
        code=550,
    ),
    _brief(
        "help-desk-is-not-blamed",
        "Your message could not be delivered to\ngone@example.org\n\nFor help, please contact\nhelpdesk@old.test\n",
    ),
    _brief(
        "message-switch",
        "Your message to:\n  gone@example.org\nwas delayed. This is just a warning, you do not need to take any action.\n",
        "Delivery delayed",
        kind="soft",
        to=(),
        delayed=(GONE,),
    ),
    _brief(
        "frozen",
        "Message 1tqAbC-0001Xy-2Z has been frozen (delivery error message).\nThe sender is <other@example.net>.\n\nThe following address(es) have yet to be delivered:\n\n  gone@example.org: Connection timed out\n",
        "Message frozen",
        kind="soft",
        to=(),
        delayed=(GONE,),
    ),
    _brief(
        "german",
        "Ihre Nachricht konnte nicht zugestellt werden an folgende Empfänger:\n\ngone@example.org\nPostfach ist voll\n",
        "Unzustellbare Nachricht",
        kind="soft",
    ),
    _brief(
        "french",
        "Votre message n'a pas pu être remis aux destinataires suivants :\n\n<gone@example.org> : 550 5.1.1 utilisateur inconnu\n",
        "Échec de la remise",
        status="5.1.1",
        code=550,
    ),
    _brief(
        "spanish",
        "Su mensaje no se pudo entregar a los siguientes destinatarios:\n\ngone@example.org\n550 5.1.1 usuario desconocido\n",
        "Mensaje no entregado",
        status="5.1.1",
        code=550,
    ),
    _brief(
        "portuguese",
        "Não foi possível entregar a sua mensagem aos destinatários:\n\ngone@example.org\n550 5.1.1\n",
        "Mensagem devolvida",
        status="5.1.1",
        code=550,
    ),
    _brief(
        "italian",
        "Impossibile recapitare il messaggio ai seguenti destinatari:\n\ngone@example.org\n552 5.2.2 casella piena\n",
        "Mancata consegna",
        kind="soft",
        status="5.2.2",
        code=552,
    ),
    _brief(
        "dutch",
        "Uw bericht kon niet worden afgeleverd op het volgende adres:\n\ngone@example.org\n",
        "Niet bezorgd",
    ),
    _brief(
        "russian",
        "Не удалось доставить письмо следующим получателям:\n\ngone@example.org\n550 5.1.1\n",
        "Сообщение не доставлено",
        status="5.1.1",
        code=550,
    ),
    _brief(
        "traditional-chinese",
        "您的郵件無法投遞給下列收件人：\n\ngone@example.org\n550 5.1.1\n",
        "無法投遞",
        status="5.1.1",
        code=550,
    ),
    _brief(
        "korean",
        "메일을 전송할 수 없습니다.\n\n<gone@example.org>: 550 5.1.1\n",
        "반송",
        status="5.1.1",
        code=550,
    ),
)
ROWS = REPORTED + LETTERS + BRIEF
