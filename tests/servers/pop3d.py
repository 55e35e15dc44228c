"""A Dovecot that gives its mailboxes by POP3 beside IMAP."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.servers.dovecot import Dovecot, _free_port, running_dovecot

MORE = """
protocols = imap pop3
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service pop3 {{
  chroot =
}}
protocol pop3 {{
  mail_max_userip_connections = 100
}}
"""


@dataclass(frozen=True, slots=True)
class Pop3d:
    imap: Dovecot
    port: int
    tls_port: int


@pytest.fixture(scope="session")
def pop3d() -> Iterator[Pop3d]:
    pop3, pop3s = _free_port(), _free_port()
    with running_dovecot(more=MORE.format(pop3=pop3, pop3s=pop3s)) as dovecot:
        yield Pop3d(dovecot, pop3, pop3s)
