"""All addresses of the web process."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from apps.agents.stylesheet import state_colours
from apps.channels.admin_connect import callback
from config import health

admin.autodiscover()

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("admin/", admin.site.urls),
    path("settings/oauth/callback/", callback, name="oauth-callback"),
    path("api/v1/", include("config.api")),
    path("hooks/mail/", include("apps.channels.providers.urls")),
    path("accounts/", include("apps.console.people.urls")),
    path("board/", include("apps.reports.urls")),
    path("states/<str:named>.css", state_colours, name="state-colours"),
    path("desk/", include("apps.console.urls_desk")),
    path("", include("apps.attachments.urls")),
    path("", include("apps.console.urls")),
]

if settings.DEMO_SMTP:
    urlpatterns.insert(0, path("demo/", include("config.demo.urls")))

handler400 = "apps.console.too_much.bad_request"
