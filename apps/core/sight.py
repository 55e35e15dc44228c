"""What floors below cannot know: who sees a row whose owner stands further up.

A floor asks by name (`lent("threads", user)`); the floor above that knows lends the answer once
(`lend("threads", threads_seen_by)`). Nobody lent it: nobody sees it.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.core.models import User

Answer = Callable[[User], QuerySet[Any, Any]]
_answers: dict[str, Answer] = {}


def lend(name: str, answer: Answer) -> None:
    """ANSWER gives the keys that a user sees, as a subquery of one column."""
    _answers[name] = answer


def seen(name: str, field: str, user: User) -> Q:
    """Rows whose FIELD is among what was lent."""
    answer = _answers.get(name)
    return Q(**{f"{field}__in": answer(user) if answer else ()})


def seen_here(name: str, field: str, user: User) -> Q:
    """As `seen`, asked anew for each row: better where few rows are looked at."""
    answer = _answers.get(name)
    if answer is None:
        return Q(pk__in=())
    keys = answer(user)
    return Q(Exists(keys.filter(**{keys.query.values_select[0]: OuterRef(field)})))
