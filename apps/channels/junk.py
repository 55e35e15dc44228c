r"""The folder of junk mail, where an account watches it too: named by hand, or the server's \Junk.

An administrator's care is built in: only mail that arrives from then on counts (the junk of years
is nobody's work), nothing is moved or deleted there (the server's filter learns by what lies in
it), whoever works on such a mail sees where it lay, and nothing automatic answers it.
"""

from collections.abc import Sequence

from apps.channels.models import EmailAccount
from apps.channels.transports.errors import TransportError
from apps.core.sentences import gettext_noop


def is_sought(account: EmailAccount) -> bool:
    by_imap = account.receive_kind == EmailAccount.Receive.IMAP
    return by_imap and account.watch_junk and not account.junk


def note(account: EmailAccount, folders: Sequence[str]) -> TransportError | None:
    """FOLDERS: those of junk at the server; the first that is not watched anyway is kept."""
    watched = account.watched_folders
    account.junk_found = next((name for name in folders if name not in watched), "")
    if account.junk_found:
        _save(account)
        return None
    return TransportError(
        "folder-missing",
        gettext_noop(
            "%(host)s:%(port)s does not say which folder is for junk mail; name it in the account,"
            " under “folder of junk mail”."
        ),
        host=account.receive_host,
        port=account.receive_port,
    )


def forget(account: EmailAccount) -> None:
    """It is not there any more: the next fetch asks again."""
    account.junk_found = ""
    _save(account)


def _save(account: EmailAccount) -> None:
    EmailAccount.objects.filter(pk=account.pk).update(junk_found=account.junk_found)
