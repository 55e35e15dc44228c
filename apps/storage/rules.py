"""What may not be typed into the settings of the storage, and what is allowed but looks odd."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.hosts import web_host_problem
from apps.core.rules import Problem
from apps.storage.paths import DEFAULT, problem_of, tidied

Target = Any  # models.py asks this module, so it cannot be imported here
Settings = Any
KINDS = ("pdf", "attachments", "json", "raw")
# Folders of the machine itself: nothing that came by mail belongs there.
SYSTEM = tuple(
    map(Path, "/bin /boot /dev /etc /lib /lib64 /proc /run /sbin /sys /usr /root/.ssh".split())
)


# ---- paths --------------------------------------------------------------------------------------


def path_problems(row: Settings) -> Iterator[Problem]:
    """Tidies each path that is fine."""
    for kind in KINDS:
        template = getattr(row, f"{kind}_path")
        if problem := problem_of(template):
            yield f"{kind}_path", problem
        else:
            setattr(row, f"{kind}_path", tidied(template) or DEFAULT)


# ---- the place ----------------------------------------------------------------------------------


def target_problems(target: Target) -> Iterator[Problem]:
    match target.backend:
        case "local":
            yield from _folder_problems(target.root)
        case "sftp":
            yield from _host_problems(target)
            yield from _needed(target, "user", _("Name the user; it is needed to connect."))
        case _:
            yield from _bucket_problems(target)
    if target.backend != "local":
        yield from _root_problems(target)


def _needed(target: Target, field: str, sentence: str) -> Iterator[Problem]:
    if not getattr(target, field).strip():
        yield field, sentence


def _host_problems(target: Target) -> Iterator[Problem]:
    if not target.host:
        yield "host", _("Name the server; it is needed to connect.")
    elif problem := web_host_problem(target.host):
        yield "host", problem


def _bucket_problems(target: Target) -> Iterator[Problem]:
    yield from _needed(target, "bucket", _("Name the bucket or container that holds the files."))
    if "/" in target.bucket:
        yield "bucket", _("Only the name of the bucket; a folder in it has its own field.")
    if target.backend == "azure":
        yield from _needed(target, "user", _("Name the storage account."))
    if target.endpoint and (problem := _address_problem(target.endpoint)):
        yield "endpoint", problem
    if target.backend == "s3" and not (target.region or target.endpoint):
        yield "region", _("Name the region, like eu-west-1; Amazon's keys are bound to it.")


def _address_problem(url: str) -> str:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, a bracket left open
        fine = False
    if not fine or not parts.hostname:
        return _("Write it like https://storage.example.com.")
    if parts.username or parts.password or parts.query or parts.fragment:
        return _("Only the address: user, password, ? and # have no place in it.")
    return web_host_problem(parts.hostname)


def _folder_problems(root: str) -> Iterator[Problem]:
    if not root:
        return
    folder = Path(root)
    if not folder.is_absolute() or ".." in folder.parts or "\0" in root:
        yield "root", _("Write the whole path of the folder, like /srv/files.")
        return
    place = folder.resolve()
    data = Path(settings.DATA_DIR)
    ours = place == data or (data in place.parents and place.relative_to(data).parts[0] != "files")
    if ours or place in data.parents:
        yield "root", _("Carteria's own data lie there; use a folder beside it.")
    elif place == Path("/") or any(place == one or one in place.parents for one in SYSTEM):
        yield "root", _("This folder belongs to the system; use another, like /srv/files.")


def _root_problems(target: Target) -> Iterator[Problem]:
    """Of a folder in a bucket or on a server: like a path, without variables; SFTP's may be
    absolute."""
    root = target.root.removeprefix("/") if target.backend == "sftp" else target.root
    if "{" in root or "}" in root:
        yield "root", _("Variables belong into the paths below, not into the folder.")
    elif problem := problem_of(root):
        yield "root", problem


def target_doubts(target: Target) -> Iterator[str]:
    if target.endpoint.startswith("http://"):
        yield _("The address begins with http://: files travel readable for everybody on the way.")
    if target.backend == "sftp" and not target.host_key:
        yield _(
            "The server's key is not known yet: *Save and test connection* shows it and keeps it."
        )
