"""REST: alarms/, for whoever watches the house from outside."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.routers import SimpleRouter

from apps.core.api.permissions import caller
from apps.core.api.views import ApiViewSet
from apps.core.models import Alarm, Role


class AlarmSerializer(serializers.Serializer[Alarm]):
    """`state`: seen (not yet for long enough), open or ended. `code` names a trouble for good."""

    id = serializers.CharField(source="pk", read_only=True)
    code = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    sentence = serializers.CharField(read_only=True)
    state = serializers.ChoiceField(Alarm.State.choices, read_only=True)
    since = serializers.DateTimeField(read_only=True)
    opened_at = serializers.DateTimeField(read_only=True, allow_null=True)
    told_at = serializers.DateTimeField(read_only=True, allow_null=True)
    ended_at = serializers.DateTimeField(read_only=True, allow_null=True)


class AlarmFilter(serializers.Serializer[Any]):
    state = serializers.ChoiceField(Alarm.State.choices, required=False)


@extend_schema_view(list=extend_schema(parameters=[AlarmFilter]))
class AlarmViewSet(mixins.ListModelMixin, ApiViewSet):
    """The newest first."""

    serializer_class: Any = AlarmSerializer
    roles = (Role.ADMINISTRATOR, Role.AUDITOR, Role.INTEGRATION)
    queryset = Alarm.objects.all()

    def get_queryset(self) -> QuerySet[Alarm]:
        wanted = AlarmFilter(data=self.request.query_params)
        wanted.is_valid(raise_exception=True)
        return Alarm.objects.visible_to(caller(self.request)).filter(**wanted.validated_data)


router = SimpleRouter()
router.register("alarms", AlarmViewSet, basename="alarm")
urlpatterns = router.urls
