"""The web process: pages and API by Django, the one socket by Channels."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.db import connections
from django.urls import path

django_application = get_asgi_application()
# Each request has a thread of its own here: a connection that is kept would be nobody's.
connections.settings["default"]["CONN_MAX_AGE"] = 0

from apps.core.live_socket import LiveConsumer  # noqa: E402

# Django's stubs know no ASGI application behind a path.
sockets: list[Any] = [path("ws/", LiveConsumer.as_asgi())]  # type: ignore[arg-type]

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(sockets))),
    }
)
