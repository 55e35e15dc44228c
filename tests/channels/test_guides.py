"""The guides beside the account's form: each whole, dated, with its sources and good settings."""

import re

import pytest
from django.template import Context, Template
from django.test import override_settings

from apps.channels import rules
from apps.channels.guides import GUIDES, OTHER, POP3, Guide, guide_named, guide_to
from apps.channels.models import EmailAccount
from config import urls as urls  # the pages that a guide leads to are registered with it

ALL = {one.key: one for one in (*GUIDES, POP3)}
REDIRECT = "https://support.acme.test/settings/oauth/callback/"


def shown(guide: Guide, *, may_fill: bool = True, redirect: str = REDIRECT) -> str:
    words = {"one": guide, "may_fill": may_fill, "redirect_uri": redirect}
    return Template("{% load mail_guides %}{% guide one %}").render(Context(words))


@pytest.mark.parametrize("key", ALL)
@override_settings(LANGUAGE_CODE="en")
def test_a_guide_has_steps_limits_cures_and_dated_sources(key: str) -> None:
    page = shown(ALL[key])
    assert page.count("<ol>") >= 1
    assert page.count("<li>") >= 6
    assert page.count("<dt>") == page.count("<dd>") >= 3
    assert "Checked on Nov. 26, 2026 against:" in page
    assert re.findall(r'<a href="https://[^"]+" rel="noopener noreferrer" target="_blank">', page)


@pytest.mark.parametrize("key", ALL)
def test_what_a_guide_fills_in_is_a_setting_that_nobody_doubts(key: str) -> None:
    guide = ALL[key]
    account = EmailAccount(name="x", receive_user="a@x.test", send_user="a@x.test")
    for name, value in guide.settings.items():
        choices = EmailAccount._meta.get_field(name).choices
        assert not choices or value in dict(choices), name
        setattr(account, name, value)
    for side in ("receive", "send"):
        kind = "pop3" if side == "receive" and account.receive_kind == "pop3" else side
        port, tls = getattr(account, f"{side}_port"), getattr(account, f"{side}_tls")
        assert rules.port_doubt(kind, port, tls) == ""
    for name, value in guide.settings.items():
        assert f'data-{name}="{value}"' in shown(guide)


def test_the_redirect_uri_is_there_to_be_copied() -> None:
    for key in ("google", "microsoft", OTHER):
        assert f"<code>{REDIRECT}</code>" in shown(ALL[key])
    assert "say the console address first" in shown(ALL["google"], redirect="")


def test_who_only_reads_fills_in_nothing() -> None:
    assert "data-fill" not in shown(ALL["google"], may_fill=False)


def test_a_command_is_text_and_no_markup() -> None:
    page = shown(ALL["microsoft"])
    assert "-AppId &lt;client ID&gt;" in page
    assert "<client" not in page


def test_a_guide_is_found_by_its_server() -> None:
    assert guide_to("IMAP.gmail.com").key == "google"
    assert guide_to("imap.acme.test").key == guide_to("").key == OTHER
    assert guide_named("nonsense").key == OTHER
