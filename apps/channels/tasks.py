"""When accounts are fetched: by the clock, and at once when a server says that mail is there."""

from celery import shared_task
from django.dispatch import receiver

from apps.channels.fetch import due_accounts, fetch
from apps.channels.models import EmailAccount
from apps.channels.signals import account_has_news
from apps.core.tasks import wake


@shared_task
def fetch_due_accounts() -> None:
    """One task per account, so that a slow server delays nobody else."""
    for account_id in due_accounts():
        wake(fetch_account, account_id)


@shared_task
def fetch_account(account_id: int) -> None:
    account = EmailAccount.objects.filter(pk=account_id).first()
    if account is not None:
        fetch(account)


@receiver(account_has_news)
def _account_has_news(account_id: int, **facts: object) -> None:
    wake(fetch_account, account_id)
