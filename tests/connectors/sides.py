"""A CRM from its other side: what its own people see and do, for the one suite of questions.

A new CRM is a class that keeps `CrmSide`, a fixture that yields it, and a line in CASES.
"""

from dataclasses import dataclass, field
from typing import Protocol

import pytest

from apps.crm.connectors.base import Access, AnyConnector, TicketRef

# What a CRM may be able to; a question that needs more is not asked of it.
WEB = "web"  # it is reached over HTTP, with a token
CHECK = "check"  # it has a Connector's own methods, one request each
FIND = "find"  # by markers; where a repeated key changes nothing, there is nothing to look for
DELETE, MERGE, LOCK = "delete", "merge", "lock"
FIELDS = "fields"  # tickets have fields of the administrator's own


@dataclass(frozen=True, slots=True)
class Said:
    """A comment as the CRM's people read it."""

    text: str
    private: bool
    files: tuple[tuple[str, bytes], ...] = ()


class CrmSide(Protocol):
    kind: str
    access: Access
    known_field: tuple[str, str]  # of FIELDS: a name, and a value that it takes

    def connector(self, access: Access) -> AnyConnector:
        """As the registry makes it."""

    def subject(self, ticket: TicketRef) -> str: ...

    def said(self, ticket: TicketRef) -> list[Said]:
        """All comments and files of ours, oldest first; plain text, as a reader sees it."""

    def field(self, ticket: TicketRef, name: str) -> str: ...

    def delete(self, ticket: TicketRef) -> None: ...

    def merge(self, ticket: TicketRef, into: TicketRef) -> None: ...

    def lock(self, ticket: TicketRef) -> None:
        """From now on it takes nothing more from us."""


@dataclass(frozen=True, slots=True)
class Case:
    fixture: str  # yields its CrmSide
    can: frozenset[str] = frozenset()
    marks: tuple[pytest.MarkDecorator, ...] = field(default=())


CASES = {
    "builtin": Case("builtin_side", frozenset({DELETE})),
    "rt": Case(
        "rt_side",
        frozenset({WEB, CHECK, FIND, DELETE, MERGE, LOCK, FIELDS}),
        (pytest.mark.servers("request_tracker"),),
    ),
    "zendesk": Case("zendesk_side", frozenset({WEB, CHECK, FIND, DELETE, MERGE, LOCK, FIELDS})),
    "webhook": Case("webhook_side", frozenset({WEB, CHECK, DELETE, MERGE, LOCK})),
}


def asked_of(*needed: str) -> pytest.MarkDecorator:
    """Every CRM that can what the question is about."""
    params = [
        pytest.param(case.fixture, id=kind, marks=case.marks)
        for kind, case in CASES.items()
        if case.can >= set(needed)
    ]
    return pytest.mark.parametrize("side", params, indirect=True)
