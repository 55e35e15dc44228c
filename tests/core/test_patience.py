"""Writing on while the database starts anew."""

from unittest.mock import Mock, patch

import pytest
from django.db import OperationalError

from apps.core.db import patience
from apps.core.db.patience import patiently


def test_it_is_asked_until_it_is_back() -> None:
    write = Mock(side_effect=[OperationalError, OperationalError, "written"])
    with patch.object(patience, "PAUSE", 0), patch.object(patience, "connection"):
        assert patiently(write, seconds=30) == "written"
    assert write.call_count == 3


def test_one_that_stays_away_is_an_error() -> None:
    write = Mock(side_effect=OperationalError)
    with pytest.raises(OperationalError):
        patiently(write, seconds=0)
    assert write.call_count == 1


def test_a_refusal_is_not_repeated() -> None:
    write = Mock(side_effect=ValueError)
    with pytest.raises(ValueError):
        patiently(write, seconds=30)
    assert write.call_count == 1
