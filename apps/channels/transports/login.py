"""Who signs in where, and how a session says what went wrong without giving away a secret."""

from dataclasses import dataclass, field

from apps.channels.transports.errors import TransportError, readable


@dataclass(frozen=True, slots=True)
class Login:
    """Everything needed to sign in."""

    host: str
    port: int
    tls: str  # none | starttls | implicit
    user: str
    password: str = field(repr=False)
    ca_file: str = ""
    token: str = field(repr=False, default="")  # of OAuth, in place of a password
    granted_to: str = ""  # whoever signed in for it; empty: not known

    @property
    def secrets(self) -> list[str]:
        return [one for one in (self.password, self.token) if one]


class SaysPlainly:
    """A session of this login, whatever protocol it speaks."""

    _login: Login

    def _without_secret(self, answer: bytes) -> str:
        """Some servers repeat the line they did not understand."""
        for secret in self._login.secrets:
            answer = answer.replace(secret.encode(), b"***")
        return readable(answer)

    def _error(
        self,
        code: str,
        template: str,
        *,
        again: bool = True,
        kind: type[TransportError] = TransportError,
        **facts: object,
    ) -> TransportError:
        host, port = self._login.host, self._login.port
        return kind(code, template, again=again, host=host, port=port, **facts)
