"""A mail's HTML: cleaned, on its own address, under its own policy."""

import pytest
from django.conf import settings

from apps.console.conversation.mail_frame import MOST_AT_ONCE, SANDBOX
from apps.console.places import content_url
from tests.console.asking import only_mail
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

    assert before["Content-Security-Policy"] == after["Content-Security-Policy"] == POLICY
    assert "<img" not in before.content.decode()
    assert f'src="/m/{message.pk}/pictures/0/"' in after.content.decode()
    assert "track.test" not in after.content.decode()


def test_opened_in_a_tab_it_is_as_safe(house: House, as_user: SignIn) -> None:
    message = make_message(make_session(house.support), html="<p>x</p>")

    response = as_user(house.alice.user).get(f"/m/{message.pk}/")

    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["X-DNS-Prefetch-Control"] == "off"
    assert "no-store" in response["Cache-Control"]


def test_the_iframe_has_the_flags_of_the_policy() -> None:
    """That the browser keeps to them is tested in tests/browser."""
    script = (settings.BASE_DIR / "static/console/ui/reading/mail-body.js").read_text()

    assert f'const SANDBOX = "{SANDBOX}";' in script
    assert script.count("<iframe") == script.count("sandbox=${SANDBOX}") == 1
    assert "srcdoc" not in script


def test_a_layout_that_is_too_heavy_is_shown_as_text_and_says_so(
    house: House, as_user: SignIn
) -> None:
    html = "<div>" * 100_000
    message = make_message(make_session(house.support), text="the words", html=html)

    page = as_user(house.alice.user).get(f"/m/{message.pk}/").content.decode()

    assert "the words" in page
    assert "too heavy to be shown safely" in page


def test_pictures_written_into_the_text_are_left_out_and_that_is_said(
    house: House, as_user: SignIn
) -> None:
    html = '<p>x</p><img src="data:image/png;base64,iVBORw0KGgo=">'
    message = make_message(make_session(house.support), html=html)

    page = as_user(house.alice.user).get(f"/m/{message.pk}/").content.decode()

    assert "data:image" not in page
    assert "not shown" in page


def test_a_link_that_shows_another_address_says_where_it_leads(
    house: House, as_user: SignIn
) -> None:
    html = '<a href="https://evil.test/login">www.bank.test</a>'
    message = make_message(make_session(house.support), html=html)

    page = as_user(house.alice.user).get(f"/m/{message.pk}/").content.decode()

    assert "www.bank.test</a><small" in page
    assert "(evil.test)" in page


def test_a_mail_of_others_is_not_found(house: House, as_user: SignIn) -> None:
    message = make_message(make_session(house.support), html="<p>x</p>")
    assert as_user(house.charlie.user).get(f"/m/{message.pk}/").status_code == 404


@pytest.mark.parametrize(("verdict", "shown"), [("clean", True), ("waiting", False)])
def test_inline_pictures_are_shown_when_clean(
    house: House, as_user: SignIn, verdict: str, shown: bool
) -> None:
    message = make_message(make_session(house.support), html='<p>x</p><img src="cid:logo@x">')
    picture = make_attachment(message, verdict=verdict)
    message.files.update(content_id="logo@x", inline=True)

    page = as_user(house.alice.user).get(f"/m/{message.pk}/").content.decode()

    assert (content_url(picture, inline=True) in page and "<img" in page) is shown


