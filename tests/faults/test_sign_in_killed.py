"""kill -9 between a token server's answer and the commit of it: the one moment that OAuth leaves.

Where the server takes the old refresh token once more (Microsoft always, Google gives no new one,
others for a while), nobody notices. Where it takes each one strictly once, somebody has to press
*Reconnect*, and is told so.
"""

from pathlib import Path

import pytest

from tests.faults import steps
from tests.servers.token_server import TokenServer

pytestmark = [pytest.mark.faults, pytest.mark.servers]


def run(what: str, environment: dict[str, str], crash_at: str = "") -> tuple[int, str]:
    done = steps.run("tests.faults.signing_in", what, environment, crash_at)
    return done.returncode, done.stdout.strip()


@pytest.mark.parametrize("strict", [False, True], ids=["grace", "strict"])
def test_killed_between_the_answer_and_the_commit(
    token_server: TokenServer, tmp_path: Path, strict: bool
) -> None:
    environment = {
        "CARTERIA_DATA": str(tmp_path),
        "CARTERIA_PRIVATE_HOSTS": "127.0.0.0/8",
        "TOKEN_SERVER": token_server.url,
        "REFRESH": token_server.grant(scopes="mail"),
    }
    token_server.rotates = strict
    assert run("prepare", environment)[0] == 0
    assert run("ask", environment, "oauth.before_commit:1")[0] == -9
    assert len(token_server.asked) == 1
    code, said = run("ask", environment)
    assert code == 0
    if strict:
        assert (said, token_server.refused_refreshes) == ("oauth-revoked", 1)
    else:
        assert token_server.knows("user1", said)
    assert len(token_server.asked) == 2  # the dead one's lease kept nobody waiting
