"""Which clamd scans our files: the one named, the system's, a private one, or none yet."""

import os
import re
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from config.launch.children import Child, Children
from config.launch.places import given, private_folder
from config.launch.progress import say

SYSTEM_SOCKETS = (
    "/run/clamav/clamd.ctl",
    "/run/clamd.scan/clamd.sock",
    "/run/clamav/clamd.sock",
    "/run/clamd/clamd.sock",
)
SYSTEM_SIGNATURES = Path("/var/lib/clamav")
SYSTEM_SETTINGS = tuple(
    map(Path, ("/etc/clamav/clamd.conf", "/etc/clamd.d/scan.conf", "/etc/clamd.conf"))
)
LIMIT = "60M"  # above the 50 MB of the largest mail that is taken in
MOST_SECONDS = 30  # for one file; 50 MB take about 3
LIKENESS_SINCE = (0, 105)  # before, clamd knew no hash of how a picture looks, and no such option
ROOT_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"  # not on the PATH of ordinary users
SOCKET_PATH_LIMIT = 107


@dataclass(frozen=True, slots=True)
class Chosen:
    """`address` is what the other processes are told; `private` says that we start it."""

    address: str
    private: bool
    sentence: str


def choose(data: Path) -> Chosen:
    if address := given("CLAMD_ADDRESS"):
        return Chosen(address, False, "file scanning: the clamd of CLAMD_ADDRESS")
    if not test_signatures() and (socket_path := running_system_clamd()):
        return Chosen(f"unix:{socket_path}", False, f"file scanning: the system's clamd{_advice()}")
    return Chosen(own_address(data), True, "")


def lend_system_clamd() -> None:
    """For a dry run beside no `up`: the same choice, short of starting one."""
    if given("CLAMD_ADDRESS") or test_signatures():
        return
    if socket_path := running_system_clamd():
        os.environ["CLAMD_ADDRESS"] = f"unix:{socket_path}"


def test_signatures() -> bool:
    return given("CARTERIA_TEST_SIGNATURES").lower() not in {"", "0", "no", "off", "false"}


def own_address(data: Path) -> str:
    """Named even before it runs, so that clamd can be installed while Carteria runs."""
    path = data / "clamd" / "clamd.sock"
    if len(str(path).encode()) <= SOCKET_PATH_LIMIT:
        return f"unix:{path}"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp:127.0.0.1:{probe.getsockname()[1]}"


def _advice() -> str:
    """What clamd itself does not tell, its settings do, where they can be read."""
    for place in SYSTEM_SETTINGS:
        try:
            settings = place.read_text(errors="replace")
        except OSError:
            continue
        if not re.search(r"(?mi)^\s*ScanImageFuzzyHash\s+(no|false|0)\b", settings):
            return f"; set `ScanImageFuzzyHash no` in {place}, or one picture may take it 1 GB"
        break
    return ""


def running_system_clamd() -> str | None:
    return next((path for path in SYSTEM_SOCKETS if _answers(path)), None)


def _answers(path: str) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(0.5)
            connection.connect(path)
            connection.sendall(b"zPING\0")
            return connection.recv(16).startswith(b"PONG")
    except OSError:
        return False


def program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=ROOT_FOLDERS)


