"""When accounts are fetched: by the clock, and at once when a server says that mail is there."""

import logging

from celery import shared_task
from django.dispatch import receiver

from apps.channels import canary, fetch_threads, imports, ledger_check, renewing, sending_domains
from apps.channels.fetch import due_accounts, fetch, note_surprise
from apps.channels.models import EmailAccount
from apps.channels.signals import account_has_news, count_asked, import_asked
from apps.core.db.patience import DATABASE_AWAY
from apps.core.tasks import wake

log = logging.getLogger(__name__)


@shared_task
def fetch_due_accounts() -> None:
    """One task per account, so that a slow server delays nobody else."""
    for account_id in due_accounts():
        wake(fetch_account, account_id)


@shared_task
def fetch_account(account_id: int) -> None:
    """Hands over to a thread that may wait for the server, and is free for the next task."""
    account = EmailAccount.objects.filter(pk=account_id).only("failures").first()
    if account is not None:
        threads = fetch_threads.failing if account.failures else fetch_threads.healthy
        threads.hand_over(account_id, fetch_and_note)


def fetch_and_note(account_id: int) -> None:
    account = EmailAccount.objects.filter(pk=account_id).first()
    if account is None:
        return
    try:
        fetch(account)
    except DATABASE_AWAY:
        raise  # nothing can be noted; the next interval tries again
    except Exception:  # the rim: an account whose server surprises us must show it, and wait
        log.exception("fetching failed", extra={"account": account_id})
        note_surprise(account)


@shared_task
def send_canaries() -> None:
    canary.send_due()


@shared_task
def renew_permissions() -> None:
    """One task per account, so that a slow token server delays nobody else."""
    for account_id in renewing.due():
        wake(renew_permission, account_id)


@shared_task
def renew_permission(account_id: int) -> None:
    renewing.renew(account_id)


@shared_task
def count_ledgers() -> None:
    """Each night once, however many beats there are: the rows say whose turn it is."""
    for account_id in ledger_check.due_accounts():
        wake(count_ledger, account_id, True)


@shared_task
def count_ledger(account_id: int, if_due: bool = False) -> None:
    if not if_due or account_id in ledger_check.due_accounts():
        for account in EmailAccount.objects.filter(pk=account_id):
            ledger_check.check(account)


@shared_task
def look_up_domains() -> None:
    """Each day once, and a new one at once."""
    sending_domains.keep_rows()
    for domain_id in sending_domains.due():
        wake(look_up_domain, domain_id)


@shared_task
def look_up_domain(domain_id: int) -> None:
    sending_domains.look_up_if_due(domain_id)


@shared_task
def bring_in_old_mail() -> None:
    if imports.bring_in():
        wake(bring_in_old_mail, after=1)


@receiver(count_asked)
def _count_asked(account_id: int, **facts: object) -> None:
    wake(count_ledger, account_id)


@receiver(import_asked)
def _import_asked(**facts: object) -> None:
    wake(bring_in_old_mail)


@receiver(account_has_news)
def _account_has_news(account_id: int, **facts: object) -> None:
    wake(fetch_account, account_id)
