"""Broker, scanner and the web address: chosen before anything is started."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config.launch import broker, keys, listening, locks, main, running, scanner
from config.launch.children import Children
from config.launch.progress import Failure
from tests.living import soon


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLAMD_ADDRESS", "CARTERIA_TEST_SIGNATURES", "ALLOWED_HOSTS"):
        monkeypatch.delenv(name, raising=False)


def test_the_broker_prefers_a_unix_socket(tmp_path: Path) -> None:
    short = Path("/tmp/short")
    assert broker.choose_address(short).url == "unix:///tmp/short/broker.sock"


def test_a_long_path_gets_a_port_with_a_password(tmp_path: Path) -> None:
    address = broker.choose_address(Path("/" + "a" * 110))
    assert address.port and address.password in address.url


def test_the_wheel_brings_the_server() -> None:
    assert os.access(broker.server_binary(), os.X_OK)


def test_files_that_the_broker_cannot_read_are_set_aside(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").mkdir()
    broker.set_broken_files_aside(tmp_path, 1, 0.2)
    assert [path.name[:20] for path in tmp_path.iterdir()] == ["appendonlydir.broken"]


@pytest.mark.parametrize(("code", "lived"), [(-9, 0.2), (1, 60.0), (0, 0.2)])
def test_a_killed_broker_keeps_its_files(tmp_path: Path, code: int, lived: float) -> None:
    (tmp_path / "appendonlydir").mkdir()
    broker.set_broken_files_aside(tmp_path, code, lived)
    assert (tmp_path / "appendonlydir").exists()


LAUNCHER = """
import os, sys, time
from pathlib import Path
from config.launch import broker
from config.launch.children import Children
child, address = broker.prepare(Path(sys.argv[1]), dict(os.environ))
Children(Path(sys.argv[1])).start(child)
while not broker.answers(address): time.sleep(0.01)
print(child.process.pid, flush=True)
time.sleep(60)
"""


def test_a_broker_that_follows_a_killed_one_keeps_its_socket(tmp_path: Path) -> None:
    """The first must not tidy up late: it would remove the socket of the second."""
    command = [sys.executable, "-c", LAUNCHER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        first = int(launcher.stdout.readline())
        launcher.kill()
    child, address = broker.prepare(tmp_path, dict(os.environ))
    children = Children(tmp_path)
    children.start(child)

    soon(lambda: broker.answers(address))
    soon(lambda: not Path(f"/proc/{first}").exists())
    assert broker.answers(address)
    children.stop(seconds=2)


def test_a_named_clamd_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAMD_ADDRESS", "tcp:scan.test:3310")
    chosen = scanner.choose(tmp_path)
    assert (chosen.address, chosen.private) == ("tcp:scan.test:3310", False)


def test_a_running_system_clamd_comes_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "running_system_clamd", lambda: "/run/clamav/clamd.ctl")
    assert scanner.choose(tmp_path).address == "unix:/run/clamav/clamd.ctl"


def test_test_signatures_never_reach_the_system_clamd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARTERIA_TEST_SIGNATURES", "1")
    monkeypatch.setattr(scanner, "running_system_clamd", lambda: "/run/clamav/clamd.ctl")
    assert scanner.choose(tmp_path).private


def test_a_dry_run_finds_the_system_clamd_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAMD_ADDRESS", "")
    monkeypatch.setattr(scanner, "running_system_clamd", lambda: "/run/clamav/clamd.ctl")
    scanner.lend_system_clamd()
    assert os.environ["CLAMD_ADDRESS"] == "unix:/run/clamav/clamd.ctl"


@pytest.mark.parametrize("name", ["CLAMD_ADDRESS", "CARTERIA_TEST_SIGNATURES"])
def test_a_dry_run_takes_no_other_clamd_than_up(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")
    monkeypatch.setattr(scanner, "running_system_clamd", lambda: "/run/clamav/clamd.ctl")
    scanner.lend_system_clamd()
    assert os.environ.get("CLAMD_ADDRESS", "1") == "1"


def private(tmp_path: Path) -> scanner.PrivateScanner:
    return scanner.PrivateScanner(tmp_path, "unix:/x", Children(tmp_path), {})


def test_without_signatures_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scanner, "SYSTEM_SIGNATURES", tmp_path / "none")
    monkeypatch.setattr(scanner, "program", {"clamd": "/usr/sbin/clamd"}.get)
    own = private(tmp_path)
    own.look()
    own.look()
    assert own.children.all == []
    assert capsys.readouterr().err.count("no signatures yet; files wait") == 1


def test_without_clamav_files_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scanner, "program", lambda _: None)
    private(tmp_path).look()
    assert "ClamAV is not installed; files wait" in capsys.readouterr().err


def test_test_signatures_are_eicar_alone(tmp_path: Path) -> None:
    folder = scanner.write_test_signatures(tmp_path / "test")
    (line,) = (folder / "eicar.ndb").read_text().splitlines()
    assert bytes.fromhex(line.rpartition(":")[2]).startswith(b"X5O!P%@AP")


def test_our_clamd_alerts_on_what_it_cannot_look_into(tmp_path: Path) -> None:
    settings = scanner.configuration("unix:/x/clamd.sock", tmp_path, tmp_path).splitlines()
    assert {"AlertExceedsMax yes", "AlertEncrypted yes", "LocalSocket /x/clamd.sock"} <= {*settings}
    assert ("User root" in settings) == (os.geteuid() == 0)


def test_a_taken_port_is_one_clear_sentence() -> None:
    with listening.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Failure, match=f"Port {port} .* something else listens there already"):
            listening.listen("127.0.0.1", port)


def test_port_zero_takes_a_free_one() -> None:
    with listening.listen("127.0.0.1", 0) as listener:
        assert listener.getsockname()[1] > 0
        assert listener.family == socket.AF_INET


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("desk.test", "http://desk.test:80"),
    ],
)
def test_the_address_is_one_that_a_browser_can_open(host: str, url: str) -> None:
    assert listening.url(host, 80) == url


def test_one_start_for_each_data_folder(tmp_path: Path) -> None:
    lock = locks.DataLock(tmp_path)
    with pytest.raises(Failure) as second:
        locks.DataLock(tmp_path)
    assert second.value.code == 3
    assert locks.is_held(tmp_path)
    os.close(lock.handle)
    assert not locks.is_held(tmp_path)


@pytest.mark.parametrize("where", ["file", "file/below", "with-a-file/log"])
def test_a_data_folder_that_cannot_be_used_is_one_sentence(
    where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "with-a-file").mkdir()
    for name in ("file", "with-a-file/log"):
        (tmp_path / name).touch()
    folder = tmp_path / where.removesuffix("/log")
    assert main.run(["manage.py", "up", "--port", "0", "--data", str(folder)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"carteria: {tmp_path / where} cannot be used: ")
    assert "Traceback" not in said


def test_keys_are_made_once_and_for_us_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_KEY")
    monkeypatch.delenv("CARTERIA_KEY")
    keys.make_missing_keys(tmp_path)
    files = sorted((tmp_path / "secrets").iterdir())
    before = [path.read_text() for path in files]
    keys.make_missing_keys(tmp_path)
    assert [path.name for path in files] == ["carteria_key", "secret_key"]
    assert [path.read_text() for path in files] == before
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_keys_of_the_environment_are_left_alone(tmp_path: Path) -> None:
    keys.make_missing_keys(tmp_path)
    assert list((tmp_path / "secrets").iterdir()) == []


def test_a_running_up_lends_its_broker_and_its_scanner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secrets").mkdir()
    for name in running.LENT:
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("CARTERIA_DATA", str(tmp_path))
    lock = locks.DataLock(tmp_path)
    running.lend(tmp_path, {name: f"its {name}" for name in running.LENT})
    running.join_running()
    os.close(lock.handle)
    assert os.environ["CLAMD_ADDRESS"] == "its CLAMD_ADDRESS"
    assert os.environ["CARTERIA_TEST_SIGNATURES"] == "its CARTERIA_TEST_SIGNATURES"


def test_the_data_of_another_user_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def denied() -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(running, "join_running", denied)
    assert main.run(["manage.py", "mailcheck", "."]) == 1
    assert "belongs to another user" in capsys.readouterr().err
