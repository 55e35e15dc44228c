"""The database's clock in milliseconds, so that machines with wrong clocks agree."""

from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Func

_SQLITE = "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)"
# Of the statement, not of the transaction, which may have begun long before.
_POSTGRES = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS bigint)"


class Milliseconds(Func):
    """Since 1970."""

    arity = 0
    output_field = BigIntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template=_SQLITE, **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template=_POSTGRES, **more)


def milliseconds_now() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_POSTGRES if connection.vendor == 'postgresql' else _SQLITE}")
        return int(cursor.fetchone()[0])
