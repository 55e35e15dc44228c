"""REST: accounts/ (their state, never their secrets), the ledger, and mail by POST."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from apps.channels.forecast import certificates_of, quota_of
from apps.channels.models import (
    MAY_SEE_ACCOUNTS,
    MAY_SEE_LEDGER,
    EmailAccount,
    InboundEmail,
    Mailbox,
    OAuthGrant,
    Provider,
    Tls,
)
from apps.channels.receive import MAX_MAIL_BYTES, receive_one
from apps.channels.tagged import plain
from apps.core.api.ids import ID
from apps.core.api.parsers import MailParser
from apps.core.api.permissions import caller
from apps.core.api.views import ApiViewSet
from apps.core.errors import Invalid, TooLarge
from apps.core.models import Role


class ReceiveSerializer(serializers.Serializer[EmailAccount]):
    kind = serializers.ChoiceField(EmailAccount.Receive.choices, source="receive_kind")
    host = serializers.CharField(source="receive_host")
    port = serializers.IntegerField(source="receive_port")
    tls = serializers.ChoiceField(Tls.choices, source="receive_tls")
    folders = serializers.ListField(child=serializers.CharField(), source="watched_folders")
    watch_junk = serializers.BooleanField(help_text="Its folder is among the folders once known.")
    idle = serializers.BooleanField()
    every_seconds = serializers.IntegerField()


class SendSerializer(serializers.Serializer[EmailAccount]):
    kind = serializers.ChoiceField(EmailAccount.Send.choices, source="send_kind")
    host = serializers.CharField(source="send_host")
    port = serializers.IntegerField(source="send_port")
    tls = serializers.ChoiceField(Tls.choices, source="send_tls")
    per_minute = serializers.IntegerField(source="sends_per_minute", help_text="0: no limit.")
    after_silence = serializers.ChoiceField(EmailAccount.AfterSilence.choices)
    copy_to_sent = serializers.BooleanField()
    sent_folder = serializers.CharField()


class QuotaSerializer(serializers.Serializer[EmailAccount]):
    """In kB, as RFC 9208 counts."""

    used = serializers.IntegerField(source="quota_used")
    limit = serializers.IntegerField(source="quota_limit")


class CanarySerializer(serializers.Serializer[EmailAccount]):
    asked_at = serializers.DateTimeField(source="canary_asked_at", allow_null=True)
    proved_at = serializers.DateTimeField(source="canary_proved_at", allow_null=True)


class OAuthSerializer(serializers.Serializer[OAuthGrant]):
    """How the sign-in stands; no tokens, and no user names."""

    profile = serializers.CharField(source="profile.name", allow_null=True)
    state = serializers.ChoiceField(OAuthGrant.Status.choices, source="status")
    code = serializers.CharField()
    sentence = serializers.CharField()
    failing_since = serializers.DateTimeField(allow_null=True)
    connected_at = serializers.DateTimeField(allow_null=True)
    refreshed_at = serializers.DateTimeField(allow_null=True)
    secret_until = serializers.DateField(source="profile.secret_until", allow_null=True)


class AccountSerializer(serializers.Serializer[EmailAccount]):
    """No user names and no passwords of mail servers."""

    id = serializers.CharField(source="pk", read_only=True)
    name = serializers.CharField(read_only=True)
    enabled = serializers.BooleanField(read_only=True)
    state = serializers.ChoiceField(EmailAccount.Status.choices, source="status", read_only=True)
    code = serializers.CharField(source="status_code", read_only=True)
    sentence = serializers.CharField(source="status_sentence", read_only=True)
    failures = serializers.IntegerField(read_only=True)
    last_fetched_at = serializers.DateTimeField(read_only=True, allow_null=True)
    next_fetch_at = serializers.DateTimeField(read_only=True)
    provider = serializers.ChoiceField(
        Provider.choices, read_only=True, allow_blank=True, help_text="Empty: none is used."
    )
    receive = ReceiveSerializer(source="*", read_only=True)
    send = SendSerializer(source="*", read_only=True)
    mailboxes = serializers.SerializerMethodField()
    lag_seconds = serializers.SerializerMethodField(help_text="Since it was fetched last.")
    last_uids = serializers.SerializerMethodField(help_text="By folder, as far as it is read.")
    certificate_until = serializers.SerializerMethodField(help_text="Whichever ends first.")
    quota = serializers.SerializerMethodField(help_text="null: the server does not say.")
    canary = serializers.SerializerMethodField(help_text="null: it is off.")
    oauth = serializers.SerializerMethodField(help_text="null: it signs in by password.")

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_lag_seconds(self, account: EmailAccount) -> int | None:
        fetched = account.last_fetched_at
        return max(0, round((timezone.now() - fetched).total_seconds())) if fetched else None

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_last_uids(self, account: EmailAccount) -> dict[str, int]:
        read = (cursor for cursor in account.cursors.all() if cursor.uidvalidity)  # by IMAP
        return {cursor.folder: cursor.last_uid for cursor in read}

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_certificate_until(self, account: EmailAccount) -> datetime | None:
        return next((one.until for one in certificates_of(account, timezone.now())), None)

    @extend_schema_field(QuotaSerializer(allow_null=True))
    def get_quota(self, account: EmailAccount) -> dict[str, Any] | None:
        return QuotaSerializer(account).data if quota_of(account, timezone.now()) else None

    @extend_schema_field(CanarySerializer(allow_null=True))
    def get_canary(self, account: EmailAccount) -> dict[str, Any] | None:
        return CanarySerializer(account).data if account.canary else None

    @extend_schema_field(OAuthSerializer(allow_null=True))
    def get_oauth(self, account: EmailAccount) -> dict[str, Any] | None:
        if account.sign_in != EmailAccount.SignIn.OAUTH:
            return None
        grant: OAuthGrant | None = getattr(account, "oauth_grant", None)
        if grant is None or grant.profile_id != account.oauth_profile_id:
            grant = OAuthGrant()  # nobody connected it
        grant.profile = account.oauth_profile  # type: ignore[assignment]  # it may lack one
        return OAuthSerializer(grant).data

    @extend_schema_field(serializers.ListField(child=serializers.EmailField()))
    def get_mailboxes(self, account: EmailAccount) -> list[str]:
        return [mailbox.address for mailbox in account.mailboxes.all()]


class LedgerSerializer(serializers.Serializer[InboundEmail]):
    """One mail that a server or a caller gave us, with what became of it."""

    id = serializers.CharField(source="pk", read_only=True)
    source = serializers.ChoiceField(  # type: ignore[assignment]  # a field, whatever DRF calls so
        InboundEmail.Source.choices, read_only=True
    )
    account = serializers.CharField(source="account.name", default=None, read_only=True)
    mailbox = serializers.CharField(source="mailbox.address", default=None, read_only=True)
    folder = serializers.CharField(read_only=True)
    uidvalidity = serializers.IntegerField(read_only=True, allow_null=True)
    uid = serializers.IntegerField(read_only=True, allow_null=True)
    uidl = serializers.CharField(read_only=True, help_text="Its name by POP3, in place of a UID.")
    from_junk = serializers.BooleanField(read_only=True)
    size = serializers.IntegerField(read_only=True)
    sha256 = serializers.CharField(read_only=True)
    received_at = serializers.DateTimeField(read_only=True)
    outcome = serializers.ChoiceField(InboundEmail.Status.choices, source="status", read_only=True)
    code = serializers.CharField(read_only=True)
    reason = serializers.CharField(read_only=True)
    sender = serializers.CharField(read_only=True)
    subject = serializers.CharField(read_only=True)
    duplicate_of = serializers.CharField(source="duplicate_of_id", read_only=True, allow_null=True)
    settled_at = serializers.DateTimeField(read_only=True, allow_null=True)
    server_date = serializers.DateTimeField(read_only=True, allow_null=True)
    gone_at = serializers.DateTimeField(read_only=True, allow_null=True)
    rebuilt = serializers.BooleanField(
        read_only=True, help_text="From what a mail provider told of it: not the original bytes."
    )


class LedgerFilter(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(InboundEmail.Status.choices, required=False)
    mailbox = serializers.CharField(required=False, help_text="An address.")
    account = serializers.CharField(required=False, help_text="A name.")


class ReceivedSerializer(serializers.Serializer[InboundEmail]):
    inbound = serializers.CharField(source="pk")
    outcome = serializers.ChoiceField(InboundEmail.Status.choices, source="status")


class AccountViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    serializer_class: Any = AccountSerializer
    roles = MAY_SEE_ACCOUNTS
    lookup_url_kwarg = "id"
    lookup_value_regex = ID
    page_order = "pk"
    queryset = EmailAccount.objects.all()

    def get_queryset(self) -> QuerySet[EmailAccount]:
        mine = EmailAccount.objects.visible_to(caller(self.request))
        mine = mine.select_related("oauth_profile", "oauth_grant")
        return mine.prefetch_related("mailboxes", "cursors")


@extend_schema_view(list=extend_schema(parameters=[LedgerFilter]))
class LedgerViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    serializer_class: Any = LedgerSerializer
    roles = MAY_SEE_LEDGER
    lookup_url_kwarg = "id"
    lookup_value_regex = ID
    queryset = InboundEmail.objects.select_related("account", "mailbox")

    def get_queryset(self) -> QuerySet[InboundEmail]:
        wanted = LedgerFilter(data=self.request.query_params)
        wanted.is_valid(raise_exception=True)
        names = {"outcome": "status", "mailbox": "mailbox__address", "account": "account__name"}
        rows = InboundEmail.objects.visible_to(caller(self.request))
        rows = rows.select_related("account", "mailbox")
        return rows.filter(**{names[word]: one for word, one in wanted.validated_data.items()})


class InboundViewSet(ApiViewSet):
    """A mail as it came, given by a program instead of fetched."""

    roles = (Role.ADMINISTRATOR, Role.INTEGRATION)
    post_scope = "inbound"
    parser_classes = [MailParser]
    max_body = MAX_MAIL_BYTES
    queryset = InboundEmail.objects.none()
    serializer_class: Any = ReceivedSerializer

    @extend_schema(
        request={"message/rfc822": OpenApiTypes.BINARY},
        responses={202: ReceivedSerializer, 200: ReceivedSerializer},
    )
    def create(self, request: Request, address: str) -> Response:
        """202: committed. 200: these bytes are here already. 503: keep it and try again."""
        mailbox = _mailbox_of(address)
        inbound, new = receive_one(_body_of(request), mailbox=mailbox, source="api")
        return Response(ReceivedSerializer(inbound).data, status=202 if new else 200)


def _body_of(request: Request) -> bytes:
    raw: object = request.data
    if not isinstance(raw, bytes) or not raw.strip():
        raise Invalid("invalid", _("The body is empty; send the mail as message/rfc822."))
    if len(raw) > MAX_MAIL_BYTES:
        most = MAX_MAIL_BYTES // 2**20
        raise TooLarge("too-large", _("The body is larger than %(most)s MB.") % {"most": most})
    return raw


def _mailbox_of(address: str) -> Mailbox:
    """By its address or one of its further ones, in any case of letters, with a tag or without."""
    wanted = plain(address.strip())
    for mailbox in Mailbox.objects.all():
        if wanted in mailbox.addresses:
            return mailbox
    raise NotFound


router = SimpleRouter()
router.register("accounts", AccountViewSet, basename="account")
router.register("ledger", LedgerViewSet, basename="ledger")
urlpatterns = [
    *router.urls,
    path("inbound/<str:address>/", InboundViewSet.as_view({"post": "create"}), name="inbound"),
]
