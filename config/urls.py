"""All addresses of the web process."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

from config import health

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("admin/", admin.site.urls),
]
if find_spec("apps.tickets.outbound"):
    urlpatterns.append(path("api/v1/", include("config.api")))
if find_spec("apps.tickets.outbound"):
    urlpatterns.append(path("", include("apps.console.urls")))
