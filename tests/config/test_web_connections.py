"""The web process on PostgreSQL: a request gives its connection back, however many come at once."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
import requests

from tests.faults.processes import Processes
from tests.servers.postgres import running_postgres

pytestmark = pytest.mark.servers("postgres")

AT_ONCE, REQUESTS = 10, 100
OPEN = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
LEFT = 3  # ours that counts, that of /readyz, and one on its way


@pytest.fixture
def database() -> Iterator[str]:
    with running_postgres(migrated=True) as url:
        yield url


@pytest.fixture
def web(database: str, tmp_path: Path) -> Iterator[Processes]:
    processes = Processes(tmp_path / "data", DATABASE_URL=database)
    processes.start_web()
    processes.wait_for_web()
    yield processes
    processes.end()


def test_requests_leave_no_connection_behind(web: Processes, database: str) -> None:
    """Each had one that nobody used again, until the server took no more, from the workers too."""

    def ask(_number: int) -> int:
        stranger = {"Authorization": "Bearer unknown"}  # the database is asked who that is
        return requests.get(f"{web.url}/api/v1/queues/", headers=stranger, timeout=20).status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert {*pool.map(ask, range(REQUESTS))} == {401}
    assert soon_open(database) <= LEFT


def soon_open(database: str) -> int:
    where = urlsplit(database)
    host, name = unquote(where.hostname or ""), where.path.removeprefix("/")
    with psycopg.connect(host=host, user="postgres", dbname=name, autocommit=True) as connection:
        for _time in range(20):
            row = connection.execute(OPEN).fetchone()
            count = int(row[0]) if row else 0
            if count <= LEFT:
                break
            time.sleep(0.1)
    return count
