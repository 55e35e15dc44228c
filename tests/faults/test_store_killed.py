"""kill -9 between the upload and the commit: each file lies in the storage once."""

from pathlib import Path
from typing import Any

import pytest

from tests.faults import steps

pytestmark = pytest.mark.faults
FILES = 60


def run(what: str, environment: dict[str, str], crash_at: str = "") -> tuple[int, str]:
    done = steps.run("tests.faults.storing", what, environment, crash_at)
    return done.returncode, done.stdout.strip()


# Two handfuls were in hand when a worker was killed: the rows of each are tried again, one by one.
TRIED_AGAIN = 40


def killed_three_times(environment: dict[str, str]) -> None:
    assert run("prepare", environment)[0] == 0
    for passes in (1, 7, 25):
        assert run("put", environment, f"store.after_upload:{passes}")[0] == -9
        run("wait", environment)
    assert run("put", environment)[0] == 0
    assert run("report", environment) == (0, f"{FILES} {FILES} {TRIED_AGAIN} 0")


@pytest.mark.contract("1.4.b")
def test_on_the_local_disk(tmp_path: Path) -> None:
    killed_three_times({"CARTERIA_DATA": str(tmp_path), "FILES": str(FILES)})
    files = [one for one in (tmp_path / "files").rglob("*") if one.is_file()]
    assert len(files) == FILES


@pytest.mark.contract("1.4.b")
def test_in_a_bucket(tmp_path: Path) -> None:
    from moto.server import ThreadedMotoServer

    from tests.storage.conftest import _boto, _empty

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    client: Any = _boto(url)
    where = {"LocationConstraint": "eu-west-1"}
    client.create_bucket(Bucket="files", CreateBucketConfiguration=where)
    try:
        environment = {"CARTERIA_DATA": str(tmp_path), "FILES": str(FILES), "S3_ENDPOINT": url}
        killed_three_times(environment | {"CARTERIA_PRIVATE_HOSTS": "127.0.0.0/8"})
        assert client.list_objects_v2(Bucket="files")["KeyCount"] == FILES
    finally:
        _empty(client)
        server.stop()
