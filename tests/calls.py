"""The API as a caller uses it: `Caller(user).post("sessions/ID/take/", key="k1")`."""

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.core.models import User
from tests.people import token_of

API = "/api/v1/"


class Caller:
    """Somebody with a token; paths are relative to the API, or whole URLs."""

    def __init__(self, user: User | None, *scopes: str) -> None:
        self.headers = token_of(user, *scopes) if user else {}
        self.client = Client(raise_request_exception=False)

    def get(self, path: str, **query: str) -> Any:
        return self.client.get(_url(path), query, headers=self.headers)

    def post(self, path: str, body: Any = None, *, key: str = "", **files: Any) -> Any:
        """JSON, or a form as soon as there are files."""
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        if files:
            return self.client.post(_url(path), (body or {}) | files, headers=headers)
        content = {} if body is None else body
        return self.client.post(
            _url(path), json.dumps(content), content_type="application/json", headers=headers
        )

    def send(self, path: str, raw: bytes, *, content_type: str, **headers: str) -> Any:
        return self.client.post(
            _url(path), raw, content_type=content_type, headers=self.headers | headers
        )


def _url(path: str) -> str:
    return path if path.startswith(("http", "/")) else API + path


def a_file(name: str = "photo.png", content: bytes = b"\x89PNG not really") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/png")


def problem(response: Any) -> tuple[int, str]:
    """Status and code, after checking that it is problem+json and says something."""
    body = response.json()
    assert response["Content-Type"] == "application/problem+json", response["Content-Type"]
    assert body["status"] == response.status_code
    assert body["detail"] and body["title"]
    return body["status"], body["code"]
