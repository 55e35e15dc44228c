"""The folder of sent mail on an IMAP server: which one it is, what lies there, and one more."""

from datetime import datetime

from apps.channels.transports import imap_text
from apps.channels.transports.imap import ImapInbox
from apps.core.sentences import gettext_noop

SEEN = r"(\Seen)"


class SentMail(ImapInbox):
    """One signed-in connection; `open_folder` comes first."""

    def open_folder(self, name: str = "") -> str:
        """NAME, or the one that the server marks or calls so; answers its name. Raises
        TransportError `folder-missing`."""
        chosen = name or next(iter(self.sent_folders()), "")
        if not chosen:
            raise self._error(
                "folder-missing",
                gettext_noop(
                    "%(host)s:%(port)s marks no folder as the one of sent mail; name it in the"
                    " account."
                ),
            )
        self.select(chosen, writable=False)
        return chosen

    def sent_folders(self) -> list[str]:
        """RFC 6154; a server may tell the use of a folder only to who asks (RFC 5258)."""
        asks = {"SPECIAL-USE", "LIST-EXTENDED"} <= set(self._client.capabilities)
        pattern = '"*" RETURN (SPECIAL-USE)' if asks else '"*"'
        return imap_text.sent_listed(self._ask(lambda: self._client.list('""', pattern)))

    def has(self, message_id: str) -> bool:
        """Whether the open folder holds a mail with this Message-ID (without angle brackets)."""
        wanted = imap_text.quoted(message_id).decode()
        return bool(self._search(f"HEADER Message-ID {wanted}"))

    def add(self, folder: str, raw: bytes, at: datetime) -> None:
        """APPEND (RFC 3501, 6.3.11), read already."""
        name = imap_text.quoted_folder(folder)
        self._ask(lambda: self._client.append(name, SEEN, at, raw))
