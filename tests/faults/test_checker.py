"""The checker itself: it must find what is lost, doubled or stuck, or its zeros say nothing."""

import pytest

from tests.faults.checker import LedgerRow, Rows, Tally, Told, check
from tests.faults.history import Event, What
from tests.faults.table import lines

pytestmark = pytest.mark.faults

SHA, OTHER = "a" * 64, "b" * 64
OFFERED = Event(10.0, What.OFFERED, "main", SHA, uidvalidity=7, uid=1)
ASKED = Event(10.0, What.ASKED, "main", "m1@x.test")
HEARD = Event(11.0, What.HEARD, "main", "m1@x.test")


def row(status: str = "stored", *, uid: int = 1, sha256: str = SHA, **more: object) -> LedgerRow:
    told = {"duplicate_of": None, "has_raw": True} | more
    return LedgerRow(uid, "main", 7, uid, sha256, status, **told)  # type: ignore[arg-type]


def came(mail: str = SHA) -> Told:
    return Told("in", "received", "main@x.test", mail, "T1")


def went(status: str) -> Told:
    return Told("out", status, "main@x.test", "m1@x.test", "T1")


def rows(*ledger: LedgerRow, messages: tuple[Told, ...] = (), links: int = -1) -> Rows:
    count = len(messages) if links < 0 else links
    return Rows(ledger, messages, {"T1": count}, {"T1": 1})


def test_what_is_stored_once_and_told_once_is_true() -> None:
    tally = check([OFFERED], rows(row(), messages=(came(),)), {SHA: 12.5})
    assert tally == Tally(offered=1, stored=1, worst_delay=2.5) and tally.is_true


@pytest.mark.parametrize(
    "said",
    [
        rows(),  # no row
        rows(row(sha256=OTHER), messages=(came(OTHER),)),  # other bytes: cut or mixed up
        rows(row(has_raw=False), messages=(came(),)),
        rows(row()),  # *stored*, and no message
        rows(row(), messages=(came(),), links=0),  # the CRM was not told
        rows(row("duplicate"), messages=(came(),)),  # of nothing
        rows(row("duplicate", duplicate_of=9), row(uid=9, sha256=OTHER), messages=(came(),)),
    ],
)
def test_a_planted_loss_is_found(said: Rows) -> None:
    assert check([OFFERED], said).lost == 1


def test_a_flag_before_the_row_is_a_loss() -> None:
    early = Event(11.0, What.FLAGGED, "main", "", uidvalidity=7, uid=1, proved=False)
    assert check([OFFERED, early], rows(row(), messages=(came(),))).lost == 1


@pytest.mark.parametrize(
    "said",
    [
        rows(row(), messages=(came(), came())),
        rows(row(), messages=(came(),), links=2),
        Rows([row()], [came()], {"T1": 1}, {"T1": 2}),  # two tickets
    ],
)
def test_a_planted_double_is_found(said: Rows) -> None:
    assert check([OFFERED], said).twice == 1


@pytest.mark.parametrize("status", ["sent", "unknown"])
def test_a_second_copy_at_the_customer_is_found(status: str) -> None:
    assert check([ASKED, HEARD, HEARD], rows(messages=(went(status),))).twice == 1


def test_a_mail_that_came_stuck_on_its_way_is_found() -> None:
    assert check([OFFERED], rows(row("received"))).stuck == 1


@pytest.mark.parametrize("status", ["queued", "sending"])
def test_a_mail_that_should_have_gone_is_found(status: str) -> None:
    assert check([ASKED], rows(messages=(went(status),))).stuck == 1


def test_sent_means_that_the_server_has_it() -> None:
    assert check([ASKED], rows(messages=(went("sent"),))).lost == 1
    assert check([ASKED], rows()).lost == 1
    assert check([ASKED, HEARD], rows(messages=(went("failed"),))).twice == 1
    assert check([ASKED], rows(messages=(went("failed"),))).is_true
    assert check([ASKED, HEARD], rows(messages=(went("unknown"),))) == Tally(sent=1, unknown=1)


def test_outcomes_are_counted_by_name() -> None:
    uids = range(1, 6)
    events = [Event(1.0, What.OFFERED, "main", SHA, uidvalidity=7, uid=uid) for uid in uids]
    outcomes = ("stored", "duplicate", "quarantined", "rejected", "before-start")
    ledger = [
        row(status, uid=uid, duplicate_of=1 if status == "duplicate" else None)
        for uid, status in zip(uids, outcomes, strict=True)
    ]
    tally = check(events, rows(*ledger, messages=(came(),)))
    assert tally.is_true and tally.offered == 5
    assert [getattr(tally, one.replace("-", "_")) for one in outcomes] == [1] * 5


def test_the_table_has_a_row_for_each_fault() -> None:
    head, first, second = lines([Tally("FLUSHALL", offered=40), Tally("a long name", lost=1)])
    assert head.startswith("fault ") and head.endswith("worst delay (s)")
    assert first.split(" | ")[:2] == ["FLUSHALL   ", "      40"] and "0.0" in first
    assert len({len(one) for one in (first, second)}) == 1
