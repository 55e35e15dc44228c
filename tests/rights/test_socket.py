"""Who hears what on the socket."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import AnonymousUser

from apps.core.live import topics_of
from apps.core.live_socket import LiveConsumer
from tests.rights.world import World, walked

# What a database does differently is asked elsewhere: rights are asked of one.
pytestmark = [pytest.mark.django_db, pytest.mark.only_on("sqlite")]


#                      admin irene otto nora alice charlie auditor robot blind nobody eve
TOPICS = {
    "queue.{queue}":       "y y n n y n y y y 1 n",
    "queue.{other}":       "y n y n n y y y y 1 n",
    "user.{alice}":        "n n n n y n n n n 1 n",
    "agents.all":          "y n n n n n y y y 1 n",
    "agents.team.{north}": "n y n n n n n n n 1 n",
    "agents.team.{south}": "n n y n n n n n n 1 n",
}  # fmt: skip


@pytest.mark.parametrize("topic", TOPICS)
def test_socket(world: World, topic: str) -> None:
    name = topic.format(**world.words)
    answers = {
        person: ("y" if name in topics_of(user) else "n") if user else "1"
        for person, user in world.people.items()
    }
    walked(answers, TOPICS[topic])


async def _answer_to(user: Any) -> Any:
    scope = {"type": "websocket", "path": "/ws/", "user": user}
    socket = ApplicationCommunicator(LiveConsumer.as_asgi(), scope)
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output(5))["type"] == "websocket.accept"
    return await socket.receive_output(5)


def test_nobody_hears_anything_without_signing_in() -> None:
    answer = async_to_sync(_answer_to)(AnonymousUser())
    assert (answer["type"], answer["code"]) == ("websocket.close", 4401)
