"""Numbers of rows that a database gives by itself."""

from django.db import connection
from django.db.models import Model


def skip(model: type[Model], count: int) -> None:
    """The next row of MODEL is COUNT numbers further on."""
    key, table = model._meta.pk, model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT setval(name, nextval(name) + %s)"
                " FROM (SELECT pg_get_serial_sequence(%s, %s)::regclass AS name) AS found",
                [count, connection.ops.quote_name(table), key.column],
            )
        else:
            cursor.execute(
                "UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s", [count, table]
            )