class PrivateScanner:
    """Looks again and again until there is a clamd to start, then leaves it to Children."""

    def __init__(
        self, data: Path, address: str, children: Children, environment: dict[str, str]
    ) -> None:
        self.folder = private_folder(data / "clamd")
        self.address = address
        self.children = children
        self.environment = environment
        self.started = False
        self.asked_freshclam = False
        self.told = ""

    def look(self) -> None:
        """Starts clamd once binary and signatures are there; until then says what is missing."""
        if self.started:
            return
        clamd, signatures = program("clamd"), self.signatures()
        if clamd and signatures:
            self._start(clamd, signatures)
        elif clamd:
            self._tell("file scanning: ClamAV has no signatures yet; files wait")
            self._fetch_signatures()
        else:
            self._tell("file scanning: ClamAV is not installed; files wait")

    def _tell(self, sentence: str) -> None:
        if sentence != self.told:
            self.told = sentence
            say(sentence)

    def signatures(self) -> Path | None:
        if test_signatures():
            return write_test_signatures(self.folder / "test-signatures")
        places = (SYSTEM_SIGNATURES, self.folder / "signatures")
        return next((place for place in places if has_signatures(place)), None)

    def _start(self, clamd: str, signatures: Path) -> None:
        settings = self.folder / "clamd.conf"
        lines = configuration(self.address, signatures, self.folder, version=version_of(clamd))
        settings.write_text(lines)
        self.children.start(
            Child(
                name="clamd",
                command=[clamd, "--foreground", f"--config-file={settings}"],
                environment=self.environment,
                rank=1,
            )
        )
        self.started = True
        self._tell(f"file scanning: a private clamd with the signatures of {signatures}")

    def _fetch_signatures(self) -> None:
        freshclam = program("freshclam")
        if self.asked_freshclam or freshclam is None:
            return
        self.asked_freshclam = True
        say("fetching ClamAV's signatures in the background")
        self.children.start(
            Child(
                name="freshclam",
                command=[freshclam, "--stdout", *self._freshclam_options()],
                environment=self.environment,
                rank=2,
                once=True,
            )
        )

    def _freshclam_options(self) -> list[str]:
        """Without root the system's folder is not ours to fill: the data folder is."""
        if os.geteuid() == 0:
            return []
        settings = self.folder / "freshclam.conf"
        settings.write_text("DatabaseMirror database.clamav.net\n")
        signatures = private_folder(self.folder / "signatures")
        return [f"--config-file={settings}", f"--datadir={signatures}"]


def has_signatures(folder: Path) -> bool:
    try:
        return any(file.suffix in {".cvd", ".cld"} for file in folder.iterdir())
    except OSError:
        return False


def write_test_signatures(folder: Path) -> Path:
    """EICAR alone, as the hex of a string put together here: no scanner finds this file."""
    private_folder(folder)
    text = "X5O!P%@AP[4" + chr(92) + "PZX54(P^)7CC)7}$" + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!"
    line = f"Eicar-Test-Signature:0:*:{text.encode().hex()}\n"
    (folder / "eicar.ndb").write_text(line)
    return folder


def version_of(clamd: str) -> tuple[int, int]:
    """(0, 0) when it cannot be found out: then no option is set that an old one would refuse."""
    try:
        said = subprocess.run([clamd, "--version"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return 0, 0
    found = re.match(r"ClamAV (\d+)\.(\d+)", said.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def configuration(
    address: str, signatures: Path, folder: Path, *, version: tuple[int, int] = LIKENESS_SINCE
) -> str:
    """clamd keeps the user that starts it: our files are ours alone, also from clamd's user."""
    kind, _, rest = address.partition(":")
    host, _, port = rest.partition(":")
    listen = (
        [f"LocalSocket {rest}", "LocalSocketMode 600", "FixStaleSocket yes"]
        if kind == "unix"
        else [f"TCPAddr {host}", f"TCPSocket {port}"]
    )
    own = ["User root"] if os.geteuid() == 0 else []
    # For the hash, clamd would draw each picture: a small one of 12,000 x 12,000 takes 1 GB.
    likeness = ["ScanImageFuzzyHash no"] if version >= LIKENESS_SINCE else []
    lines = [
        *listen,
        *own,
        *likeness,
        f"DatabaseDirectory {signatures}",
        f"TemporaryDirectory {folder}",
        "Foreground yes",
        "MaxThreads 4",
        f"StreamMaxLength {LIMIT}",
        f"MaxFileSize {LIMIT}",
        f"MaxScanSize {LIMIT}",
        f"MaxScanTime {MOST_SECONDS * 1000}",
        "AlertExceedsMax yes",  # else a file over the limits counts as clean
        "AlertEncrypted yes",
        "ConcurrentDatabaseReload no",  # two sets of signatures would not fit in a small machine
        "IdleTimeout 1",  # before such a reload, clamd waits in silence for its idle threads: 30 s
        "SelfCheck 3600",
    ]
    return "\n".join(lines) + "\n"
