"""Which tests can run on this machine, and what they prove of the contract."""

import gc
import os
import shutil
from collections.abc import Generator, Iterable
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling, Scheduling

from tests.contract import NUMBERS, Table

# Server as named in a marker or by its fixture: how to find it, what to install for it.
PROGRAMS = {
    "dovecot": ("dovecot", "dovecot-imapd dovecot-lmtpd"),
    "token_dovecot": ("dovecot", "dovecot-imapd dovecot-lmtpd"),
    "pop3d": ("/usr/lib/dovecot/pop3", "dovecot-pop3d"),
    "clamd": ("clamd", "clamav-daemon"),
    "postgres": ("postgres", "postgresql"),
    "chromium": ("chromium-headless-shell", "chromium-headless-shell"),
    "faketime": ("faketime", "faketime"),
    "poppler": ("pdftotext", "poppler-utils"),
    "request_tracker": (
        "/usr/share/request-tracker5/libexec/rt-server",
        "request-tracker5 rt5-standalone rt5-db-sqlite",
    ),
}
ROOT_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"
# Half a minute and more, the longest first: begun last, all other processes would wait for one.
LONGEST = (
    "tests/browser/test_whole.py",
    "tests/browser/test_access.py",
    "tests/browser/test_mail_frame.py",
    "tests/test_journey.py",
    "tests/faults/test_bad_mail_servers.py",
    "tests/config/test_demo_up.py",
    "tests/config/test_launch_up.py",
    "tests/faults/",
)
# One whole installation for each kind of servers: what is tested on either may run side by side.
BY_KIND = frozenset({"tests/browser/test_whole.py"})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--contract-table", metavar="FILE", help="write the contract table there")
    parser.addoption("--long", action="store_true", help="with -m: those of over a minute, too")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Judge(config), "carteria-judge")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of tests and what they import stay to the end: nobody need look for garbage among
    them, again and again. It took a process ten seconds.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


class ByFile(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        kind = nodeid.rpartition("[")[2] if file in BY_KIND else ""
        return f"{file}[{kind}"


@pytest.hookimpl(trylast=True)  # pytest-django puts them in an order of its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)


class Judge:
    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.table = Table()
        self.left_out: dict[str, set[str]] = {}  # test: the packages it needs
        self.whole_suite = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Before `-m` and `-k` leave tests out, so that the table counts all of them."""
        self.whole_suite = _is_whole_suite(self.config)
        for item in items:
            self._note_contract(item)
        self._leave_out_long(items)
        self.left_out = {i.nodeid: lacking for i in items if (lacking := _lacking(_needed(i)))}
        if self.left_out and os.environ.get("CI", "").lower() == "true":
            raise pytest.UsageError(self._what_is_missing())
        out = [item for item in items if item.nodeid in self.left_out]
        if out:
            self.config.hook.pytest_deselected(items=out)
            items[:] = [item for item in items if item.nodeid not in self.left_out]

    def _leave_out_long(self, items: list[pytest.Item]) -> None:
        """Whoever chooses by a marker gets the long ones by asking for them."""
        chosen = self.config.getoption("markexpr", default="")
        if not chosen or "long" in chosen or self.config.getoption("--long"):
            return
        out = [item for item in items if item.get_closest_marker("long")]
        if out:
            self.config.hook.pytest_deselected(items=out)
            items[:] = [item for item in items if item not in out]

    def _note_contract(self, item: pytest.Item) -> None:
        for number in _numbers(item):
            if number not in NUMBERS:
                raise pytest.UsageError(f"{item.nodeid}: SPEC part 1 has no number {number}")
            self.table.tests[number].add(item.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.table.failed.add(report.nodeid)
        elif report.when == "call" and report.passed:
            self.table.passed.add(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.whole_suite and self.table.unproved() and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if path := self.config.getoption("--contract-table"):
            Path(path).write_text("".join(f"{line}\n" for line in self.table.lines()))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.whole_suite and (unproved := self.table.unproved()):
            terminalreporter.write_line(
                f"neither tested nor in contract_open.txt: {', '.join(unproved)}", red=True
            )
        if self.left_out:
            terminalreporter.write_line(self._what_is_missing(), yellow=True)

    def _what_is_missing(self) -> str:
        packages = " ".join(sorted(set().union(*self.left_out.values())))
        return f"not run here: {len(self.left_out)} (install: apt-get install -y {packages})"


def _turn(item: pytest.Item) -> tuple[bool, int]:
    """Playwright keeps an event loop in its thread, in which Django refuses to ask a database."""
    is_browser = item.get_closest_marker("browser") is not None
    places = (at for at, file in enumerate(LONGEST) if item.nodeid.startswith(file))
    return is_browser, next(places, len(LONGEST))


def _is_whole_suite(config: pytest.Config) -> bool:
    everywhere = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    narrowed = any(
        config.getoption(name, default=None)
        for name in ("keyword", "markexpr", "lf", "ignore", "ignore_glob", "deselect")
    )
    return everywhere and not narrowed


def _numbers(item: pytest.Item) -> Iterable[str]:
    return (number for mark in item.iter_markers("contract") for number in mark.args)


def _needed(item: pytest.Item) -> set[str]:
    """Named in the marker, or known by the fixtures that the test uses."""
    named = {str(name) for mark in item.iter_markers("servers") for name in mark.args}
    fixtures = set(getattr(item, "fixturenames", ()))
    browser = {"chromium"} if item.get_closest_marker("browser") else set()
    return (named | fixtures | browser) & PROGRAMS.keys()


def _lacking(needed: set[str]) -> set[str]:
    missing = (name for name in needed if not _is_there(name))
    return {package for name in missing for package in PROGRAMS[name][1].split()}


def _is_there(server: str) -> bool:
    if server == "postgres":
        from tests.servers.postgres import programs  # pytest rewrites it first, as a plugin

        return programs() is not None
    program = PROGRAMS[server][0]
    return bool(shutil.which(program) or shutil.which(program, path=ROOT_FOLDERS))
