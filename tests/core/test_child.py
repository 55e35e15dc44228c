"""A call in a child that may be killed: its answer, or one kind of failure within the limits."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from apps.core.child import ChildFailed, run_limited

THIS = "tests.core.test_child"


def length(argument: bytes) -> object:
    return {"length": len(argument)}


def sleep(_argument: bytes) -> object:
    time.sleep(60)
    return None


def spin(_argument: bytes) -> object:
    while True:
        pass


def grow(_argument: bytes) -> object:
    return len(bytearray(2**30))


def fail(argument: bytes) -> object:
    raise ValueError(argument.decode())


def die(_argument: bytes) -> object:
    os._exit(7)


def talk(_argument: bytes) -> object:
    while True:
        os.write(1, bytes(2**20))


def shout(_argument: bytes) -> object:
    return bytes(100 * 2**20)


def lie(_argument: bytes) -> dict[str, int]:
    return {"length": "no number"}  # type: ignore[dict-item]


def environment(_argument: bytes) -> object:
    return dict(os.environ)


for one in (length, sleep, spin, grow, fail, die, talk, shout, lie, environment):
    one.__module__ = THIS  # pytest's import mode may give it another name


def test_the_answer_of_the_child_comes_back() -> None:
    assert run_limited(length, b"x" * 5_000_000, seconds=10, megabytes=200) == {"length": 5_000_000}


def test_a_child_that_was_given_up_leaves_a_line(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ChildFailed):
        run_limited(fail, b"secret words", seconds=10, megabytes=200)
    [line] = caplog.records
    assert (line.work, line.code) == (f"{THIS}:fail", "crashed")  # type: ignore[attr-defined]
    assert "secret" not in str(line.__dict__)


@pytest.mark.parametrize(
    ("function", "code"),
    [
        (sleep, "timeout"),
        (grow, "memory"),
        (fail, "crashed"),
        (die, "crashed"),
        (talk, "too-much"),
        (shout, "too-much"),
        (lie, "crashed"),
    ],
)
def test_whatever_a_child_does_it_ends_and_says_why(function: object, code: str) -> None:
    with pytest.raises(ChildFailed) as caught:
        run_limited(function, b"", seconds=3 if code == "timeout" else 20, megabytes=300)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_a_child_that_computes_for_ever_is_stopped_by_its_own_clock() -> None:
    """Even if nobody were there to kill it."""
    inside = [sys.executable, "-m", "apps.core.child_inside", f"{THIS}:spin", "0.5", "200"]
    done = subprocess.run(inside, input=b"", capture_output=True, timeout=30, check=False)
    assert -done.returncode in (signal.SIGXCPU, signal.SIGALRM)


def test_an_error_comes_back_without_a_customers_words() -> None:
    with pytest.raises(ChildFailed) as caught:
        run_limited(fail, b"secret words", seconds=10, megabytes=200)
    assert str(caught.value) == "ValueError"


def test_the_child_sees_no_secrets() -> None:
    seen = run_limited(environment, b"", seconds=10, megabytes=200)
    assert isinstance(seen, dict)
    assert not {"SECRET_KEY", "CARTERIA_KEY", "DATABASE_URL"} & set(seen)


def test_threads_may_start_children_at_the_same_time() -> None:
    answers: list[object] = []

    def ask() -> None:
        answers.append(run_limited(length, b"abc", seconds=20, megabytes=200))

    threads = [threading.Thread(target=ask) for _one in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [{"length": 3}] * 6


# ---- walls ---------------------------------------------------------------------------------------


def call_somebody(argument: bytes) -> object:
    with socket.create_connection(("127.0.0.1", int(argument)), timeout=5) as line:
        return line.send(b"hello")


def run_a_program(_argument: bytes) -> object:
    return subprocess.run(["/bin/true"], check=False).returncode


def fork(_argument: bytes) -> object:
    return os.fork()


def become_a_program(_argument: bytes) -> object:
    os.execv("/bin/true", ["true"])


def write_a_file(argument: bytes) -> object:
    return Path(os.fsdecode(argument)).write_text("x")


def remove_a_file(argument: bytes) -> object:
    Path(os.fsdecode(argument)).unlink()
    return True


def read_a_file(argument: bytes) -> object:
    return Path(os.fsdecode(argument)).read_text()


def load_libc(_argument: bytes) -> object:
    import ctypes

    return ctypes.CDLL(None) is not None


def grow_again(_argument: bytes) -> object:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
    return True


def kill_somebody(_argument: bytes) -> object:
    os.kill(os.getppid(), signal.SIGKILL)
    return True


def work_in_threads(argument: bytes) -> object:
    """What decoders do is allowed."""
    threads = [threading.Thread(target=len, args=(argument,)) for _one in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return "ä".encode().decode("koi8-r")  # imports its codec now


def standing(_argument: bytes) -> list[str]:
    """The walls that hold when the interpreter's own is passed by, as native code would."""
    import ctypes

    libc = _LIBC
    held = []
    if libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0) < 0:
        held.append("network")
    if libc.fork() < 0:
        held.append("processes")
    if libc.open(b"/tmp/carteria-child-test", os.O_CREAT | os.O_WRONLY, 0o600) < 0:
        held.append("writing")
    if libc.open(b"/etc/passwd", os.O_RDONLY) < 0:
        held.append("reading")
    if libc.unlink(ctypes.c_char_p(b"/tmp/carteria-child-test")) < 0:
        held.append("removing")
    return held


def _libc() -> object:
    import ctypes

    return ctypes.CDLL(None)


_LIBC: object = _libc()

for one in (call_somebody, run_a_program, fork, become_a_program, write_a_file, remove_a_file):
    one.__module__ = THIS
for one in (read_a_file, load_libc, grow_again, kill_somebody, work_in_threads, standing):
    one.__module__ = THIS


def refused(function: object, argument: bytes = b"") -> bool:
    with pytest.raises(ChildFailed) as caught:
        run_limited(function, argument, seconds=20, megabytes=200)  # type: ignore[arg-type]
    return caught.value.code == "refused"


def test_a_child_reaches_no_port_that_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1]).encode()
        assert refused(call_somebody, port)
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    "function", [run_a_program, fork, become_a_program, load_libc, grow_again, kill_somebody]
)
def test_a_child_starts_ends_and_widens_nothing(function: object) -> None:
    assert refused(function)


def test_a_child_writes_and_removes_no_file(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("here")
    assert refused(write_a_file, os.fsencode(tmp_path / "new"))
    assert refused(write_a_file, os.fsencode(kept))
    assert refused(remove_a_file, os.fsencode(kept))
    assert [one.read_text() for one in tmp_path.iterdir()] == ["here"]


def test_a_child_reads_no_file_of_ours(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    for path in (os.fsencode(secret), b"/etc/passwd", b"/proc/self/environ"):
        assert refused(read_a_file, path)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's walls are Linux's")
def test_the_kernel_holds_what_the_interpreter_would_let_pass(tmp_path: Path) -> None:
    held = run_limited(standing, b"", seconds=20, megabytes=200)
    assert isinstance(held, list)
    assert {"network", "processes", "writing", "removing"} <= set(held)


def test_a_child_may_use_threads_and_import_what_it_needs() -> None:
    assert run_limited(work_in_threads, b"x", seconds=20, megabytes=300) == "ц╓"
