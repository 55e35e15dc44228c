"""Our own processes, each started, killed and clocked by itself, as a Procfile's are."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import requests
import yaml

from config.launch import keys, listening
from config.launch.children import Child
from config.launch.processes import environment, prepare, web, worker_and_intake

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
ROOT = Path(__file__).resolve().parents[2]


def clock(hours: float) -> dict[str, str]:
    """The environment of a process whose clock is wrong by so much; waits stay as they are."""
    assert FAKETIME, "faketime is not installed: apt-get install faketime"
    return {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME": f"{int(hours * 3600):+d}s",
        "DONT_FAKE_MONOTONIC": "1",
    }


class Processes:
    """By name; the launcher's own commands and environment."""

    def __init__(self, data: Path, **told: str) -> None:
        data.mkdir(parents=True, exist_ok=True)
        keys.make_missing_keys(data)
        (data / "static").mkdir(exist_ok=True)
        self.data = data
        self.told = environment(data, host="127.0.0.1") | told
        self.told.pop("CARTERIA_CRASH_AT", None)
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._begins: dict[str, int] = {}  # where the log of this life begins
        self.listener: socket.socket = listening.listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def prepare(self, settings: dict[str, Any]) -> str:
        """Makes the tables and the settings; answers an administrator's token."""
        file, answer = self.data / "settings.yaml", self.data / "answer.json"
        file.write_text(yaml.safe_dump(settings))
        child = prepare(
            self.told, url=self.url, configurations=[str(file)], demo=None, output=answer
        )
        process = self._launch("prepare", child, {}, output=answer)
        assert process.wait(120) == 0, self.log("prepare")[-3000:]
        token: str = json.loads(answer.read_text())["token"]
        return token

    def start_web(self, name: str = "web", **more: str) -> None:
        self._keep(name, web(self.told, self.listener), more)

    def start_workers(self, kind: str = "", **more: str) -> None:
        """`worker` and `intake`; or others of their KIND: "new " starts `new worker`."""
        for child in worker_and_intake(self.told):
            self._keep(kind + child.name, child, more)

    def start_one(self, name: str) -> None:
        [child] = [one for one in worker_and_intake(self.told) if one.name == name]
        self._keep(name, child, {})

    def _keep(self, name: str, child: Child, more: dict[str, str]) -> None:
        self.running[name] = self._launch(name, child, more)

    def _launch(
        self, name: str, child: Child, more: dict[str, str], output: Path | None = None
    ) -> "subprocess.Popen[bytes]":
        file = self.data / f"{name}.log"
        self._begins[name] = file.stat().st_size if file.exists() else 0
        with (
            file.open("ab") as log,
            (output or Path(os.devnull)).open("wb") as said,
        ):
            return subprocess.Popen(
                child.command,
                env=child.environment | more,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=log,
                pass_fds=child.pass_fds,
                start_new_session=True,
            )

    def kill(self, *names: str) -> None:
        """With all its children, as a machine that loses power."""
        for name in names:
            self._end(name, signal.SIGKILL)

    def stop(self, name: str) -> int:
        """As a deploy does; answers the exit code."""
        return self._end(name, signal.SIGTERM)

    def _end(self, name: str, how: signal.Signals) -> int:
        process = self.running.pop(name)
        if process.poll() is None:
            os.killpg(process.pid, how) if how is signal.SIGKILL else process.send_signal(how)
        return process.wait(30)

    def end(self) -> None:
        self.kill(*self.running)
        self.listener.close()

    def wait_for_web(self, *, within: float = 90) -> None:
        deadline = time.monotonic() + within
        while not self._web_answers():
            assert time.monotonic() < deadline, "the web does not answer"
            time.sleep(0.1)

    def wait_for_workers(self, kind: str = "", *, within: float = 90) -> None:
        deadline = time.monotonic() + within
        for name in (f"{kind}worker", f"{kind}intake"):
            while "ready." not in self.log(name):
                assert time.monotonic() < deadline, self.log(name)[-3000:]
                time.sleep(0.1)

    def _web_answers(self) -> bool:
        try:
            return bool(requests.get(self.url + "/healthz", timeout=5).ok)
        except requests.RequestException:
            return False

    def log(self, name: str) -> str:
        """Of its present life."""
        whole = (self.data / f"{name}.log").read_bytes()
        return whole[self._begins[name] :].decode("utf-8", "replace")

    def command(self, *words: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.told,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=60,
        )
