"""Five places to store files in: each with its server, the fields of its row, and a look inside."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from apps.core.secrets import seal
from apps.storage.models import StorageTarget
from tests.storage import fake_clouds
from tests.storage.sftp_server import PASSWORD, USER, sftp_server

BACKENDS = ("local", "s3", "sftp", "azure", "google")


@dataclass(slots=True)
class Place:
    """SECRETS are open here; `held` lists what is there, `spoil` writes over one of them."""

    backend: str
    fields: dict[str, Any]
    held: Callable[[], dict[str, bytes]]
    put: Callable[[str, bytes], None]
    secrets: dict[str, str] = field(default_factory=dict)
    server: Any = None

    def target(self, **other: Any) -> StorageTarget:
        sealed = {name: seal(text) for name, text in self.secrets.items()}
        return StorageTarget(backend=self.backend, **self.fields | sealed | other)


@pytest.fixture(autouse=True)
def _loopback_is_permitted(settings: Any) -> None:
    settings.PRIVATE_HOSTS = (ip_network("127.0.0.0/8"),)


@pytest.fixture(params=BACKENDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        yield _PLACES[request.param](tmp_path, stack)


@pytest.fixture
def local(tmp_path: Path) -> Place:
    return _local(tmp_path, ExitStack())


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        yield _s3(tmp_path, stack)


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        yield _sftp(tmp_path, stack)


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        yield _azure(tmp_path, stack)


@pytest.fixture
def google(tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        yield _google(tmp_path, stack)


def _files_below(root: Path) -> dict[str, bytes]:
    files = (one for one in root.rglob("*") if one.is_file())
    return {str(one.relative_to(root)): one.read_bytes() for one in files}


def _writer(root: Path) -> Callable[[str, bytes], None]:
    def put(path: str, content: bytes) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)

    return put


def _local(tmp_path: Path, stack: ExitStack) -> Place:
    root = tmp_path / "files"
    root.mkdir(exist_ok=True)
    return Place("local", {"root": str(root)}, lambda: _files_below(root), _writer(root))


def _sftp(tmp_path: Path, stack: ExitStack) -> Place:
    server = stack.enter_context(sftp_server(tmp_path / "sftp"))
    fields = {"host": "127.0.0.1", "port": server.port, "user": USER, "root": "/box"}
    root = server.folder / "box"
    return Place(
        "sftp",
        fields | {"host_key": server.host_key},
        lambda: _files_below(root),
        _writer(root),
        {"secret": PASSWORD},
        server,
    )


@cache
def _moto() -> str:
    """Its address. One serves all tests of a process, each empties it: to end takes half a second."""
    from moto.server import ThreadedMotoServer

    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    return "http://{}:{}".format(*server.get_host_and_port())


def _s3(tmp_path: Path, stack: ExitStack) -> Place:
    url = _moto()
    client = _boto(url)
    client.create_bucket(
        Bucket="files", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    stack.callback(_empty, client)

    def held() -> dict[str, bytes]:
        found = client.list_objects_v2(Bucket="files").get("Contents", ())
        return {
            one["Key"]: client.get_object(Bucket="files", Key=one["Key"])["Body"].read()
            for one in found
        }

    def put(path: str, content: bytes) -> None:
        client.put_object(Bucket="files", Key=path, Body=content)

    fields = {"bucket": "files", "endpoint": url, "region": "eu-west-1"}
    return Place("s3", fields, held, put, {"key": "AKID", "secret": "s3cret"}, client)


def _empty(client: Any) -> None:
    """Moto's buckets live in this process, beside the server."""
    for one in client.list_objects_v2(Bucket="files").get("Contents", ()):
        client.delete_object(Bucket="files", Key=one["Key"])
    client.delete_bucket(Bucket="files")


def _boto(url: str) -> Any:
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id="AKID",
        aws_secret_access_key="s3cret",
    )


def _azure(tmp_path: Path, stack: ExitStack) -> Place:
    cloud = stack.enter_context(fake_clouds.azure())
    endpoint = f"{cloud.url}/{fake_clouds.ACCOUNT}"
    fields = {"bucket": "files", "endpoint": endpoint, "user": fake_clouds.ACCOUNT}
    return _of_cloud("azure", cloud, fields, fake_clouds.AZURE_KEY)


def _google(tmp_path: Path, stack: ExitStack) -> Place:
    cloud = stack.enter_context(fake_clouds.google())
    fields = {"bucket": "files", "endpoint": cloud.url}
    return _of_cloud("google", cloud, fields, cloud.service_account())


def _of_cloud(backend: str, cloud: fake_clouds.Cloud, fields: dict[str, Any], secret: str) -> Place:
    def held() -> dict[str, bytes]:
        return {name: content for (_bucket, name), (content, _facts) in cloud.held.items()}

    def put(path: str, content: bytes) -> None:
        import hashlib

        facts = {"sha256": hashlib.sha256(content).hexdigest()}
        cloud.held["files", path] = (content, facts)

    return Place(backend, fields, held, put, {"secret": secret}, cloud)


_PLACES = {"local": _local, "s3": _s3, "sftp": _sftp, "azure": _azure, "google": _google}
