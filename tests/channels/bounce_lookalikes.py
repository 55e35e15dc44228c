"""Mails that speak of failure, or come from mail servers, and are no bounces: data only."""

_ME = "To: support@example.com\n"
_QUOTED = (
    "\n> Hi. This is the qmail-send program at mx.example.net.\n> <gone@example.org>:\n"
    "> 550 5.1.1 no such user\n"
)
_BOUNCE = (
    "From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\n\nHi. This is the qmail-send "
    "program.\n\n<gone@example.org>:\n550 5.1.1 no such user\n"
)

LOOKALIKES = {
    "a person answers a bounce": f"From: Ann <ann@example.net>\n{_ME}Subject: Re: failure notice\n"
    f"In-Reply-To: <b@mx.example.net>\n\nWhat is this?\n{_QUOTED}",
    "a person passes a bounce on as a file": f"From: Ann <ann@example.net>\n{_ME}Subject: Fwd: "
    "failure notice\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nYour "
    f"message could not be delivered?\n--b\nContent-Type: message/rfc822\n\n{_BOUNCE}\n--b--\n",
    "a person passes a bounce on in the text": f"From: Ann <ann@example.net>\n{_ME}Subject: WG: "
    f"Unzustellbar: Frage\n\nWas ist das?\n{_QUOTED}",
    "a person asks about undeliverable mail": f"From: Ann <ann@example.net>\n{_ME}Subject: My mail is "
    "undeliverable\n\nYour server says: 550 5.1.1 message could not be delivered. Why?\n",
    "a newsletter about delivery": "Return-Path: <bounce-17@news.test>\nFrom: Shop <news@shop.test>\n"
    f"{_ME}Subject: Undelivered joy: mail delivery for free\nList-Unsubscribe: <https://shop.test/u>\n"
    "\nOur parcels could not be delivered faster.\n",
    "a parcel is late": f"From: Parcels <no-reply@parcels.test>\n{_ME}Subject: Delivery status: "
    "delayed\n\nYour parcel has been delayed. It will be retried tomorrow.\n",
    "a vacation answer of the postmaster": f"Return-Path: <>\nFrom: postmaster@corp.test\n{_ME}"
    "Subject: Out of office: Re: A question\nAuto-Submitted: auto-replied\n\nI am away. Write to "
    "deputy@corp.test.\n",
    "a vacation answer to a mail about delivery": f"Return-Path: <>\nFrom: bob@corp.test\n{_ME}"
    "Subject: Automatic reply: Mail delivery problem, error 550 5.1.1\n\nI am away until 550 5.1.1.\n",
    "an answering program keeps our subject": f"Return-Path: <>\nFrom: bob@corp.test\n{_ME}"
    "Subject: Re: Delivery problem\n\nThanks, we got it. Ticket 450 is yours.\n",
    "a person of the postmasters writes": f"From: Postmaster <postmaster@corp.test>\n{_ME}Subject: Your "
    "question\n\nHello, the account is ready now.\n",
    "a challenge": f"Return-Path: <>\nFrom: bob@corp.test\n{_ME}Subject: Please confirm your message\n"
    "X-Delivery-Agent: TMDA/1.1\n\nThis message was created automatically by mail delivery software "
    "(TMDA). Your message could not be delivered yet.\n",
    "a guest list": f"Return-Path: <>\nFrom: bob@corp.test\n{_ME}Subject: Re: A question (delivery "
    "status)\n\nPlease add yourself to my Boxbe Guest List. Your message was not delivered.\n",
    "a moderator has it": "Return-Path: <>\nFrom: dev-bounces@lists.test\nTo: support@example.com\n"
    "Subject: Your message to Dev awaits moderator approval\n\nYour mail to 'Dev' with the subject\n\n"
    "    Re: A question\n\nIs being held until the list moderator can review it for approval.\n",
    "a virus was found": f"From: VirusAlert <postmaster@gate.test>\n{_ME}Subject: Virus found in a mail "
    "you sent\n\nThe file readme.zip was infected with W32.Example. Your message was not delivered.\n",
    "a quarantine's summary": f"From: postmaster@gate.test\n{_ME}Subject: Spam quarantine summary\n\n"
    "Two mails have been quarantined and were not delivered: 550 5.7.1\n",
    "somebody has moved": f"Return-Path: <>\nFrom: bob@corp.test\n{_ME}Subject: Mail delivery: I have "
    "moved\n\nMy new address is bob@example.org. Your message has been forwarded.\n",
    "the mailbox is nearly full": f"From: postmaster@example.com\n{_ME}Subject: Mailbox quota warning\n\n"
    "Your mailbox uses 95 % of its quota.\n",
    "a digest that quotes a bounce": f"From: dev-request@lists.test\n{_ME}Subject: Dev digest, vol. 5\n"
    "Precedence: list\nList-Id: <dev.lists.test>\nMIME-Version: 1.0\nContent-Type: multipart/digest; "
    f"boundary=b\n\n--b\n\n{_BOUNCE}\n--b--\n",
    "a cron job failed": f"From: root@host.test (Cron Daemon)\n{_ME}Subject: Cron <root@host> backup\n"
    "X-Cron-Env: <SHELL=/bin/sh>\n\ntar: failed to open: error 500\n",
    "it arrived": f"Return-Path: <>\nFrom: Mailer Daemon <MAILER-DAEMON@smtpd.test>\n{_ME}Subject: "
    "Delivery status notification: success\n\nYour message was successfully delivered to these "
    "recipients.\n\nann@example.org: 250 2.0.0 Ok\n\nBelow is a copy of the original message:\n\n",
    "nothing but a null sender": f"Return-Path: <>\nFrom: bob@corp.test\n{_ME}Subject: Hello\n\nHello\n",
}
