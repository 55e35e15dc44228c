"""Help for SQLite, which plans without knowing how many rows it will meet."""

from django.db import connection
from django.db.models import BigIntegerField, ExpressionWrapper, F
from django.db.models.expressions import Combinable


def beside_order(column: str) -> Combinable:
    """A number that rows are chosen by on the way down an index that sorts them.

    By the column itself SQLite would rather collect every row of some queues and sort a hundred
    thousand than walk on until 25 fit. PostgreSQL has statistics, and does what is quicker.
    """
    if connection.vendor != "sqlite":
        return F(column)
    return ExpressionWrapper(F(column) + 0, output_field=BigIntegerField())
