"""/api/v1/: the addresses of every floor, the schema, and a clear answer everywhere else."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path, re_path
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView

from apps.agents.api import urlpatterns as agents
from apps.agents.api_shifts import urlpatterns as agent_shifts
from apps.agents.api_states import urlpatterns as agent_states
from apps.channels.api import urlpatterns as channels
from apps.channels.api_suppressed import urlpatterns as suppressed
from apps.core.api.alarms import urlpatterns as alarms
from apps.core.api.idempotency import PROBLEM_TYPE
from apps.queues.api import urlpatterns as queues
from apps.tickets.api import urlpatterns as tickets

app_name = "api"


class SchemaView(SpectacularAPIView):
    """OpenAPI 3.1, for everybody: it is in the source as well."""

    authentication_classes: Any = []
    permission_classes: Any = []


@csrf_exempt
def nothing_here(request: HttpRequest) -> HttpResponse:
    body = {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "code": "not-found",
        "detail": _("There is nothing at this address; every path ends in a slash."),
    }
    return JsonResponse(body, status=404, content_type=PROBLEM_TYPE)


urlpatterns = [
    *agents,
    *agent_shifts,
    *agent_states,
    *alarms,
    *channels,
    *queues,
    *suppressed,
    *tickets,
    path("schema/", SchemaView.as_view(), name="schema"),
    re_path(r"", nothing_here),
]
