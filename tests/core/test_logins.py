"""Sign-ins: each browser's own, ended one by one or everywhere, and the socket goes with them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from apps.core import logins
from apps.core.models import SignInSettings, User
from apps.core.people import set_roles
from tests.people import House, make_house
from tests.second_factors import require_second_factor, sign_in

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def house(transactional_db: None) -> House:
    return make_house()


def row_of(client: Client) -> UserSession:
    found: UserSession = UserSession.objects.get(session_key=client.session.session_key)
    return found


# ---- the list ---------------------------------------------------------------------------------


def test_the_page_lists_ones_own_sign_ins_with_browser_and_address(house: House) -> None:
    here = sign_in(house.alice.user)
    form = {"login": "alice", "password": "alice"}
    Client(REMOTE_ADDR="10.1.2.3", headers={"User-Agent": FIREFOX}).post("/accounts/login/", form)
    sign_in(house.bob.user)

    page = here.get("/accounts/sessions/").content.decode()

    assert page.count('data-test="sign-in"') == 2
    assert "Firefox on Linux" in page and "10.1.2.3" in page
    assert page.count("this browser") == 1


def test_last_seen_is_noted_once_a_minute(house: House) -> None:
    client = sign_in(house.alice.user)
    first = row_of(client).last_seen_at
    client.get("/")
    assert row_of(client).last_seen_at == first

    cache.clear()
    client.get("/", REMOTE_ADDR="10.9.9.9")
    assert row_of(client).last_seen_at > first
    assert row_of(client).ip == "10.9.9.9"


def test_one_is_ended_and_the_other_stays(house: House) -> None:
    here, there = sign_in(house.alice.user), sign_in(house.alice.user)
    key = there.session.session_key

    here.post(f"/accounts/sessions/{row_of(there).pk}/end/")

    assert there.get("/").status_code == 302
    assert here.get("/").status_code == 200
    assert not Session.objects.filter(session_key=key).exists()


def test_all_others_are_ended(house: House) -> None:
    here, *others = [sign_in(house.alice.user) for _browser in range(3)]

    here.post("/accounts/sessions/end-others/")

    assert [client.get("/").status_code for client in (here, *others)] == [200, 302, 302]


def test_nobody_ends_what_is_somebody_elses(house: House) -> None:
    alice, bob = sign_in(house.alice.user), sign_in(house.bob.user)

    bob.post(f"/accounts/sessions/{row_of(alice).pk}/end/")

    assert alice.get("/").status_code == 200


def test_signing_out_forgets_the_row(house: House) -> None:
    client = sign_in(house.alice.user)
    client.post("/accounts/logout/")

    assert not UserSession.objects.exists()


@pytest.mark.parametrize("path", ["/desk/", "/", "/admin/"])
def test_a_late_answer_takes_no_cookie_away(house: House, path: str) -> None:
    """Somebody may have signed in again, in another tab, since it was asked."""
    client = sign_in(house.alice.user)
    Session.objects.all().delete()
    assert "sessionid" not in client.get(path).cookies


def test_signing_out_takes_the_cookie_away(house: House) -> None:
    answer = sign_in(house.alice.user).post("/accounts/logout/")
    assert answer.cookies["sessionid"].value == ""


def test_what_ran_out_is_forgotten(house: House) -> None:
    sign_in(house.alice.user)
    here = sign_in(house.bob.user)
    Session.objects.exclude(session_key=here.session.session_key).delete()

    logins.forget_ended()

    assert UserSession.objects.get() == row_of(here)


# ---- what ends them ---------------------------------------------------------------------------


def _new_password(user: User) -> None:
    user.set_password("another-long-one")
    user.save(update_fields=["password"])


def _off(user: User) -> None:
    user.is_active = False
    user.save()


@pytest.mark.parametrize("happens", [_new_password, _off])
def test_a_change_by_any_door_ends_every_sign_in(
    house: House, happens: Callable[[User], None]
) -> None:
    clients = [sign_in(house.alice.user), sign_in(house.alice.user), sign_in(house.bob.user)]

    happens(User.objects.get(username="alice"))

    assert [client.get("/").status_code for client in clients] == [302, 302, 200]
    assert Session.objects.count() == 1


def test_other_changes_end_nothing(house: House) -> None:
    client = sign_in(house.alice.user)
    user = User.objects.get(username="alice")
    user.first_name = "Alicia"
    user.save()

    assert client.get("/").status_code == 200


def test_ones_own_new_password_keeps_this_browser(house: House) -> None:
    here, there = sign_in(house.alice.user), sign_in(house.alice.user)
    new = "a-long-new-one"
    form = {"oldpassword": "alice", "password1": new, "password2": new}

    assert here.post("/accounts/password/change/", form)["Location"] == "/accounts/"

    assert "Your password is changed." in here.get("/accounts/").content.decode()
    assert there.get("/").status_code == 302
    assert len(logins.logins_of(house.alice.user)) == 1


def test_the_old_password_must_be_right(house: House) -> None:
    here = sign_in(house.alice.user)
    form = {"oldpassword": "bob", "password1": "a-long-new-one", "password2": "a-long-new-one"}

    assert here.post("/accounts/password/change/", form).status_code == 200
    assert User.objects.get(username="alice").check_password("alice")


def test_an_administrator_signs_somebody_out_everywhere(house: House) -> None:
    alice, admin = sign_in(house.alice.user), sign_in(house.admin)
    form = {"action": "sign_out_everywhere", "_selected_action": house.alice.user_id}

    page = admin.post("/admin/core/user/", form, follow=True).content.decode()

    assert "1 sign-in ended." in page
    assert alice.get("/").status_code == 302


# ---- sockets ----------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def broker(settings: Settings, redis_url: str) -> None:
    backend = "channels_redis.pubsub.RedisPubSubChannelLayer"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": {"hosts": [redis_url]}}}


@asynccontextmanager
async def socket_of(client: Client) -> AsyncIterator[ApplicationCommunicator]:
    """A real one, through the whole of config.asgi."""
    from config.asgi import application

    cookie = f"sessionid={client.session.session_key}".encode()
    named = [(b"host", b"testserver"), (b"origin", b"http://testserver"), (b"cookie", cookie)]
    scope = {"type": "websocket", "path": "/ws/", "headers": named, "query_string": b""}
    communicator = ApplicationCommunicator(application, scope | {"subprotocols": []})
    await communicator.send_input({"type": "websocket.connect"})
    try:
        yield communicator
    finally:
        await communicator.send_input({"type": "websocket.disconnect", "code": 1001})
        await communicator.wait(5)


async def _closes(socket: ApplicationCommunicator) -> int:
    message: dict[str, Any] = await socket.receive_output(5)
    assert message["type"] == "websocket.close", message
    return int(message["code"])


def with_sockets(story: Callable[..., Awaitable[None]], *clients: Client) -> None:
    """Runs STORY with one open socket for each client."""

    @async_to_sync
    async def run() -> None:
        async with socket_of(clients[0]) as first, socket_of(clients[-1]) as last:
            for socket in (first, last):
                assert (await socket.receive_output(5))["type"] == "websocket.accept"
            await story(first, last)

    run()


def test_ending_a_sign_in_closes_its_socket_and_no_other(house: House) -> None:
    here, there = sign_in(house.alice.user), sign_in(house.alice.user)
    login = row_of(there).pk

    async def story(mine: ApplicationCommunicator, other: ApplicationCommunicator) -> None:
        await sync_to_async(here.post)(f"/accounts/sessions/{login}/end/")
        assert await _closes(other) == 4403
        assert await mine.receive_nothing(0.3)

    with_sockets(story, here, there)
    _refused(there)


def test_signing_out_closes_the_socket(house: House) -> None:
    here = sign_in(house.alice.user)

    async def story(one: ApplicationCommunicator, other: ApplicationCommunicator) -> None:
        await sync_to_async(here.post)("/accounts/logout/")
        assert await _closes(one) == await _closes(other) == 4403

    with_sockets(story, here, here)


@pytest.mark.parametrize("happens", [_new_password, _off, lambda user: set_roles(user, [])])
def test_whatever_changes_rights_closes_the_sockets(
    house: House, happens: Callable[[User], None]
) -> None:
    here = sign_in(house.alice.user)

    async def story(one: ApplicationCommunicator, other: ApplicationCommunicator) -> None:
        await sync_to_async(happens)(house.alice.user)
        assert await _closes(one) == await _closes(other) == 4403

    with_sockets(story, here, here)


def _refused(client: Client) -> None:
    @async_to_sync
    async def run() -> None:
        async with socket_of(client) as socket:
            assert (await socket.receive_output(5))["type"] == "websocket.accept"
            assert await _closes(socket) == 4401

    run()


def test_without_a_needed_second_factor_there_is_no_socket(house: House) -> None:
    require_second_factor("administrators")

    _refused(sign_in(house.admin))


def test_a_socket_ends_with_its_sign_in(house: House) -> None:
    client = sign_in(house.alice.user)
    session = client.session
    session.set_expiry(1)
    session.save()

    async def story(one: ApplicationCommunicator, other: ApplicationCommunicator) -> None:
        assert await _closes(one) == await _closes(other) == 4401

    with_sockets(story, client, client)


def test_hours_are_read_at_each_sign_in(house: House) -> None:
    row = SignInSettings.load()
    row.hours = 1
    row.save()

    assert sign_in(house.alice.user).session.get_expiry_age() <= 3600
