"""What our own mails carry: sealed keys that nobody can forge, and ids that anybody can read."""

import pytest

from apps.tickets.models import Thread
from apps.tickets.tokens import (
    hash_of,
    new_message_id,
    reply_tag,
    session_ids_in,
    thread_key_of,
    thread_key_of_tag,
)

THREAD = Thread(key="T0123456789AB")


def test_a_message_id_of_ours_names_its_thread() -> None:
    one, other = (new_message_id(THREAD, "x.test") for _time in range(2))
    assert one != other
    assert thread_key_of(one) == thread_key_of(other) == THREAD.key


def test_a_message_id_made_before_this_file_is_still_ours(settings) -> None:
    settings.SECRET_KEY = "one that was in use for years"
    old = "T0123456789AB.00112233445566aa.67240311bd661d89a3d22e721b03f260@x.test"
    assert thread_key_of(old) == THREAD.key


@pytest.mark.parametrize("place", [3, 15, 31, 60])
def test_a_message_id_with_one_other_letter_is_not_ours(place: int) -> None:
    genuine = new_message_id(THREAD, "x.test")
    letter = "1" if genuine[place] != "1" else "2"
    assert thread_key_of(genuine[:place] + letter + genuine[place + 1 :]) is None


def test_a_reply_tag_fits_an_address_and_survives_any_case() -> None:
    tag = reply_tag(THREAD)
    assert len(tag) <= 34
    assert tag.isalnum()
    assert [thread_key_of_tag(one) for one in (tag, tag.lower(), tag.title())] == [THREAD.key] * 3


@pytest.mark.parametrize("place", range(0, 29, 4))
def test_a_reply_tag_with_one_other_letter_is_not_ours(place: int) -> None:
    tag = reply_tag(THREAD)
    letter = "W" if tag[place] != "W" else "X"
    assert thread_key_of_tag(tag[:place] + letter + tag[place + 1 :]) is None


@pytest.mark.parametrize("tag", ["", "news", "T", "ẞ" * 29, "T" * 10_000_000])
def test_what_is_no_tag_is_none(tag: str) -> None:
    assert thread_key_of_tag(tag) is None


def test_another_secret_seals_otherwise(settings) -> None:
    tag, message_id = reply_tag(THREAD), new_message_id(THREAD, "x.test")
    settings.SECRET_KEY = "another"
    assert (thread_key_of_tag(tag), thread_key_of(message_id)) == (None, None)


@pytest.mark.parametrize(
    ("subject", "ids"),
    [
        ("Re: Parcel [E0123456789AB]", ["E0123456789AB"]),
        ("re: parcel [e0123456789ab]", ["E0123456789AB"]),
        ("E0123456789AB and E0123456789AC, E0123456789AB", ["E0123456789AB", "E0123456789AC"]),
        ("XE0123456789AB E0123456789ABC E0123456789A", []),
        ("E0123456789AU", []),
        ("", []),
    ],
)
def test_session_ids_are_read_from_a_subject(subject: str, ids: list[str]) -> None:
    assert session_ids_in(subject) == ids


def test_a_subject_full_of_ids_is_not_asked_for_all_of_them() -> None:
    assert len(session_ids_in(" ".join(f"E{number:012}" for number in range(100_000)))) == 5


def test_a_missing_id_has_no_hash() -> None:
    assert hash_of("") == ""
    assert len(hash_of("a@b")) == 32
