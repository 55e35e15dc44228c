"""The customer's mailbox of a demo: what it sends, what it shows, and to whom it answers at all."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from config.demo import customers, files, letters
from config.demo.conversations import conversations
from config.demo.post import SENT
from tests.config.demo_house import DemoHouse, demo_house

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.config.demo_urls")]

ANA, SUPPORT = "ana@example.com", "support@almena.test"
BOX = f"/demo/{ANA}/"


@pytest.fixture
def demo(tmp_path: Path, settings: Any) -> Iterator[DemoHouse]:
    with demo_house(tmp_path) as house:
        settings.DATA_DIR, settings.DEMO_SMTP = tmp_path, f"127.0.0.1:{house.smtp}"
        settings.ALLOWED_HOSTS = ["*"]
        yield house


@pytest.fixture
def client() -> Client:
    return Client(SERVER_NAME="localhost")


def write(client: Client, **fields: Any) -> str:
    """Answers the address of the conversation."""
    given = {"name": "Ana", "to": SUPPORT, "subject": "Hello", "text": "Where is it?"} | fields
    response = client.post(f"{BOX}write/", given)
    assert response.status_code == 302
    return BOX + response["Location"].removeprefix("../")


def answer_of_ours(demo: DemoHouse, html: str = "") -> None:
    first = demo.post.folder(ANA, SENT).mails()[0].raw
    raw = letters.compose(
        sender=f"Almena <{SUPPORT}>",
        to=ANA,
        subject="Re: Hello",
        text="On its way.",
        html=html,
        message_id="ours",
        answers=first,
    )
    demo.post.folder(ANA).make().add(raw)


def test_what_is_written_here_lies_in_our_mailbox(demo: DemoHouse, client: Client) -> None:
    file = SimpleUploadedFile("list.csv", b"a,b\r\n", "text/csv")
    page = client.get(write(client, attachments=file)).content.decode()
    (mail,) = demo.post.folder("support").mails()
    assert letters.read(mail.raw)["From"] == f"Ana <{ANA}>"
    assert b"list.csv" in mail.raw
    assert "list.csv" in page and "Nobody has answered yet" in page


def test_an_answer_of_ours_joins_its_conversation(demo: DemoHouse, client: Client) -> None:
    address = write(client)
    before = client.get(f"{BOX}stamp/").json()
    answer_of_ours(demo)
    assert client.get(f"{BOX}stamp/").json() != before
    page = client.get(address).content.decode()
    assert "On its way." in page
    assert len(conversations(demo.post, ANA)) == 1
    write(client, answers="INBOX-1", text="Thank you!")
    sent = letters.read(demo.post.folder("support").mails()[-1].raw)
    assert (sent["Subject"], str(sent["To"])) == ("Re: Hello", SUPPORT)
    assert "ours@almena.test" in str(sent["In-Reply-To"])
    assert len(conversations(demo.post, ANA)[0].letters) == 3


def test_html_is_cleaned_and_nothing_is_loaded_from_elsewhere(
    demo: DemoHouse, client: Client
) -> None:
    write(client)
    answer_of_ours(demo, '<p onclick="x()">Hi</p><script>x()</script><img src="https://x.test/p">')
    response = client.get(f"{BOX}INBOX-1/frame/")
    page = response.content.decode()
    assert "Hi" in page and "onclick" not in page and "x()" not in page
    assert "x.test" not in page
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_the_source_is_shown_as_text_and_files_are_downloads(
    demo: DemoHouse, client: Client
) -> None:
    write(client, attachments=SimpleUploadedFile("a.html", b"<script>x()</script>", "text/html"))
    assert client.get(f"{BOX}Sent-1/source/")["Content-Type"].startswith("text/plain")
    response = client.get(f"{BOX}Sent-1/file/2/")
    assert response["Content-Disposition"] == "attachment; filename*=UTF-8''a.html"
    assert response["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    "elsewhere", [{"SERVER_NAME": "shop.example"}, {"REMOTE_ADDR": "192.0.2.7"}]
)
def test_other_machines_and_names_get_nothing(demo: DemoHouse, elsewhere: Any) -> None:
    write(Client(SERVER_NAME="localhost"))
    there = Client(**({"SERVER_NAME": "localhost"} | elsewhere))
    for address in ("/demo/", BOX, f"{BOX}stamp/", f"{BOX}Sent-1/source/"):
        response = there.get(address)
        assert response.status_code == 403
        assert b"Where is it?" not in response.content
    assert there.post(f"{BOX}write/", {"text": "x"}).status_code == 403


@pytest.mark.parametrize("address", ["support", SUPPORT, "me@gmail.com", "..", "a@b@example.com"])
def test_nobody_real_and_none_of_us_can_be_played(
    demo: DemoHouse, client: Client, address: str
) -> None:
    assert client.get(f"/demo/{address}/").status_code in (301, 404)
    assert client.post(f"/demo/{address}/write/", {"text": "x"}).status_code in (404, 405)
    assert demo.post.folder("support").mails() == []


def test_what_is_missing_is_said_and_the_text_stays(demo: DemoHouse, client: Client) -> None:
    response = client.post(f"{BOX}write/", {"to": SUPPORT, "subject": "", "text": "Dear all"})
    assert response.status_code == 422
    assert "Dear all" in response.content.decode()
    assert "This field is required" in response.content.decode()


def test_without_the_demo_there_is_no_such_page() -> None:
    from config.urls import urlpatterns

    assert not any(str(one.pattern) == "demo/" for one in urlpatterns)


# ---- the script -------------------------------------------------------------------------


def test_the_opening_has_thirty_mails_and_a_conversation_of_five() -> None:
    opening = customers.told("opening.yaml")
    ours = [letter for letter in opening if "agent" in letter]
    bounces = [one for one in ours if customers.GONE_DOMAIN in one.get("to", "")]
    assert len(opening) - len(ours) + len(bounces) == 30
    assert sum(one.get("key", "").startswith("sofa") for one in opening) == 5
    used = {file for letter in opening for file in letter.get("files", ())}
    assert used == set(files.MAKERS)


def test_a_customer_thanks_twice_and_never_for_a_person(demo: DemoHouse) -> None:
    town = customers.Customers(demo.post, demo.smtp, "", {})

    def said(*keys: str) -> list[Any]:
        return [{"Message-ID": f"<{key}@example.com>"} for key in keys]

    ours = {"References": "<demo.more-1@example.com> <x@y> <demo.thanks-1@example.com>"}
    assert town._goes_on(ours, said("demo.more-1", "demo.thanks-1"))
    both = {"References": f"{ours['References']} <demo.thanks-2@example.com>"}
    assert not town._goes_on(both, said("demo.more-1", "demo.thanks-1", "demo.thanks-2"))
    played = {"References": "<demo.more-1@example.com> <page.7@example.com>"}
    assert not town._goes_on(played, said("demo.more-1", "page.7"))
    assert not town._goes_on({"References": "<page.8@example.com>"}, said("page.8"))
