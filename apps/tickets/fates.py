"""What a mail reports on a mail of ours, and whether that asks anybody for work."""

from apps.channels.parsed import Fate, ParsedEmail

FAILED = frozenset({"hard", "soft"})
COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "other", "virus"})  # RFC 5965, 7.3; 6430


def fates_of(mail: ParsedEmail) -> tuple[Fate, ...]:
    """Empty for a mail that is no report; a report that names nobody has one without recipient."""
    if mail.fates:
        return mail.fates
    if mail.is_bounce:
        return _bounced(mail)
    if mail.is_receipt:  # whoever confirms it has got it, whatever was done with it then
        return (Fate(mail.from_.email if mail.from_ else "", "delivered"),)
    return (Fate("", "complaint"),) if mail.feedback_type.lower() in COMPLAINTS else ()


def asks_for_work(mail: ParsedEmail) -> bool:
    """A mail of ours that did not arrive does; delays, receipts and complaints change nothing that
    an agent could do now, and are shown on the mail that they tell of."""
    fates = fates_of(mail)
    return not fates or any(fate.kind in FAILED for fate in fates)


def _bounced(mail: ParsedEmail) -> tuple[Fate, ...]:
    bounce = mail.bounce
    if bounce is None:
        return (Fate("", "soft"),)
    why = (bounce.status, bounce.smtp_code)
    failed = [Fate(one, bounce.kind, *why) for one in bounce.recipients]
    delayed = [Fate(one, "delayed", *why) for one in bounce.delayed]
    return (*failed, *delayed) or (Fate("", bounce.kind, *why),)
