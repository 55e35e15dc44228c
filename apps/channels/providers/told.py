"""What a provider's webhook can mean for us."""

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, for those that the envelope named."""

    raw: bytes = field(repr=False)
    recipients: tuple[str, ...] = ()
    event: str = ""  # as the provider calls it; empty: it does not
    rebuilt: bool = False  # from what was told of it; not the original bytes

    @property
    def event_id(self) -> str:
        """The same for the same, at whatever time it is told again."""
        if self.event:
            return self.event[:255]
        envelope = "\0".join(sorted(self.recipients)).encode()
        return f"sha256:{hashlib.sha256(self.raw + envelope).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Other:
    """No mail. The sentence is for whoever looks why nothing came."""

    code: str
    sentence: str
    event: str = ""


Told = Mail | Other
