"""REST: agents/, the directory that assigning and transferring needs."""

from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import mixins, serializers
from rest_framework.routers import SimpleRouter

from apps.agents.models import Agent
from apps.core.api.ids import ID, key_of
from apps.core.api.permissions import caller
from apps.core.api.views import ApiViewSet


def named(word: str) -> Q:
    """Agents that a caller means by WORD: an id, or a user name."""
    key = key_of(word)
    return Q(user__username=word) | Q(pk=key) if key is not None else Q(user__username=word)


class AgentSerializer(serializers.Serializer[Agent]):
    id = serializers.CharField(source="pk", read_only=True)
    name = serializers.CharField(read_only=True)
    user = serializers.CharField(source="user.username", read_only=True)


class AgentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """The names of those that the caller may know; who left is in no list."""

    serializer_class: Any = AgentSerializer
    lookup_url_kwarg = "id"
    lookup_value_regex = ID
    page_order = "pk"
    queryset = Agent.objects.all()

    def get_queryset(self) -> QuerySet[Agent]:
        known = Agent.objects.working().visible_to(caller(self.request))
        return known.select_related("user")


router = SimpleRouter()
router.register("agents", AgentViewSet, basename="agent")
urlpatterns = router.urls
