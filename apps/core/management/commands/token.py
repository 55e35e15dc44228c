"""Prints a new API token of a user or an integration."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.models import Role, RoleGrant, User
from apps.core.tokens import make_token


class Command(BaseCommand):
    help = "Print a new API token: of a user, or of an integration (--integration NAME)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", nargs="?", help="user name")
        parser.add_argument("--integration", metavar="NAME", help="an integration, made if new")
        parser.add_argument(
            "--scope",
            action="append",
            default=[],
            metavar="SCOPE[,SCOPE]",
            help="limit what the token may do, e.g. read, write, inbound, events",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["user"]) == bool(options["integration"]):
            raise CommandError("Name either a user or --integration NAME.")
        user = (
            _integration(options["integration"])
            if options["integration"]
            else _user(options["user"])
        )
        scopes = _scopes(options["scope"])
        self.stdout.write(make_token(user, name="command line", scopes=scopes))


def _scopes(given: list[str]) -> list[str]:
    """`--scope a,b` and `--scope a --scope b` are the same."""
    words = [word.strip() for part in given for word in part.split(",")]
    return list(dict.fromkeys(filter(None, words)))


def _user(name: str) -> User:
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active user {name!r}.")
    return user


def _integration(name: str) -> User:
    user, made = User.objects.get_or_create(
        username=f"integration:{name}", defaults={"first_name": name}
    )
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
        RoleGrant.objects.create(user=user, role=Role.INTEGRATION)
    return user
