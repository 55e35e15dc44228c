"""A scripted CRM in place of the built-in one."""

import pytest

from apps.crm import links
from tests.crm.scripted import ScriptedCrm


@pytest.fixture
def crm(monkeypatch: pytest.MonkeyPatch) -> ScriptedCrm:
    scripted = ScriptedCrm()
    monkeypatch.setattr(links, "connector_of", lambda _kind: scripted)
    return scripted
