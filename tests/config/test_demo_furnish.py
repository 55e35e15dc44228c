"""What the demo puts into the database, and where it refuses to."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.channels.models import EmailAccount
from apps.console.models import CannedReply, Signature
from apps.core.models import User
from apps.queues.models import Queue
from config.demo import furnish, office
from config.launch import demo as launch
from config.launch import scanner

pytestmark = pytest.mark.django_db


def configured(folder: Path) -> None:
    settings = office.settings(
        url="http://127.0.0.1:8000",
        imap=21143,
        smtp=21025,
        password="mail-password",
        passwords=dict.fromkeys(office.PEOPLE, "a-pass-word"),
    )
    file = folder / "settings.yaml"
    file.write_text(json.dumps(settings))
    call_command("configure", str(file))


def test_people_and_queues_come_from_the_settings_file(tmp_path: Path) -> None:
    configured(tmp_path)
    assert dict(Queue.objects.values_list("name", "routing")) == {
        "Support": "automatic",
        "Soporte": "automatic",
        "Billing": "manual",
    }
    assert User.objects.filter(language="es").count() == 2
    tokens = furnish.furnish(["emma", "lucia"])
    assert sorted(tokens) == ["emma", "lucia"]


def test_words_are_put_once_and_stay_as_people_leave_them(tmp_path: Path) -> None:
    configured(tmp_path)
    furnish.furnish([])
    assert (CannedReply.objects.count(), Signature.objects.count()) == (6, 3)
    CannedReply.objects.exclude(name="Delivery date").delete()
    furnish.furnish([])
    assert CannedReply.objects.count() == 1


def test_a_real_installation_is_no_place_for_a_demo(tmp_path: Path) -> None:
    configured(tmp_path)
    furnish.only_here_or_refuse()
    EmailAccount.objects.create(name="ours")
    with pytest.raises(CommandError, match="Name another folder"):
        furnish.only_here_or_refuse()


# ---- the launcher's side ------------------------------------------------------------------


def test_settings_are_applied_again_only_when_they_changed(tmp_path: Path) -> None:
    demo = launch.Demo(tmp_path, "http://127.0.0.1:8000")
    assert demo.write_settings()
    demo.note_prepared({"tokens": {"emma": "key"}, "password": None})
    assert not demo.write_settings()
    demo.imap.close()
    demo.smtp.close()
    again = launch.Demo(tmp_path, "http://127.0.0.1:9000")
    assert again.write_settings()
    assert again.ready["people"] == demo.ready["people"]
    assert "emma" not in again.without_token


def test_a_taken_port_is_replaced_and_told(tmp_path: Path) -> None:
    demo = launch.Demo(tmp_path, "http://127.0.0.1:8000")
    other = launch.Demo(tmp_path, "http://127.0.0.1:8000")  # the first still listens
    assert other.kept["imap"] != demo.imap.getsockname()[1]


@pytest.mark.parametrize("real", [True, False])
def test_real_signatures_are_never_replaced_by_the_test_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, real: bool
) -> None:
    monkeypatch.delenv("CLAMD_ADDRESS", raising=False)
    monkeypatch.setenv("CARTERIA_TEST_SIGNATURES", "")
    monkeypatch.setattr(scanner, "running_system_clamd", lambda: None)
    monkeypatch.setattr(scanner, "SYSTEM_SIGNATURES", tmp_path)
    if real:
        (tmp_path / "main.cvd").touch()
    launch.allow_test_signatures(tmp_path)
    assert scanner.test_signatures() is not real
