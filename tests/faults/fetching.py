"""A process that fetches one account into a database of its own, until a test kills it.

Its steps (tests/faults/steps.py): `fetching prepare|fetch|ask|bring_in` with CARTERIA_DATA and FETCH_PORT, FETCH_USER.
"""

import os
from typing import Any


def prepare() -> None:
    from django.core.management import call_command

    from apps.channels.models import ChannelSettings, EmailAccount
    from apps.core.secrets import seal
    from tests.servers.dovecot import PASSWORD

    call_command("migrate", run_syncdb=True, verbosity=0)
    ChannelSettings.objects.create(pk=1, enabled=True, external_url="http://console.test")
    EmailAccount.objects.create(
        name="main",
        receive_host="127.0.0.1",
        receive_port=int(os.environ["FETCH_PORT"]),
        receive_tls="none",
        receive_user=os.environ["FETCH_USER"],
        receive_password=seal(PASSWORD),
        start=os.environ.get("FETCH_START", "all"),
        after=os.environ.get("FETCH_AFTER", "seen"),
        receive_kind=os.environ.get("FETCH_KIND", "imap"),
        after_folder="Done",
    )


def fetch() -> None:
    from apps.channels.fetch import fetch
    from apps.channels.models import EmailAccount
    from apps.core.models import Lease

    Lease.objects.update(holder="")  # instead of waiting for the lease of the killed one
    print(fetch(EmailAccount.objects.get()))


def ask() -> None:
    """An account whose old mail is noted, and asked for."""
    from datetime import date

    from apps.channels import imports
    from apps.channels.models import EmailAccount
    from apps.core.models import User

    prepare()
    fetch()
    by = User.objects.create(username="ada", is_superuser=True)
    imports.ask(EmailAccount.objects.get(), date(2020, 1, 1), by=by)


def bring_in() -> None:
    """As a worker does it while mail is taken in beside it."""
    from apps.channels import imports
    from apps.channels.models import MailImport
    from apps.core.models import Lease

    imports.WAITING = 10_000
    Lease.objects.update(holder="")
    while imports.bring_in():
        continue
    job = MailImport.objects.get()
    print(job.state, job.done, job.wanted)
    report()


def report() -> None:
    """Rows, different mails, rows per outcome."""
    from apps.channels.models import InboundEmail
    from apps.core import blobs

    rows: Any = InboundEmail.objects.select_related("raw")
    whole = {blobs.read(row.raw) for row in rows}
    print(rows.count(), len(whole), rows.filter(status="received").count())
