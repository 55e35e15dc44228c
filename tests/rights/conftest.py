"""Everybody and everything, built once and copied for each row of the tables."""

import pytest

from apps.console.conversation import remote_images
from tests.kept_rows import KeptRows
from tests.rights.world import A_PICTURE, World, build_world

_kept: list[KeptRows[World]] = []  # 0.2 s to build, and every row of the tables begins with it


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(remote_images, "fetch", lambda _address, **_more: A_PICTURE)
    if not _kept:
        _kept.append(KeptRows(build_world))
    world = _kept[0].copy()
    assert world is not None
    return world
