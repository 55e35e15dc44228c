"""The rows of this floor, one file a story; others import them from here."""

from apps.channels.models.accounts import MAY_SEE_ACCOUNTS, EmailAccount, Tls
from apps.channels.models.channel import ChannelSettings
from apps.channels.models.cursors import FolderCursor
from apps.channels.models.domains import SendingDomain
from apps.channels.models.ledger import (
    MAY_SEE_LEDGER,
    InboundEmail,
    LedgerCheck,
    MailImport,
    QuarantinedEmail,
)
from apps.channels.models.mailboxes import Mailbox
from apps.channels.models.moves import MailboxMove
from apps.channels.models.oauth import OAuthGrant, OAuthProfile
from apps.channels.models.pace import SendPace
from apps.channels.models.providers import Provider, ProviderEvent
from apps.channels.models.quarantine import QuarantineAction
from apps.channels.models.suppressed import SuppressedAddress

__all__ = [
    "MAY_SEE_ACCOUNTS",
    "MAY_SEE_LEDGER",
    "ChannelSettings",
    "EmailAccount",
    "FolderCursor",
    "InboundEmail",
    "LedgerCheck",
    "MailImport",
    "Mailbox",
    "MailboxMove",
    "OAuthGrant",
    "OAuthProfile",
    "Provider",
    "ProviderEvent",
    "QuarantineAction",
    "QuarantinedEmail",
    "SendPace",
    "SendingDomain",
    "SuppressedAddress",
    "Tls",
]
