"""REST: queues/, those that the caller works in or supervises."""

from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.routers import SimpleRouter

from apps.core.api.ids import ID, key_of
from apps.core.api.permissions import caller
from apps.core.api.views import ApiViewSet
from apps.queues.models import Queue


def named(word: str) -> Q:
    """Queues that a caller means by WORD: an id, or a name."""
    key = key_of(word)
    return Q(name=word) | Q(pk=key) if key is not None else Q(name=word)


class QueueSerializer(serializers.Serializer[Queue]):
    id = serializers.CharField(source="pk", read_only=True)
    name = serializers.CharField(read_only=True)
    path = serializers.CharField(read_only=True)
    routing = serializers.ChoiceField(Queue.Routing.choices, read_only=True)
    capacity = serializers.IntegerField(read_only=True)
    enabled = serializers.BooleanField(read_only=True)
    mailboxes = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.EmailField()))
    def get_mailboxes(self, queue: Queue) -> list[str]:
        return sorted(route.mailbox.address for route in queue.routes.all())


class QueueViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    serializer_class: Any = QueueSerializer
    lookup_url_kwarg = "id"
    lookup_value_regex = ID
    page_order = "pk"
    queryset = Queue.objects.all()

    def get_queryset(self) -> QuerySet[Queue]:
        mine = Queue.objects.visible_to(caller(self.request))
        return mine.prefetch_related("routes__mailbox")


router = SimpleRouter()
router.register("queues", QueueViewSet, basename="queue")
urlpatterns = router.urls
