"""A scripted CRM in place of the built-in one."""

import pytest

from apps.crm import registry
from tests.crm.scripted import ScriptedCrm


@pytest.fixture
def crm(monkeypatch: pytest.MonkeyPatch) -> ScriptedCrm:
    scripted = ScriptedCrm()
    monkeypatch.setattr(registry, "connector_of", lambda _connection: scripted)
    return scripted
