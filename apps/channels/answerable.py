"""Whether something automatic may answer a mail, as far as the mail itself tells (RFC 3834, 2).

Pure. Better one answer too few than one too many: whom a machine answers by mistake, it may answer
for ever. So marks that anybody can forge count here, too; who forges them gets no answer.
"""

import re
from collections.abc import Collection

from apps.channels.authentication import believed
from apps.channels.customer import MOST_PEOPLE
from apps.channels.parsed import Address, ParsedEmail

JUNK_FOLDERS = frozenset(
    "junk spam bulk junk-e-mail junk-email bulk-mail correo-no-deseado spam-verdacht".split()
)
# The part before the @: programs, and people's addresses that nobody reads.
_MACHINE = re.compile(
    r"(?:mailer-?daemon|postmaster|hostmaster|daemon|root|nobody|www-data|cron|listserv|majordomo"
    r"|owner-.+|.+-(?:owner|request|bounces?)|bounces?|return|returns?-.+|notif(?:y|ications?)"
    r"|auto-?(?:mailer|reply|responder|response|confirm)"
    r"|(?:.+[._-])?(?:do[._-]?not|dont|no|never)[._-]?(?:reply|replay|responder|responda|respond"
    r"|answer|contestar)(?:[._-].+)?)(?:[+=].*|[._-]?\d*)",
    re.IGNORECASE,
)


def why_not(mail: ParsedEmail, customer: Address) -> str:
    """A code, put into words above (automatic/words.py, held/guard.py); empty: it may be answered.

    CUSTOMER is whom an answer would go to: behind a web form, the person who filled it in.
    """
    signs = {
        "bounce": mail.is_bounce,
        "receipt": mail.is_receipt,
        "complaint": bool(mail.feedback_type),
        "auto-submitted": mail.is_auto_reply,
        "list": mail.is_list,
        "empty-return-path": mail.null_return_path,
        "spam": mail.is_spam,
        "machine": is_machine(customer.email) or is_machine(mail.return_path, daemons_only=True),
        "circular": len(mail.to) + len(mail.cc) > MOST_PEOPLE,
    }
    return next((code for code, holds in signs.items() if holds), "")


def is_machine(address: str, *, daemons_only: bool = False) -> bool:
    local = address.rpartition("@")[0]
    if daemons_only:
        return local.lower() in ("mailer-daemon", "mailerdaemon")
    return bool(_MACHINE.fullmatch(local[:200]))


def is_forged(mail: ParsedEmail, trusted_servers: Collection[str]) -> bool:
    """As a trusted server found: an answer would go to somebody who wrote nothing."""
    checks = believed(mail.checked_by, trusted_servers)
    return any(one.method == "dmarc" and one.result == "fail" for one in checks)


def is_junk_folder(folder: str) -> bool:
    last = re.split(r"[/.\\]", folder.strip().lower())[-1]
    return re.sub(r"[\s_\]]+", "-", last).strip("-") in JUNK_FOLDERS
