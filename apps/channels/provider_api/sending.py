"""Hands one mail to the account's provider over its interface, and says what became of it.

1. The request is built: from the bytes of the mail, or from its fields (by_fields.py).
2. It leaves, all but its last bytes; the caller commits that the mail may be taken from now on.
3. The last bytes leave, and the provider's answer decides (said.py); silence means *unknown*.

Nothing is sent again by itself after 3.
"""

import hashlib
from collections.abc import Callable
from email import message_from_bytes
from functools import partial

from django.utils.translation import gettext as _

from apps.channels.compose import wire_address
from apps.channels.models import EmailAccount, Provider
from apps.channels.outcome import Envelope, Heard, Outcome, Settled
from apps.channels.provider_api import amazon_ses
from apps.channels.provider_api.asked import Asked, Taken, Unreadable, Way
from apps.channels.provider_api.said import not_theirs, not_told, refusal, words_of
from apps.channels.web_line import Answer, exchange
from apps.core.errors import Invalid
from apps.core.secrets import unseal


def _way(provider: str) -> Way | None:
    """Anymail and what it needs are not in the memory of processes that never send so."""
    if provider == Provider.SES:
        return Way(amazon_ses.request, amazon_ses.read)
    if provider == Provider.MAILGUN:
        from apps.channels.provider_api import mailgun

        return Way(mailgun.request, mailgun.read)
    from apps.channels.provider_api import by_fields

    if provider not in by_fields.MAKERS:
        return None
    return Way(
        partial(by_fields.request, provider=provider), partial(by_fields.read, provider=provider)
    )


def send(
    account: EmailAccount,
    envelope: Envelope,
    raw: bytes,
    *,
    before_data: Callable[[], None],
    alive: Callable[[], None],
    heard: Heard | None,
) -> Outcome:
    """As `channels.send.send`, for an account of the kind ANYMAIL."""
    way = _way(account.provider)
    if way is None:
        return Outcome("retry", None, _("The account names no mail provider to send through."))
    try:
        named = {wire_address(one, utf8=True): one for one in envelope.recipients}
        wire = Envelope(wire_address(envelope.sender), tuple(named))
    except Invalid as invalid:
        return Outcome("failed", None, invalid.sentence)
    try:
        asked = _asked(account, wire, raw)
        answer = exchange(way.request(asked), alive=alive, before_data=before_data)
        told = _Told(account, asked, answer, way)
    except Settled as settled:
        return settled.outcome
    if heard is not None:
        heard |= {named[who]: said for who, said in told.heard().items()}
    return told.outcome()


def _asked(account: EmailAccount, envelope: Envelope, raw: bytes) -> Asked:
    try:
        key = unseal(account.provider_key)
    except Invalid as invalid:
        raise Settled(Outcome("retry", None, invalid.sentence)) from None
    if not key:
        raise Settled(Outcome("retry", None, _("The account has no key of its mail provider.")))
    return Asked(envelope, raw, mark_of(raw), key, account.provider_options or {})


def mark_of(raw: bytes) -> str:
    """What the provider keeps with the mail, and tells again: a hash of its Message-ID, as in
    Message.message_id_hash, so that it names nobody."""
    header = raw.partition(b"\r\n\r\n")[0]
    message_id = str(message_from_bytes(header)["Message-ID"] or "").strip().strip("<>")
    return hashlib.sha256(message_id.encode()).hexdigest()[:32]


# ---- the answer -------------------------------------------------------------------------------


class _Told:
    """What the provider said, and what follows from it for the mail and for each recipient."""

    def __init__(self, account: EmailAccount, asked: Asked, answer: Answer, way: Way) -> None:
        self._asked, self._answer = asked, answer
        self._words = {
            "provider": account.get_provider_display(),
            "said": words_of(answer, asked.key),
        }
        self._taken = self._read(way) if self._may_tell(account.provider) else None

    def _may_tell(self, provider: str) -> bool:
        """Postmark tells with a no, too, whom it is about."""
        told = self._yes or (provider == Provider.POSTMARK and self._answer.status == 422)
        return told and not self._answer.early

    @property
    def _yes(self) -> bool:
        return 200 <= self._answer.status <= 299

    def _read(self, way: Way) -> Taken | None:
        try:
            return way.read(self._asked, self._answer)
        except Unreadable:
            return None

    def heard(self) -> Heard:
        if self._taken is None:
            return {}
        people = self._asked.envelope.recipients
        refused = [one for one in people if one.lower() in self._taken.refused]
        said = {one: (550, not_theirs(self._words)) for one in refused}
        if self._yes:
            said |= {one: (250, self._words["said"]) for one in people if one not in said}
        return said

    def outcome(self) -> Outcome:
        provider, key = self._words["provider"], self._asked.key
        if self._answer.early or not self._yes:
            return refusal(self._answer, provider=provider, key=key)
        if self._taken is None:
            return Outcome("unknown", None, not_told(self._words))
        if all(code >= 500 for code, _said in self.heard().values()):
            return Outcome("failed", 550, not_theirs(self._words))
        return Outcome("sent", 250, self._words["said"], ids=self._taken.ids)
