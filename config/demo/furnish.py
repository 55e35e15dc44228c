"""The rows of a demo that no settings file knows: tokens, canned replies, signatures."""

from collections.abc import Iterable
from pathlib import Path

import yaml
from django.core.management.base import CommandError

from apps.channels.models import EmailAccount
from apps.console.models import CannedReply, Signature
from apps.core.models import User
from apps.core.tokens import make_token
from apps.queues.models import Queue
from config.demo import office


def only_here_or_refuse() -> None:
    """Invented customers must never write into somebody's real installation."""
    if EmailAccount.objects.exclude(name=office.ACCOUNT).exists():
        raise CommandError(
            "These data have an email account of their own. Name another folder for the demo,"
            " like `up --demo --data var/demo`."
        )


def furnish(users: Iterable[str]) -> dict[str, str]:
    """Answers the new tokens by user."""
    _put_words()
    people = User.objects.filter(username__in=users)
    return {user.username: make_token(user, name="up --demo") for user in people}


def _put_words() -> None:
    """Once: what people change or delete later is theirs."""
    if CannedReply.objects.exists() or Signature.objects.exists():
        return
    told = yaml.safe_load((Path(__file__).parent / "words.yaml").read_text("utf-8"))
    queues = {queue.name: queue for queue in Queue.objects.all()}
    canned = (one | {"queue": queues.get(one.get("queue"))} for one in told["canned"])
    signatures = told["signatures"].items()
    rows: list[CannedReply | Signature] = [CannedReply(**one) for one in canned]
    rows += [Signature(queue=queues[name], html=html) for name, html in signatures]
    for row in rows:
        row.full_clean()
        row.save()
