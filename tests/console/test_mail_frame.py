"""A mail's HTML: cleaned, on its own address, under its own policy."""

import pytest

from tests.console.conftest import SignIn
from tests.people import House, make_attachment, make_message, make_session

POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline';"
    " sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)


def test_scripts_are_gone_and_the_policy_forbids_them(house: House, as_user: SignIn) -> None:
    html = "<p onclick=x()>hello</p><script>x()</script><svg onload=x()></svg>"
    message = make_message(make_session(house.support), html=html)

    response = as_user(house.alice.user).get(f"/m/{message.pk}/")

    assert response["Content-Security-Policy"] == POLICY
    page = response.content.decode()
    assert "hello" in page
    for trick in ("<script", "onclick", "<svg", "onload"):
        assert trick not in page


def test_remote_pictures_wait_until_they_are_asked_for(house: House, as_user: SignIn) -> None:
    message = make_message(
        make_session(house.support), html='<p>x</p><img src="https://track.test/a.png">'
    )
    client = as_user(house.alice.user)

    before, after = client.get(f"/m/{message.pk}/"), client.get(f"/m/{message.pk}/?images=1")

    assert before["Content-Security-Policy"] == POLICY
    assert "track.test" not in before.content.decode()
    assert 'src="https://track.test/a.png"' in after.content.decode()
    assert "script" not in after["Content-Security-Policy"]


@pytest.mark.parametrize(("verdict", "shown"), [("clean", True), ("waiting", False)])
def test_inline_pictures_are_shown_when_clean(
    house: House, as_user: SignIn, verdict: str, shown: bool
) -> None:
    message = make_message(make_session(house.support), html='<p>x</p><img src="cid:logo@x">')
    picture = make_attachment(message, verdict=verdict)
    message.files.update(content_id="logo@x", inline=True)

    page = as_user(house.alice.user).get(f"/m/{message.pk}/").content.decode()

    assert (f"/api/v1/attachments/{picture.pk}/content/?inline=1" in page) is shown


def test_plain_mails_have_a_frame_too(house: House, as_user: SignIn) -> None:
    message = make_message(make_session(house.support), text="a <b>tag</b>")

    page = as_user(house.alice.user).get(f"/m/{message.pk}/").content.decode()

    assert "a &lt;b&gt;tag&lt;/b&gt;" in page
