"""A link to a file: made for one person, followed by another."""

import pytest
from django.urls import reverse

from apps.attachments.links import make_link
from apps.attachments.models import Attachment
from apps.attachments.urls import urlpatterns as attachments_urls
from tests.rights.world import World, cell, walked

# What a database does differently is asked elsewhere: rights are asked of one.
pytestmark = [pytest.mark.django_db, pytest.mark.only_on("sqlite")]


#                  admin irene otto nora alice charlie auditor robot blind nobody eve
LINKS = {
    "admin":          "+ + 4 4 + 4 + + + + 4",
    "alice":          "+ + 4 4 + 4 + + + + 4",
    "charlie":        "g g g g g g g g g g g",
    "eve":            "g g g g g g g g g g g",
}  # fmt: skip


@pytest.mark.parametrize("asker", LINKS)
def test_links(world: World, asker: str) -> None:
    file, user = world.rows["attachments.Attachment"], world.people[asker]
    assert isinstance(file, Attachment) and user is not None
    address = reverse("linked-file", args=[make_link(file, for_user=user).token])
    answers = {person: cell(browser.get(address)) for person, browser in world.browsers.items()}
    walked(answers, LINKS[asker])


def test_every_address_without_a_sign_in_is_known() -> None:
    assert [pattern.name for pattern in attachments_urls] == ["linked-file"]
