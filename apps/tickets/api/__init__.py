"""REST of conversations: sessions, messages, attachments, tickets, quarantine, pipeline,
regroupings."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.tickets.api.builtin import TicketViewSet
from apps.tickets.api.messages import AttachmentViewSet, MessageViewSet
from apps.tickets.api.pipeline import PipelineViewSet
from apps.tickets.api.quarantine import QuarantineViewSet
from apps.tickets.api.regroupings import RegroupingViewSet
from apps.tickets.api.sessions import SessionViewSet

router = SimpleRouter()
router.register("sessions", SessionViewSet, basename="session")
router.register("messages", MessageViewSet, basename="message")
router.register("attachments", AttachmentViewSet, basename="attachment")
router.register("tickets", TicketViewSet, basename="ticket")
router.register("regroupings", RegroupingViewSet, basename="regrouping")
router.register("quarantine", QuarantineViewSet, basename="quarantine")

urlpatterns = [
    *router.urls,
    path("pipeline/", PipelineViewSet.as_view({"get": "show"}), name="pipeline"),
]
