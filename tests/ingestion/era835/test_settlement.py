"""A person settles a remittance: what then stands, what later arrivals are judged against, and what is refused."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import psycopg
import pytest

from ingestion.era835.archive import Archive
from ingestion.era835.load import load
from ingestion.era835.settlement import (
    CannotSettle,
    Name,
    UnknownTransaction,
    named,
    posted_beside,
    release,
    replace_by,
)
from ledger.store.database import connect
from tests.support.remittance_writer import Claim, Payment, interchange

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ingestion.landing import Connection
    from ledger.store.database import Database

    Take = Callable[[bytes], Name]
    Send = Callable[[Payment], Name]

WHY, WHO = "The payer confirmed it", "anna"
PAID = Payment()
TWIN = Payment(claims=(Claim(ref="OTHER1"),))
THIRD = Payment(claims=(Claim(ref="OTHER2"),))
OFF = Payment("TRACE9", amount=10396)


@pytest.fixture
def take(raw: Connection, tmp_path: Path) -> Take:
    """Load the bytes of a file and name its first remittance."""

    def taken(data: bytes) -> Name:
        path = tmp_path / "remit.835"
        path.write_bytes(data)
        (receipt,) = load(raw, path, Archive(tmp_path / "archive", bytes(32)))
        return Name(receipt.file_sha256, 0)

    return taken


@pytest.fixture
def sent(take: Take) -> Send:
    """Load a file with one remittance and name that."""
    return lambda payment: take(interchange((payment,)))


def standing(raw: Connection, *names: Name) -> list[tuple[str, str | None]]:
    query = "select verdict, settlement from raw.era_standing where file_sha256 = %s and st_index = %s"
    return [row for name in names for row in raw.execute(query, name).fetchall()]


def waiting(raw: Connection) -> list[tuple[str, str]]:
    return raw.execute("select position, rule from raw.open_quarantine order by load_id, position").fetchall()


def test_a_held_one_that_is_released_stands_posted_and_leaves_the_quarantine(raw: Connection, sent: Send) -> None:
    held = sent(OFF)
    assert (standing(raw, held), waiting(raw)) == ([("held", None)], [("ST 0 segment 0", "era.held_residual")])
    done = release(raw, held, WHY, WHO)
    assert (done.is_new, done.transaction, done.replaced_by, done.why, done.settled_by) == (True, held, None, WHY, WHO)
    assert (standing(raw, held), waiting(raw)) == ([("posted", "released")], [])
    assert raw.execute("select verdict from raw.era_transaction").fetchall() == [("held",)]


def test_the_same_settlement_again_changes_nothing(raw: Connection, sent: Send) -> None:
    held, posted, twin = sent(OFF), sent(PAID), sent(TWIN)
    first = release(raw, held, WHY, WHO), replace_by(raw, posted, twin, WHY, WHO)
    again = release(raw, held, "another reason", "ben"), replace_by(raw, posted, twin, "another reason", "ben")
    assert [settled.is_new for settled in first + again] == [True, True, False, False]
    assert [settled.why for settled in again] == [WHY, WHY]
    assert raw.execute("select count(*) from raw.era_settlement").fetchall() == [(2,)]


def test_a_posted_one_gives_its_place_to_its_conflicting_twin(raw: Connection, sent: Send) -> None:
    posted, twin = sent(PAID), sent(TWIN)
    assert standing(raw, posted, twin) == [("posted", None), ("conflict", None)]
    replace_by(raw, posted, twin, WHY, WHO)
    assert standing(raw, posted, twin) == [("held", "replaced"), ("posted", "released")]
    assert (waiting(raw), posted_beside(raw, twin)) == ([], [])
    assert raw.execute("select replaced_by from raw.era_standing where replaced_by is not null").fetchall() == [
        (f"{twin.file_sha256}#0",)
    ]


def test_a_conflict_that_is_released_counts_beside_the_posted_one(raw: Connection, sent: Send) -> None:
    posted, twin = sent(PAID), sent(TWIN)
    release(raw, twin, WHY, WHO)
    assert standing(raw, posted, twin) == [("posted", None), ("posted", "released")]
    assert posted_beside(raw, twin) == [posted]


def test_one_that_was_cut_off_is_never_released_and_gives_its_place_to_the_whole_one(
    raw: Connection, take: Take
) -> None:
    data = interchange((PAID,))
    cut, whole = take(data[: data.index(b"SE*")]), take(data)
    with pytest.raises(CannotSettle, match="cannot be released: it was cut off, and what is not complete never posts"):
        release(raw, cut, WHY, WHO)
    with pytest.raises(CannotSettle, match="cannot take the place of another: it was cut off"):
        replace_by(raw, whole, cut, WHY, WHO)
    replace_by(raw, cut, whole, WHY, WHO)
    assert standing(raw, cut, whole) == [("held", "replaced"), ("posted", None)]
    assert waiting(raw) == []


@pytest.mark.parametrize(
    ("was", "becomes", "why"),
    [
        (b"CLP*REF000000000001*1*100.00*100.00", b"CLP*REF000000000001*1*100.00*1O0.00", "an amount of it cannot"),
        (b"TRN*1*", b"CUR*PR*CAD~TRN*1*", "it is not in US dollars"),
        (b"LX*1~", b"LX*1~CAS*CO*45*1.00~", "an adjustment of it belongs to no claim"),
    ],
)
def test_what_the_books_lack_a_part_of_is_never_released(
    raw: Connection, take: Take, was: bytes, becomes: bytes, why: str
) -> None:
    name = take(interchange((PAID,)).replace(was, becomes))
    assert standing(raw, name) == [("held", None)]
    with pytest.raises(CannotSettle, match=why):
        release(raw, name, WHY, WHO)


def test_a_duplicate_is_never_settled_and_its_first_copy_is_named(raw: Connection, sent: Send, take: Take) -> None:
    posted, twin = sent(PAID), sent(TWIN)
    copy = take(interchange((PAID,)) + b"\n")
    for settle in (
        lambda: release(raw, copy, WHY, WHO),
        lambda: replace_by(raw, copy, twin, WHY, WHO),
        lambda: replace_by(raw, twin, copy, WHY, WHO),
    ):
        with pytest.raises(
            CannotSettle, match=f"its first copy, {posted}, is the one that counts and stands as posted"
        ):
            settle()
    assert standing(raw, posted, twin, copy) == [("posted", None), ("conflict", None), ("duplicate", None)]


def test_what_is_posted_has_nothing_to_release_even_where_it_took_the_place_of_another(
    raw: Connection, sent: Send
) -> None:
    posted, twin = sent(PAID), sent(TWIN)
    replace_by(raw, posted, twin, WHY, WHO)
    other = sent(Payment("TRACE5"))
    for name in (twin, other):
        with pytest.raises(CannotSettle, match=f"^{name} is posted: there is nothing to release"):
            release(raw, name, WHY, WHO)


def test_a_second_settlement_that_says_otherwise_is_refused(raw: Connection, sent: Send) -> None:
    held, posted, twin = sent(OFF), sent(PAID), sent(TWIN)
    release(raw, held, WHY, WHO)
    replace_by(raw, posted, twin, WHY, WHO)
    with pytest.raises(CannotSettle, match=rf"^{held} was released on \d{{4}}-\d\d-\d\d already.*never changed"):
        replace_by(raw, held, twin, WHY, WHO)
    with pytest.raises(CannotSettle, match=f"^{posted} was replaced by {twin} on"):
        release(raw, posted, WHY, WHO)
    with pytest.raises(CannotSettle, match=f"^{posted} was replaced by {twin} on"):
        replace_by(raw, posted, held, WHY, WHO)


def test_nothing_takes_its_own_place_or_a_place_after_it_was_replaced_itself(raw: Connection, sent: Send) -> None:
    posted, twin, third = sent(PAID), sent(TWIN), sent(THIRD)
    with pytest.raises(CannotSettle, match="cannot take its own place"):
        replace_by(raw, posted, posted, WHY, WHO)
    replace_by(raw, posted, twin, WHY, WHO)
    with pytest.raises(CannotSettle, match=f"^{posted} was replaced itself and never posts"):
        replace_by(raw, twin, posted, WHY, WHO)
    replace_by(raw, twin, third, WHY, WHO)
    assert standing(raw, posted, twin, third) == [
        ("held", "replaced"),
        ("conflict", "replaced"),
        ("posted", "released"),
    ]


def test_one_may_take_the_place_of_several(raw: Connection, sent: Send) -> None:
    first, second, whole = sent(OFF), sent(Payment("TRACE9", amount=10397)), sent(Payment("TRACE9"))
    replace_by(raw, first, whole, WHY, WHO)
    replace_by(raw, second, whole, WHY, WHO)
    assert standing(raw, first, second, whole) == [("held", "replaced"), ("held", "replaced"), ("posted", None)]
    assert raw.execute("select count(*) from raw.era_standing").fetchall() == [(3,)]


def test_what_comes_later_is_judged_against_what_stands(raw: Connection, sent: Send, take: Take) -> None:
    held = sent(OFF)
    release(raw, held, WHY, WHO)
    resend = take(interchange((OFF,)) + b"\n")
    other = sent(Payment("TRACE9", claims=(Claim(charge=10396, paid=10396),)))
    assert standing(raw, resend, other) == [("duplicate", None), ("conflict", None)]
    assert waiting(raw) == [("ST 0", "era.conflict")]


def test_a_replaced_one_conflicts_with_nothing_and_its_copies_stay_duplicates(
    raw: Connection, sent: Send, take: Take
) -> None:
    posted, elsewhere = sent(PAID), sent(Payment("TRACE5"))
    replace_by(raw, posted, elsewhere, WHY, WHO)
    assert standing(raw, sent(TWIN), take(interchange((PAID,)) + b"\n")) == [("posted", None), ("duplicate", None)]


def test_further_copies_of_what_is_settled_leave_the_quarantine_too(raw: Connection, sent: Send, take: Take) -> None:
    held = sent(OFF)
    take(interchange((OFF,)) + b"\n")
    assert len(waiting(raw)) == 2
    release(raw, held, WHY, WHO)
    assert waiting(raw) == []


def test_the_others_of_a_file_stay_in_quarantine(raw: Connection, take: Take) -> None:
    file = take(interchange(tuple(Payment(f"TRACE{number}", amount=number) for number in range(11)))).file_sha256
    release(raw, Name(file, 1), WHY, WHO)
    assert sorted(position for position, _ in waiting(raw)) == sorted(
        f"ST {index} segment 0" for index in range(11) if index != 1
    )


def test_settlements_are_numbered_in_the_order_of_arrival_of_the_loads(raw: Connection, sent: Send) -> None:
    before = sent(OFF)
    settled = release(raw, before, WHY, WHO)
    sent(PAID)
    loads = [load_id for (load_id,) in raw.execute("select load_id from raw.file order by load_id")]
    assert loads[0] < settled.settlement_id < loads[1]


@pytest.mark.parametrize(
    "change",
    [
        "update raw.era_settlement set why = 'x'",
        "delete from raw.era_settlement",
        "truncate raw.era_settlement",
        "set local session_replication_role = replica; delete from raw.era_settlement",
    ],
)
def test_a_settlement_is_never_changed_or_taken_away(raw: Connection, sent: Send, change: str) -> None:
    release(raw, sent(OFF), WHY, WHO)
    with pytest.raises(psycopg.errors.RestrictViolation, match="its rows are only ever added to"):
        raw.execute(change)


def test_a_settlement_waits_for_the_load_under_way(sent: Send, module_database: Database) -> None:
    held = sent(OFF)  # not committed: it holds the lock that a reconcile shares
    with contextlib.closing(connect(module_database)) as other:
        other.execute("set local lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            release(other, held, WHY, WHO)


def test_a_file_is_named_by_the_beginning_of_its_hash(raw: Connection, sent: Send) -> None:
    held = sent(OFF)
    assert named(raw, held.file_sha256[:8], 0) == named(raw, held.file_sha256, 0) == held
    with pytest.raises(
        UnknownTransaction, match=rf"^The file {held.file_sha256[:12]} has one, #0: .* no transaction #1"
    ):
        named(raw, held.file_sha256, 1)
    with pytest.raises(UnknownTransaction, match=r"Load it first: `trueup load era FILE`"):
        named(raw, "0" * 64, 0)


def test_a_beginning_that_fits_two_files_and_a_file_without_transactions_are_refused(
    raw: Connection, take: Take
) -> None:
    for number in (1, 2):
        raw.execute(
            "insert into raw.file (kind, file_sha256, byte_count) values ('era', %s, 1)", ("ab" * 31 + f"0{number}",)
        )
    with pytest.raises(UnknownTransaction, match=r"^More than one loaded file begins with abababab"):
        named(raw, "abababab", 0)
    nothing = take(b"Dear payer").file_sha256
    with pytest.raises(UnknownTransaction, match=r"has none: there is no transaction #0"):
        named(raw, nothing, 0)
    several = take(interchange((PAID, OFF))).file_sha256
    with pytest.raises(UnknownTransaction, match="has 2, #0 to #1: there is no transaction #2"):
        named(raw, several, 2)
