"""What browsers load is what is pinned, without asking the network."""

import json
import re

import pytest

from config.launch import javascript
from config.launch.progress import Failure

MODULES = sorted((javascript.BASE_DIR / "static" / "console").rglob("*.js"))
IMPORT = re.compile(r"""(?<!["'\w.])(?:from|import)\s*\(?["']([^"']+)["']""")  # not the word "from"


def test_every_vendored_file_is_pinned_and_there() -> None:
    pinned = {
        ours for package in javascript.packages().values() for ours in package["files"].values()
    }
    assert {path.name for path in javascript.VENDOR.glob("*.js")} == pinned


@pytest.mark.parametrize(
    "path",
    [*MODULES, *sorted(javascript.VENDOR.glob("*.js"))],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_every_import_is_a_file_of_ours(path: object) -> None:
    assert isinstance(path, javascript.Path)
    for name in IMPORT.findall(path.read_text()):
        assert (path.parent / name).resolve().is_file(), name


def test_a_package_that_is_not_what_is_pinned_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    package = javascript.packages()["htm"] | {"integrity": "sha512-AAAA"}
    monkeypatch.setattr(javascript.urllib.request, "urlopen", _answered)
    with pytest.raises(Failure, match="not what"):
        javascript._fetched("htm", package)


def test_the_licences_are_those_that_may_join() -> None:
    licences = {one["licence"] for one in javascript.packages().values()}
    assert licences <= {"MIT", "Apache-2.0", "Apache-2.0 (or MPL-2.0)", "MPL-2.0"}, json.dumps(
        sorted(licences)
    )


def _answered(address: str, timeout: float) -> "_Answer":
    return _Answer()


class _Answer:
    def __enter__(self) -> "_Answer":
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def read(self) -> bytes:
        return b"something else"
