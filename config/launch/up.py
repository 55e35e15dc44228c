"""`up`: from an empty folder to a working installation, and back to silence when asked."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from config.launch import (
    broker,
    demo,
    keys,
    listening,
    places,
    prepared,
    processes,
    readiness,
    running,
    scanner,
    system_packages,
)
from config.launch.children import Child, Children
from config.launch.locks import DataLock
from config.launch.progress import Failure, say
from config.launch.waiting import Stopped, Watch

READY_WITHIN = 180.0
LIVES_BEFORE_READY = 4


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    folder = places.data_folder(options.data)
    try:
        data = places.private_folder(folder)
        lock = DataLock(data)
        try:
            return _Start(data, options).run()
        finally:
            os.close(lock.handle)
    except OSError as error:
        where = error.filename or folder
        raise Failure(f"{where} cannot be used: {error.strerror or error}.") from error


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py up", description="Start Carteria.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one (%(default)s)")
    parser.add_argument("--data", metavar="DIR", help="the data folder (CARTERIA_DATA, else var/)")
    parser.add_argument("--config", metavar="FILE", help="settings for `configure`")
    parser.add_argument(
        "--demo", action="store_true", help="an invented shop, with mail servers and customers"
    )
    parser.add_argument(
        "--install-system-packages",
        action="store_true",
        help="as root, install libmagic1 and ClamAV with apt-get where they are missing",
    )
    return parser.parse_args(arguments)


class _Start:
    """The steps of one run, in the order of `run`."""

    def __init__(self, data: Path, options: argparse.Namespace) -> None:
        self.data = data
        self.options = options
        self.configuration = _existing(options.config)
        self.listener = listening.listen(options.host, options.port)
        self.port: int = self.listener.getsockname()[1]
        self.url = listening.url(options.host, self.port)
        self.demo = self._begin_demo() if options.demo else None
        self.environment = processes.environment(data, host=options.host)
        self.environment |= self.demo.environment if self.demo else {}
        self.children = Children(places.private_folder(data / "log"))
        self.watch = Watch(self.children)
        self.scanner: scanner.PrivateScanner | None = None
        self.answer_file = data / "secrets" / "first-start.json"

    def _begin_demo(self) -> demo.Demo:
        demo.allow_test_signatures(self.data)
        return demo.Demo(self.data, self.url)

    def run(self) -> int:
        try:
            self._start_all()
            self._announce()
            self.watch.forever(self._chores)
        except Stopped:
            say("stopping")
        finally:
            self.children.stop()
        say("stopped")
        return 0

    def _start_all(self) -> None:
        keys.make_missing_keys(self.data)
        places.private_folder(self.data / "static")
        self._install_packages()
        self._choose_scanner()
        self._start_broker()
        running.lend(self.data, self.environment)
        demo_is_new = self.demo is not None and self.demo.write_settings()
        if prepared.is_prepared(self.data):
            prepared.forget_signs_of_life(self.data)
            self._start_ours()
            if self.configuration or demo_is_new:
                self._prepare()
        else:
            self._prepare()
            self._start_ours()
        if self.demo:
            self.children.start(self.demo.child(self.environment))
        if self.scanner:
            self.scanner.look()
        self._wait_until_ready()

    def _install_packages(self) -> None:
        packages = system_packages.to_install() if self.options.install_system_packages else []
        if packages:
            say(f"installing {' '.join(packages)} in the background")
            command = system_packages.command(packages)
            told = system_packages.environment()
            self.children.start(Child("apt", command, told, once=True, dies_with_us=False))

    def _choose_scanner(self) -> None:
        chosen = scanner.choose(self.data)
        self.environment["CLAMD_ADDRESS"] = chosen.address
        self.environment.pop("CLAMD_ADDRESS_FILE", None)
        if chosen.private:
            self.scanner = scanner.PrivateScanner(
                self.data, chosen.address, self.children, self.environment
            )
        else:
            say(chosen.sentence)

    def _start_broker(self) -> None:
        if places.given("REDIS_URL"):
            return
        child, address = broker.prepare(self.data, dict(self.environment))
        self.children.start(child)
        if not self.watch.until(lambda: broker.answers(address), seconds=30, every=0.02):
            raise Failure(f"The broker does not start; see {self.children.logs / 'broker.log'}.")
        self.environment["REDIS_URL"] = address.url

    def _prepare(self) -> None:
        say("preparing the database")
        answer = self.data / "secrets" / "prepare.json"
        child = self.children.start(
            processes.prepare(
                self.environment,
                url=self.url,
                configurations=self._configurations(),
                demo=",".join(self.demo.without_token) if self.demo else None,
                output=answer,
            )
        )
        self.watch.until(lambda: not child.running, seconds=3600, every=1.0)
        if child.exit_code:
            tail = _tail(self.children.logs / "prepare.log")
            raise Failure(f"The database could not be prepared.\n{tail}", child.exit_code)
        told = json.loads(answer.read_text())
        if self.demo:
            self.demo.note_prepared(told)
        self._keep_first_answer(told)
        answer.unlink()
        prepared.remember(self.data)

    def _configurations(self) -> list[str]:
        demo_file = [str(self.demo.settings_file)] if self.demo else []
        own = [self.configuration] if self.configuration else []
        return [*filter(os.path.exists, demo_file), *own]

    def _keep_first_answer(self, answer: dict[str, Any]) -> None:
        """The first password is shown once: a start that fails after it must not swallow it."""
        if answer["password"] or not self.answer_file.exists():
            running.write_private(self.answer_file, json.dumps(answer))

    def _start_ours(self) -> None:
        self.children.start(processes.web(self.environment, self.listener))
        for child in processes.workers(self.environment):
            self.children.start(child)

    def _wait_until_ready(self) -> None:
        say("starting web and worker")
        host = listening.probe_host(self.options.host)
        missing: list[str] = ["web"]

        def all_answer() -> bool:
            self._give_up_on_the_dying()
            missing[:] = readiness.missing(host, self.port)
            if self.demo and not self.demo.answers():
                missing.append("demo")
            return not missing

        if not self.watch.until(all_answer, seconds=READY_WITHIN, every=0.1):
            raise Failure(
                f"Not ready after {READY_WITHIN:.0f} s: no answer of {', '.join(missing)};"
                f" see {self.children.logs}."
            )

    def _give_up_on_the_dying(self) -> None:
        for child in self.children.all:
            if (
                child.name in {"web", "worker", "intake", "demo"}
                and child.failures >= LIVES_BEFORE_READY
            ):
                tail = _tail(self.children.logs / f"{child.name}.log")
                raise Failure(f"{child.name} does not start.\n{tail}")

    def _announce(self) -> None:
        answer: dict[str, str | None] = {"user": None, "password": None, "token": None}
        if self.answer_file.exists():
            answer = json.loads(self.answer_file.read_text())
        ready: dict[str, Any] = {
            "url": self.url,
            **answer,
            "data": str(self.data),
            "version": places.version(),
            **(self.demo.ready if self.demo else {"people": [], "demo": None}),
        }
        say(f"ready at {self.url}")
        try:
            print(f"ready {json.dumps(ready)}", flush=True)
        except OSError:
            return  # nobody listens: the first password stays for a start that is heard
        shown = {**answer, "password": None, "token": None}
        running.write_private(self.answer_file, json.dumps(shown))

    def _chores(self) -> None:
        self.children.trim_logs()
        if self.scanner:
            self.scanner.look()


def _existing(path: str | None) -> str | None:
    """Children work in the checkout's folder, so a path is made absolute; `-` cannot be one."""
    if path is None:
        return None
    if not Path(path).is_file():
        raise Failure(f"--config: there is no file {path}.", 2)
    return str(Path(path).resolve())


def _tail(path: Path) -> str:
    lines = path.read_text("utf-8", "replace").splitlines() if path.exists() else []
    return "\n".join(lines[-12:])
