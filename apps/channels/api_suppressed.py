"""REST: suppressed-addresses/: who is on the list and why, onto it by hand, and off it again."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from apps.channels import suppression
from apps.channels.models import MAY_SEE_ACCOUNTS, SuppressedAddress
from apps.core.api.ids import ID
from apps.core.api.permissions import caller, require_role
from apps.core.api.views import ApiViewSet
from apps.core.models import Role

MAY_CHANGE = (Role.ADMINISTRATOR, Role.INTEGRATION)


class SuppressedSerializer(serializers.Serializer[SuppressedAddress]):
    id = serializers.CharField(source="pk", read_only=True)
    address = serializers.CharField(max_length=320)
    reason = serializers.ChoiceField(SuppressedAddress.Reason.choices, read_only=True)
    evidence = serializers.CharField(
        required=False, allow_blank=True, max_length=500, help_text="What was said, or why."
    )
    account = serializers.CharField(
        source="account.name", default=None, read_only=True, help_text="null: for every account."
    )
    session = serializers.CharField(source="conversation", read_only=True, help_text="Or empty.")
    since = serializers.DateTimeField(read_only=True)


class SuppressedFilter(serializers.Serializer[Any]):
    address = serializers.CharField(required=False, help_text="A whole address.")
    reason = serializers.ChoiceField(SuppressedAddress.Reason.choices, required=False)


@extend_schema_view(list=extend_schema(parameters=[SuppressedFilter]))
class SuppressedViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Those that are in force, the newest first."""

    serializer_class: Any = SuppressedSerializer
    roles = MAY_SEE_ACCOUNTS
    lookup_url_kwarg = "id"
    lookup_value_regex = ID
    queryset = SuppressedAddress.objects.all()

    def get_queryset(self) -> QuerySet[SuppressedAddress]:
        wanted = SuppressedFilter(data=self.request.query_params)
        wanted.is_valid(raise_exception=True)
        asked = dict(wanted.validated_data)
        if "address" in asked:
            asked["address"] = asked["address"].lower()
        rows = SuppressedAddress.objects.visible_to(caller(self.request)).in_force()
        return rows.filter(**asked).select_related("account")

    @extend_schema(request=SuppressedSerializer, responses={201: SuppressedSerializer})
    def create(self, request: Request) -> Response:
        """For every account, by hand. 409 `known`: it is there already."""
        require_role(caller(request), *MAY_CHANGE)
        body = SuppressedSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        why = given.get("evidence", "")
        row = suppression.by_hand(given["address"], by=caller(request), why=why)
        return Response(SuppressedSerializer(row).data, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: str) -> Response:
        """Off the list; who did it is remembered."""
        require_role(caller(request), *MAY_CHANGE)
        suppression.remove([self.get_object()], by=caller(request))
        return Response(status=204)


router = SimpleRouter()
router.register("suppressed-addresses", SuppressedViewSet, basename="suppressed")
urlpatterns = router.urls
