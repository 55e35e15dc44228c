"""A private Dovecot on loopback: IMAP plain, STARTTLS and implicit TLS, IDLE; mail by Maildir."""

import grp
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from tests.servers.token_server import TokenServer

PASSWORD = "pass-word"
ODD_PASSWORD = 'pä ss"wörd\\日'
_names, _users = itertools.count(1), itertools.count(1)

CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
ssl = yes
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
ssl_dh =
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_cache_size = 0
auth_failure_delay = 0
default_internal_user = {owner}
default_internal_group = {group}
default_login_user = {owner}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={folder}/home/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Outgoing {{
    special_use = \\Sent
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service imap {{
  chroot =
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
protocol imap {{
  mail_max_userip_connections = 100
}}
{more}
"""


@dataclass(frozen=True, slots=True)
class Dovecot:
    """Where it listens; `user` is new for every mailbox that a test asks for."""

    folder: Path
    port: int
    tls_port: int
    ca_file: str
    process: "subprocess.Popen[bytes]"

    def new_user(self, *, odd: bool = False) -> str:
        """A user with an empty INBOX and the password PASSWORD, or ODD_PASSWORD."""
        user = f"{'odd' if odd else 'user'}{next(_users)}"
        for part in ("cur", "new", "tmp"):
            self._make(self.folder / "mail" / user / part)
        return user

    def deliver(self, user: str, *mails: bytes, folder: str = "", seen: bool = False) -> None:
        """Puts each mail into the Maildir as a delivery agent would: written, then renamed."""
        home = self.folder / "mail" / user / (f".{folder}" if folder else "")
        for mail in mails:
            name = f"{time.time():.6f}.{next(_names)}.test"
            draft = home / "tmp" / name
            draft.write_bytes(mail)
            _give_away(draft)
            draft.rename(home / ("cur" if seen else "new") / (name + (":2,S" if seen else "")))

    def make_folder(self, user: str, name: str) -> None:
        for part in ("cur", "new", "tmp"):
            self._make(self.folder / "mail" / user / f".{name}" / part)

    def renumber(self, user: str) -> None:
        """Forgets all UIDs: the folder comes back with another UIDVALIDITY."""
        for name in (
            "dovecot-uidlist",
            "dovecot.index",
            "dovecot.index.log",
            "dovecot.index.cache",
        ):
            (self.folder / "mail" / user / name).unlink(missing_ok=True)
        for file in (self.folder / "mail" / user).glob("dovecot-uidvalidity*"):
            file.unlink()
        time.sleep(1.1)  # UIDVALIDITY is a time in seconds

    def _make(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        for place in (path, path.parent):
            _give_away(place)


@contextmanager
def running_dovecot(*, certificate_name: str = "localhost", more: str = "") -> Iterator[Dovecot]:
    folder = Path(tempfile.mkdtemp(prefix="carteria-dovecot-"))
    folder.chmod(0o755)
    ports = _free_port(), _free_port()
    try:
        server = _start(folder, *ports, certificate_name, more)
        try:
            _wait_for(ports[0])
            yield Dovecot(folder, *ports, str(folder / "ca.pem"), server)
        finally:
            server.terminate()
            server.wait(15)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(
    folder: Path, imap: int, imaps: int, certificate_name: str, more: str
) -> "subprocess.Popen[bytes]":
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate = authority.issue_cert(certificate_name)
    certificate.private_key_pem.write_to_path(folder / "server.key")
    for number, blob in enumerate(certificate.cert_chain_pems):
        blob.write_to_path(folder / "server.pem", append=number > 0)
    known = (
        f"user{number}:{{PLAIN}}{PASSWORD}\nodd{number}:{{PLAIN}}{ODD_PASSWORD}\n"
        for number in range(1, 1000)
    )
    (folder / "users").write_text("".join(known))  # all at once: Dovecot reads it by the second
    for name in ("mail", "home", "state"):
        (folder / name).mkdir()
        _give_away(folder / name)
    owner, group = _owner()
    config = folder / "dovecot.conf"
    config.write_text(
        CONFIG.format(folder=folder, imap=imap, imaps=imaps, owner=owner, group=group, more=more)
    )
    program = shutil.which("dovecot", path=os.environ["PATH"] + ":/usr/sbin") or "dovecot"
    return subprocess.Popen(
        [program, "-F", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _owner() -> tuple[str, str]:
    """Dovecot never touches mail as root."""
    if os.geteuid() == 0:
        return "dovecot", "dovecot"
    me = pwd.getpwuid(os.geteuid())
    return me.pw_name, grp.getgrgid(me.pw_gid).gr_name


def _give_away(path: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(path, *_owner())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, *, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as line:
                if line.recv(10).startswith(b"* OK"):
                    return
        except OSError:
            pass
        assert time.monotonic() < deadline, "Dovecot did not start in time"
        time.sleep(0.05)


def by_token(token_server: str, folder: Path) -> str:
    """Configuration: XOAUTH2 and OAUTHBEARER, whose tokens the server at this address knows."""
    file = folder / "oauth2.conf"
    file.write_text(
        f"introspection_url = {token_server}/introspect?token=\n"
        "introspection_mode = get\nusername_attribute = username\n"
        "active_attribute = active\nactive_value = true\n"
    )
    mechanisms = "auth_mechanisms = plain login xoauth2 oauthbearer\n"
    block = (
        f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {file}\n}}\n"
    )
    return mechanisms + block


@pytest.fixture(scope="session")
def token_dovecot(
    _one_token_server: TokenServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dovecot]:
    """One that asks `token_server` whose a token is."""
    folder = tmp_path_factory.mktemp("oauth")
    for one in (folder, *folder.parents[:2]):
        one.chmod(0o755)
    with running_dovecot(more=by_token(_one_token_server.url, folder)) as server:
        yield server


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    with running_dovecot() as server:
        yield server
