"""A private Request Tracker 5 on loopback: its own SQLite file, and a folder for its outgoing mail.

Started as its manual says (https://docs.bestpractical.com/rt/5.0.3/web_deployment.html, read
2026-11-26), from Debian's package, as whoever runs the tests.
"""

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

PASSWORD = "password"  # of root, in a new database
HOME = Path("/usr/share/request-tracker5")
SERVER = HOME / "libexec" / "rt-server"
SETUP = "/usr/sbin/rt-setup-database-5"
USER_PASSWORD = "Pass-Word-77"

SITE = """
Set($rtname, 'crm.test');
Set($Organization, 'crm.test');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($CorrespondAddress, 'help@crm.test');
Set($CommentAddress, 'help-comment@crm.test');
Set($RTAddressRegexp, '^help(-comment)?\\@crm\\.test$');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{folder}/rt.sqlite3');
Set($MasonDataDir, '{folder}/mason');
Set($MasonSessionDir, '{folder}/sessions');
Set($LogToSyslog, undef);
Set($LogToSTDERR, 'error');
Set($MailCommand, 'sendmailpipe');
Set($SendmailPath, '{folder}/sendmail');
Set($BcryptCost, 4);
1;
"""

# An outgoing mail is a file, written whole before it has its name.
SENDMAIL = """#!/bin/sh
cat > '{folder}/mail/'$$.part && mv '{folder}/mail/'$$.part '{folder}/mail/'$$.eml
"""

# What an administrator sets up: a user of ours with the rights of the connector's page, one who
# may not read comments, one with none; two fields.
PEOPLE = r"""
our @Queues = ({{ Name => 'Hidden', Description => 'Of another team' }});
our @CustomFields = (
    {{ Name => 'Contract', Type => 'FreeformSingle', Queue => ['General'] }},
    {{ Name => 'Product', Type => 'SelectSingle', Queue => ['General'],
       Values => [{{ Name => 'Parcel' }}, {{ Name => 'Letter' }}] }},
);
our @Final = (sub {{
    my $queue = RT::Queue->new(RT->SystemUser);
    $queue->Load('General');
    my @see = qw(SeeQueue ShowTicket CreateTicket CommentOnTicket);
    my %rights = (
        carteria => [@see, qw(ShowTicketComments SeeCustomField ModifyCustomField)],
        blind => [@see],
        fieldless => [@see, qw(ShowTicketComments SeeCustomField)],
        stranger => [],
    );
    for my $name (sort keys %rights) {{
        my $user = RT::User->new(RT->SystemUser);
        $user->Create(
            Name => $name, EmailAddress => "$name\@crm.test", Password => '{password}', Privileged => 1);
        $user->PrincipalObj->GrantRight(Right => $_, Object => $queue) for @{{ $rights{{$name}} }};
        require RT::AuthToken;
        my $token = RT::AuthToken->new(RT->SystemUser);
        my ($ok, $said, $told) = $token->Create(Owner => $user->Id, Description => 'tests');
        die $said unless $ok;
        open my $file, '>', "{folder}/$name.token" or die $!;
        print $file $told;
    }}
}});
1;
"""


@dataclass(slots=True)
class RequestTracker:
    """URL, the tokens of its users, and what its administrator sees and does."""

    url: str
    folder: Path
    _root: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self._root = httpx.Client(
            base_url=f"{self.url}/REST/2.0", auth=("root", PASSWORD), timeout=30, trust_env=False
        )

    def token(self, user: str = "carteria") -> str:
        return (self.folder / f"{user}.token").read_text()

    def mails(self) -> list[bytes]:
        """What it has sent out so far: it hands mail on before it answers a request."""
        return [file.read_bytes() for file in sorted((self.folder / "mail").glob("*.eml"))]

    def ask(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        """As its administrator, root."""
        response = self._root.request(method, path, json=body, params=params or None)
        assert response.status_code < 300, f"{method} {path}: {response.text[:300]}"
        return response.json() if response.content else None

    def history_page(self, ticket: str) -> str:
        """What its own people see in a browser."""
        headers = {"Referer": self.url}  # or it suspects a forged request
        with httpx.Client(base_url=self.url, headers=headers, trust_env=False) as browser:
            browser.post("/NoAuth/Login.html", data={"user": "root", "pass": PASSWORD})
            page = browser.get("/Helpers/TicketHistoryPage", params={"id": ticket})
            assert page.status_code == 200, page.headers
            return page.text

    def close(self) -> None:
        self._root.close()


@contextmanager
def running_request_tracker() -> Iterator[RequestTracker]:
    folder = Path(tempfile.mkdtemp(prefix="carteria-rt-"))
    port = _free_port()
    try:
        told = _prepare(folder, port)
        options = {"--server": "Starlet", "--host": "127.0.0.1", "--port": str(port)}
        options["--max-workers"] = "2"
        with (folder / "server.log").open("wb") as log:
            server = subprocess.Popen(
                [SERVER, *itertools.chain(*options.items())],
                env=told,
                stdout=log,
                stderr=log,
            )
        tracker = RequestTracker(f"http://127.0.0.1:{port}", folder)
        try:
            _wait_for(tracker)
            yield tracker
        finally:
            tracker.close()
            server.terminate()
            server.wait(15)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(folder: Path, port: int) -> Mapping[str, str]:
    """The environment in which it finds its own settings and no others of this machine."""
    for name in ("mason", "sessions", "mail", "site.d"):
        (folder / name).mkdir()
    facts = {"folder": folder, "port": port, "password": USER_PASSWORD}
    (folder / "site.pm").write_text(SITE.format(**facts))
    (folder / "people.pm").write_text(PEOPLE.format(**facts))
    (folder / "sendmail").write_text(SENDMAIL.format(**facts))
    (folder / "sendmail").chmod(0o755)
    told = {
        **os.environ,
        "RT_SITE_CONFIG": str(folder / "site.pm"),
        "RT_SITE_CONFIG_DIR": str(folder / "site.d"),
    }
    nobody = ["--dba", "", "--dba-password", ""]
    _run(told, SETUP, "--action", "init", *nobody, "--skip-create")
    _run(told, SETUP, "--action", "insert", *nobody, "--datafile", str(folder / "people.pm"))
    return told


def _run(told: Mapping[str, str], *command: str) -> None:
    done = subprocess.run(command, env=told, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]


def _wait_for(tracker: RequestTracker, *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            tracker.ask("GET", "/rt")
            return
        except httpx.TransportError:
            assert time.monotonic() < deadline, "Request Tracker did not start in time"
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def request_tracker() -> Iterator[RequestTracker]:
    """One server of this test session; every test opens tickets of its own."""
    with running_request_tracker() as tracker:
        yield tracker
