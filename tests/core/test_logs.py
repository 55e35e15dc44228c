"""Log lines: JSON, one line, ids only; errors without their messages."""

import asyncio
import io
import json
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import path

from apps.core import logs
from apps.core.errors import Invalid

ADDRESS = "carla@outside.test"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What the root logger writes, as data."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.JsonLines())
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.removeHandler(handler)


def failing(error: BaseException) -> None:
    try:
        raise error
    except type(error):
        logging.getLogger("apps.somewhere").exception("it failed")


def test_a_line_is_json_with_its_ids(lines: Lines) -> None:
    facts = {"account": 7, "code": "folder-missing", "pause": 30}
    logging.getLogger("apps.channels.fetch").warning("fetch failed", extra=facts)
    [line] = lines()
    told = {"level": "warning", "logger": "apps.channels.fetch", "event": "fetch failed"}
    assert (told | facts).items() <= line.items()


def test_a_value_with_spaces_or_an_address_is_hidden(lines: Lines) -> None:
    facts = {"who": ADDRESS, "subject": "Where is my parcel", "ids": [1, "a b"]}
    logging.getLogger("apps.x").warning("odd", extra=facts)
    [line] = lines()
    assert (line["who"], line["subject"], line["ids"]) == ("…", "…", [1, "…"])


def test_an_error_is_types_and_places_without_messages(lines: Lines) -> None:
    failing(ValueError(f"no such customer: {ADDRESS}"))
    [line] = lines()
    [error] = line["error"]
    assert error["type"] == "ValueError"
    assert error["frames"][-1].startswith("tests/core/test_logs.py:")
    assert error["frames"][-1].endswith(" failing")
    assert ADDRESS not in json.dumps(line)


def test_what_led_to_an_error_is_told_as_well(lines: Lines) -> None:
    error = OSError(28, f"disk full for {ADDRESS}")
    error.__cause__ = Invalid("wrong-key", f"cannot read {ADDRESS}")
    failing(error)
    first, second = lines()[0]["error"]
    assert (first["type"], first["errno"]) == ("OSError", 28)
    assert (second["type"], second["code"]) == ("Invalid", "wrong-key")
    assert ADDRESS not in str(lines())


@pytest.mark.django_db
def test_a_refused_statement_keeps_its_parameters(lines: Lines) -> None:
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT %s FROM nowhere", [ADDRESS])
        except DatabaseError:
            logging.getLogger("apps.x").exception("refused")
    assert lines()[0]["error"][0]["type"] in ("OperationalError", "ProgrammingError")
    assert "nowhere" not in json.dumps(lines())


def test_a_library_fills_in_numbers_and_hides_the_rest(lines: Lines) -> None:
    task = "0f1d3c9e-6f53-4e6b-9f6e-6a7f2a1d5b11"
    logging.getLogger("library").error("%s got %d of %s: %r", task, 3, ADDRESS, ValueError("x"))
    [line] = lines()
    assert line["event"] == f"{task} got 3 of …: 'ValueError'"


def test_a_library_that_writes_values_into_its_text(lines: Lines) -> None:
    logging.getLogger("library").error(f"Invalid HTTP_HOST header: '{ADDRESS}'.\nSubject: Parcel")
    assert lines()[0]["event"] == "Invalid HTTP_HOST header: …."


def test_a_failed_task_names_itself_and_not_its_arguments(lines: Lines) -> None:
    facts = {"name": "apps.tickets.tasks.deliver", "args": f"({ADDRESS!r},)", "exc": ADDRESS}
    logging.getLogger("celery.app.trace").error(
        "Task %(name)s raised unexpected: %(exc)s\n%(args)s", facts, extra={"data": facts}
    )
    [line] = lines()
    assert line["task"] == "apps.tickets.tasks.deliver"
    assert ADDRESS not in json.dumps(line)


def test_a_lost_task_of_the_event_loop_tells_no_message(lines: Lines) -> None:
    loop = asyncio.new_event_loop()
    loop.call_exception_handler({"message": "lost", "exception": ValueError(ADDRESS)})
    loop.close()
    assert lines()[0]["error"][0]["type"] == "ValueError"
    assert ADDRESS not in json.dumps(lines())


def test_a_dying_thread_writes_a_line(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", logs._thread_died)

    def die() -> None:
        raise ValueError(ADDRESS)

    thread = threading.Thread(target=die)
    thread.start()
    thread.join()
    [line] = lines()
    assert (line["event"], line["error"][0]["type"]) == ("a thread died", "ValueError")
    assert ADDRESS not in json.dumps(line)


def test_a_warning_of_python_names_its_kind(lines: Lines) -> None:
    text = warnings.formatwarning(f"naive date of {ADDRESS}", UserWarning, "/a/b.py", 3)
    logging.getLogger("py.warnings").warning(text)
    assert lines()[0]["event"] == "Python warns: UserWarning"


def test_a_text_made_of_values_names_the_function_instead(lines: Lines) -> None:
    logging.getLogger("library").error("%s: %s", "Not Found", f"/mails/{ADDRESS}/")
    assert lines()[0]["event"] == "test_a_text_made_of_values_names_the_function_instead"


# ---- requests ----------------------------------------------------------------------------------


def breaks(request: Any, address: str) -> None:
    raise ValueError(f"cannot store the mail of {address}, password {request.POST['password']}")


class Urls:
    urlpatterns = [path("mails/<str:address>/", breaks)]


@pytest.mark.django_db
def test_a_crash_in_a_view_names_the_route_and_not_the_path(lines: Lines, settings: Any) -> None:
    settings.ROOT_URLCONF = Urls
    client = Client(raise_request_exception=False)
    answer = client.post(f"/mails/{ADDRESS}/", {"password": "s3cret-pw"})
    [line] = [one for one in lines() if one["level"] == "error"]
    assert answer.status_code == 500
    assert line["route"] == "mails/<str:address>/"
    assert line["error"][0]["frames"][-1].endswith(" breaks")
    assert answer["X-Request-ID"] == line["trace"]
    for text in (json.dumps(line), answer.content.decode()):
        assert ADDRESS not in text
        assert "s3cret-pw" not in text


@pytest.mark.django_db
def test_the_page_for_developers_shows_places_and_no_data(settings: Any) -> None:
    settings.ROOT_URLCONF, settings.DEBUG = Urls, True
    client = Client(raise_request_exception=False, headers={"Authorization": "Bearer tok-en"})
    client.cookies["sessionid"] = "cookie-value"
    answer = client.post(f"/mails/{ADDRESS}/", {"password": "post-pw", "note": "typed text"})
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "in breaks" in page
    hidden = ["tok-en", "cookie-value", "typed text", settings.SECRET_KEY]
    assert [word for word in [*hidden, *settings.CARTERIA_KEYS] if word in page] == []


def test_one_id_goes_from_a_request_to_its_tasks() -> None:
    from config.celery import _hand_on_trace

    begun = logs.trace.set("0123456789abcdef")
    headers: dict[str, Any] = {}
    _hand_on_trace(headers=headers)
    logs.trace.reset(begun)
    assert headers == {"trace": "0123456789abcdef"}


def test_a_foreign_host_is_one_warning_without_a_trace(lines: Lines, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["console.test"]
    answer = Client(headers={"Host": "scan.thief.test"}).get("/healthz/x")
    assert answer.status_code == 400
    [line] = lines()
    assert (line["level"], line["logger"]) == ("warning", "django.security.DisallowedHost")
    assert "error" not in line
    assert "thief" not in json.dumps(line)
