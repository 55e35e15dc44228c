"""schema/: OpenAPI 3.1 of everything that is there."""

from io import StringIO

import pytest
import yaml
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver

from tests.calls import Caller


def test_the_schema_is_made_without_a_warning() -> None:
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert yaml.safe_load(out.getvalue())["openapi"].startswith("3.1")


@pytest.mark.django_db
def test_the_schema_is_served_to_everybody() -> None:
    schema = yaml.safe_load(Caller(None).get("schema/").content)
    reply = schema["paths"]["/api/v1/sessions/{id}/reply/"]["post"]
    assert set(reply["requestBody"]["content"]) == {"application/json", "multipart/form-data"}
    assert "202" in reply["responses"]
    assert "application/problem+json" in reply["responses"]["default"]["content"]
    message = schema["components"]["schemas"]["Message"]["properties"]
    assert {"id", "session", "from", "html_url", "raw_url", "attachments"} <= set(message)


def test_every_path_ends_in_a_slash() -> None:
    resolver = next(
        one for one in get_resolver().url_patterns
        if isinstance(one, URLResolver) and one.namespace == "api"
    )  # fmt: skip
    named = [one for one in resolver.url_patterns if isinstance(one, URLPattern) and one.name]
    assert named
    assert all(str(one.pattern).rstrip("$\\Z").endswith("/") for one in named)
