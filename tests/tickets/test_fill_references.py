"""The migration that remembers what earlier mails refer to: as intake would have done."""

from importlib import import_module

import pytest
from django.apps import apps

from apps.tickets.models import Message, MessageReference
from apps.tickets.tokens import hash_of
from tests.people import make_mailbox, make_message, make_queue
from tests.tickets.arrivals import a_mail, arrive

pytestmark = pytest.mark.django_db

fill = import_module("apps.tickets.migrations.0008_fill_references")


def kept() -> set[tuple[int, str]]:
    return set(MessageReference.objects.values_list("message_id", "hash"))


def test_it_fills_in_what_intake_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fill, "AT_ONCE", 2)
    mailbox = make_mailbox(queue=make_queue())
    arrive(
        a_mail(mailbox),
        a_mail(mailbox, in_reply_to="1@id"),
        a_mail(mailbox, references=[f"{number}@id" for number in range(100)]),
        a_mail(mailbox, message_id="me@id", in_reply_to="me@id", references=["2@id", "me@id"]),
        a_mail(mailbox, in_reply_to="3@id", references=["3@id"]),
    )
    before = kept()
    assert len(before) == 43
    MessageReference.objects.all().delete()
    fill.fill_references(apps, None)
    assert kept() == before
    fill.fill_references(apps, None)
    assert kept() == before


def test_of_a_mail_of_ours_it_keeps_what_that_answers() -> None:
    mailbox = make_mailbox(queue=make_queue())
    (mail,) = arrive(a_mail(mailbox))
    ours = make_message(mail.session, direction="out", in_reply_to="1@id", references=["0@id"])
    fill.fill_references(apps, None)
    assert kept() == {(ours.pk, hash_of("1@id"))}


def test_a_message_without_references_is_none() -> None:
    assert fill._hashes({"references": None, "in_reply_to": "", "direction": "in"}) == []
    assert Message.objects.count() == 0
