"""Lets somebody in again whom lock, second factor or a forgotten password keep out."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.console.people.links import FORGOTTEN, link_for
from apps.core import lockout, second_factor
from apps.core.models import User


class Command(BaseCommand):
    help = (
        "Unlock a user, remove the second factor, and print a link to choose a new password."
        " Who may run this command on the server may do anything anyway."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="the user name")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None or not user.is_active:
            raise CommandError(f"There is no user {options['user']!r} who may sign in.")
        lockout.unlock(user)
        second_factor.remove(user)
        self.stdout.write(link_for(user, FORGOTTEN))
