"""REST: agents/, the directory that assigning, transferring and routers of calls need."""

from typing import Any, cast

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.routers import SimpleRouter

from apps.agents import lent
from apps.agents.choices import in_states_that_accept
from apps.agents.models import Agent, AgentState
from apps.agents.telling import ToldState, state_of, states_of
from apps.agents.vocabulary import EMAIL, KINDS
from apps.core.api.ids import ID, key_of
from apps.core.api.permissions import caller
from apps.core.api.views import ApiViewSet


def named(word: str) -> Q:
    """Agents that a caller means by WORD: an id, or a user name."""
    key = key_of(word)
    return Q(user__username=word) | Q(pk=key) if key is not None else Q(user__username=word)


def accepting(kind: str) -> Q:
    """Agents who take KIND by their state, or mail because a queue of theirs lists the state."""
    states = AgentState.objects.filter(in_states_that_accept(kind))
    found = Q(pk__in=states.values("agent"))
    return found | lent.takes_mail_by_queue() if kind == EMAIL else found


class AgentsSerializer(serializers.ListSerializer[Agent]):
    """Asks for the states of a whole page at once."""

    def to_representation(self, data: Any) -> list[Any]:
        agents = list(data)
        cast(AgentSerializer, self.child).told = states_of(agents)
        return super().to_representation(agents)


class AgentSerializer(serializers.Serializer[Agent]):
    """STATE is the effective one; PRESENT: the agent's browser or program is there."""

    id = serializers.CharField(source="pk", read_only=True)
    name = serializers.CharField(read_only=True)
    user = serializers.CharField(source="user.username", read_only=True)
    state = serializers.SerializerMethodField()
    accepts = serializers.SerializerMethodField()
    present = serializers.SerializerMethodField()

    told: dict[int, ToldState] | None = None

    class Meta:
        list_serializer_class = AgentsSerializer

    def get_state(self, agent: Agent) -> str:
        return self._told(agent).effective

    def get_accepts(self, agent: Agent) -> list[str]:
        return self._told(agent).accepts

    def get_present(self, agent: Agent) -> bool:
        return self._told(agent).present

    def _told(self, agent: Agent) -> ToldState:
        if self.told is None:
            self.told = {agent.pk: state_of(agent)}
        return self.told[agent.pk]


class AgentFilter(serializers.Serializer[Any]):
    accepts = serializers.ChoiceField(
        KINDS,
        required=False,
        error_messages={"invalid_choice": _("Choose one of: email, call, chat.")},
        help_text="Whose state takes this now.",
    )


@extend_schema_view(list=extend_schema(parameters=[AgentFilter]))
class AgentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Those whom the caller may know, and what they take now; who left is in no list."""

    serializer_class: Any = AgentSerializer
    lookup_url_kwarg = "id"
    lookup_value_regex = ID
    page_order = "pk"
    queryset = Agent.objects.all()

    def get_queryset(self) -> QuerySet[Agent]:
        known = Agent.objects.working().visible_to(caller(self.request))
        if self.action == "list":
            known = known.filter(self._asked())
        return known.select_related("user")

    def _asked(self) -> Q:
        wanted = AgentFilter(data=self.request.query_params)
        wanted.is_valid(raise_exception=True)
        kind = wanted.validated_data.get("accepts")
        return accepting(kind) if kind else Q()


router = SimpleRouter()
router.register("agents", AgentViewSet, basename="agent")
urlpatterns = router.urls
