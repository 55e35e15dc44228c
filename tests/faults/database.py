"""Reads the rows of a running installation on PostgreSQL, past all of its code."""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg

from tests.faults.checker import LedgerRow, Rows, Told

LEDGER = """
  select i.id, coalesce(a.name, m.address, ''), coalesce(i.uidvalidity, 0), coalesce(i.uid, 0),
         i.sha256, i.status, i.duplicate_of_id, i.raw_id is not null
  from email_channels_inboundemail i
  left join email_channels_emailaccount a on a.id = i.account_id
  left join email_channels_mailbox m on m.id = i.mailbox_id
  where i.id > %s order by i.id"""
MESSAGES = """
  select m.direction, m.status, coalesce(b.address, ''),
         case m.direction when 'in' then i.sha256 else m.message_id end, t.key
  from tickets_message m join tickets_thread t on t.id = m.thread_id
  left join email_channels_inboundemail i on i.id = m.inbound_id
  left join email_channels_mailbox b on b.id = m.mailbox_id"""
COMMENTS = """
  select split_part(t.marker, '.', 1), count(distinct t.id), count(c.id)
  from crm_ticket t left join crm_ticketcomment c on c.ticket_id = t.id and c.kind = 'link'
  group by 1"""
SETTLED = """
  select sha256 from email_channels_inboundemail where id > %s and status <> 'received'
  union all
  select message_id from tickets_message
  where direction = 'out' and status in ('sent', 'failed', 'unknown')"""
# In the order of PIPELINE's words.
OPEN = """
  select (select count(*) from email_channels_inboundemail where status = 'received'),
         (select count(*) from attachments_attachment where verdict = 'waiting'),
         (select count(*) from tickets_message where status in ('queued', 'sending')),
         (select count(*) from crm_ticketupdate where status = 'planned')"""
PIPELINE = ("received", "unscanned", "unsent", "untold")


class Database:
    """One connection, opened again when a fault has closed it."""

    def __init__(self, url: str) -> None:
        self.url = url.replace("postgres://", "postgresql://", 1)
        self._connection: psycopg.Connection[Any] | None = None

    def ask(self, question: str, *values: object) -> list[Any]:
        """Raises psycopg.OperationalError while the server is away."""
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self.url, autocommit=True, connect_timeout=5)
        return self._connection.execute(question, values).fetchall()

    def ask_patiently(self, question: str, *values: object, within: float = 30) -> list[Any]:
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            with suppress(psycopg.OperationalError):
                return self.ask(question, *values)
            time.sleep(0.2)
        return self.ask(question, *values)

    def close(self) -> None:
        if self._connection:
            self._connection.close()

    # ---- for the checker ----------------------------------------------------------------------

    def rows(self) -> Rows:
        told = self.ask_patiently(COMMENTS)
        return Rows(
            ledger=[LedgerRow(*row) for row in self.ask(LEDGER, 0)],
            messages=[Told(*row) for row in self.ask(MESSAGES)],
            comments={key: count for key, _tickets, count in told},
            tickets={key: count for key, count, _comments in told},
        )

    def settled(self) -> set[str]:
        return {key for (key,) in self.ask(SETTLED, 0)}

    def open(self) -> dict[str, int]:
        return dict(zip(PIPELINE, self.ask(OPEN)[0], strict=True))

    def has_rows(self, account: str, uidvalidity: int, uids: Sequence[int]) -> bool:
        """Whether all of these are safe at this moment."""
        found = self.ask_patiently(
            """select count(*) from email_channels_inboundemail i
               join email_channels_emailaccount a on a.id = i.account_id
               where a.name = %s and i.uidvalidity = %s and i.uid = any(%s)
                 and i.raw_id is not null""",
            account,
            uidvalidity,
            list(uids),
        )
        return bool(found[0][0] == len(uids))