def test_every_layout_can_be_read_as_text(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    message = make_message(session, html="<p>x<img src=//track.test/a></p>", text="only <words>")
    client = as_user(house.alice.user)

    response = client.get(f"/m/{message.pk}/?as=text")
    page = response.content.decode()

    assert response["Content-Security-Policy"] == POLICY
    assert "only &lt;words&gt;" in page
    assert "<img" not in page
    assert '<a href="?" target="_self">Show its layout</a>' in page


def test_a_mail_without_words_says_so_as_text(house: House, as_user: SignIn) -> None:
    message = make_message(make_session(house.support), html="<hr>", text="")
    page = as_user(house.alice.user).get(f"/m/{message.pk}/?as=text").content.decode()
    assert "This mail has no text." in page


def test_plain_mails_have_a_frame_too(house: House, as_user: SignIn) -> None:
    message = make_message(make_session(house.support), text="a <b>tag</b>")

    page = as_user(house.alice.user).get(f"/m/{message.pk}/").content.decode()

    assert "a &lt;b&gt;tag&lt;/b&gt;" in page


def test_quoted_text_is_folded_without_a_script_and_under_the_same_policy(
    house: House, as_user: SignIn
) -> None:
    html = '<p>own words</p><blockquote type="cite"><p>old</p><p>words</p></blockquote>'
    message = make_message(make_session(house.support), html=html)

    response = as_user(house.alice.user).get(f"/m/{message.pk}/")

    assert response["Content-Security-Policy"] == POLICY
    page = response.content.decode()
    before, fold = page.split('<details class="quoted">')
    assert "<p>own words</p>" in before
    assert "Show quoted text, 2 lines" in fold
    assert "<p>old</p><p>words</p>" in fold


def test_a_forwarded_mail_is_open(house: House, as_user: SignIn) -> None:
    message = make_message(
        make_session(house.support), html="<blockquote type=cite>old words</blockquote>"
    )
    page = as_user(house.alice.user).get(f"/m/{message.pk}/").content.decode()
    assert "<details class" not in page


def test_what_somebody_passes_on_is_open_below_own_words(house: House, as_user: SignIn) -> None:
    fields = {"forwarded": {"email": "ann@outside.test", "name": "Ann", "by": "html"}}
    html = "<p>FYI</p><p>-----Original Message-----</p><p>old words</p>"
    message = make_message(make_session(house.support), html=html, **fields)
    text = "FYI\n\n-----Original Message-----\nFrom: Ann\n\nold words"
    plain = make_message(make_session(house.support), text=text, **fields)
    client = as_user(house.alice.user)
    assert "<details class" not in client.get(f"/m/{message.pk}/").content.decode()
    parts = only_mail(client, plain.session)["body"]["parts"]
    assert [part["quoted"] for part in parts] == [False, False]


def test_words_of_the_fold_never_hide_where_a_link_leads(house: House, as_user: SignIn) -> None:
    link = '<a href="https://evil.test/"><blockquote type=cite>www.bank.test</blockquote></a>'
    message = make_message(make_session(house.support), html=f"<p>own</p>{link}")
    page = as_user(house.alice.user).get(f"/m/{message.pk}/").content.decode()
    assert "(evil.test)" in page


@pytest.mark.parametrize("how", ["?", "?as=text&"])
@pytest.mark.parametrize("unit", ["<p>Hello, where is it?</p>", "<td><b>1</b></td>", "word "])
def test_of_a_very_long_mail_the_beginning_is_laid_out(
    house: House, as_user: SignIn, unit: str, how: str
) -> None:
    html = unit * (1_000_000 // len(unit))
    message = make_message(make_session(house.support), html=html, text="word\n" * 200_000)
    client = as_user(house.alice.user)
    beginning = client.get(f"/m/{message.pk}/{how}").content.decode()
    assert 80_000 < len(beginning) < MOST_AT_ONCE + 10_000
    assert "this is its beginning" in beginning
    assert f'href="{how.replace("&", "&amp;")}whole=1"' in beginning
    whole = client.get(f"/m/{message.pk}/{how}whole=1").content.decode()
    assert len(whole) > 400_000
    assert "this is its beginning" not in whole


def test_a_mail_of_usual_length_is_whole(house: House, as_user: SignIn) -> None:
    message = make_message(make_session(house.support), html="<p>Hello</p>" * 9000)
    page = as_user(house.alice.user).get(f"/m/{message.pk}/").content.decode()
    assert page.count("<p>Hello</p>") == 9000
    assert "beginning" not in page
