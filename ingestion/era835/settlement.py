"""A person settles a remittance: a held or conflicting one is released to post, or another takes its place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from ingestion import landing
from ingestion.era835.identity import PAYMENT, STANDS_POSTED

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg.rows import TupleRow

    from ingestion.landing import Connection

INCOMPLETE = {
    "era.cut_off": "it was cut off",
    "era.bpr_missing": "nobody knows how much was paid",
    "era.bpr_repeated": "two payments claim it",
    "era.amount_unreadable": "an amount of it cannot be read",
    "era.amount_too_large": "its amounts are more than the books can hold",
    "era.currency": "it is not in US dollars",
    "era.service_outside_claim": "a service line of it belongs to no claim",
    "era.adjustment_outside_claim": "an adjustment of it belongs to no claim",
}
"""Findings after which the books lack a part of the transaction: nobody can release that part."""


class UnknownTransaction(Exception):  # noqa: N818 - the public name says what was named
    """No loaded transaction, or more than one, is named so: a sentence."""


class CannotSettle(Exception):  # noqa: N818 - the public name says what the person sees
    """The transaction may not be settled so, and nothing changed: a sentence that says why and what to do instead."""


class Name(NamedTuple):
    """A transaction: the SHA-256 of its file and its place in the file, from 0."""

    file_sha256: str
    st_index: int

    def __str__(self) -> str:
        """Write it as the commands take it, with as much of the hash as tells files apart."""
        return f"{self.file_sha256[:12]}#{self.st_index}"


@dataclass(frozen=True)
class Settlement:
    """What a person settled: `replaced_by` is null for a release; `is_new` is false where it was settled so before."""

    settlement_id: int
    transaction: Name
    replaced_by: Name | None
    why: str
    settled_by: str
    settled_at: datetime
    is_new: bool = False

    @property
    def done(self) -> str:
        """Say what was done: `released`, `replaced by 0123456789ab#0`."""
        return f"replaced by {self.replaced_by}" if self.replaced_by else "released"


class _Standing(NamedTuple):
    verdict: str
    replaced_by: str | None


def named(connection: Connection, file: str, st_index: int) -> Name:
    """Return the loaded transaction at `st_index` of the one file whose SHA-256 (lower case) begins with `file`.

    Raises UnknownTransaction.
    """
    found = connection.execute(
        "select file_sha256 from raw.file where kind = 'era' and starts_with(file_sha256, %s) limit 2", (file,)
    ).fetchall()
    if not found:
        raise UnknownTransaction(
            f"No remittance file with the SHA-256 {file[:12]}… is loaded. Load it first: `trueup load era FILE`."
        )
    if len(found) > 1:
        raise UnknownTransaction(f"More than one loaded file begins with {file}. Give more of its SHA-256.")
    file_sha256 = str(found[0][0])
    held = [index for (index,) in connection.execute(_OF_FILE, (file_sha256,))]
    if st_index not in held:
        has = f"has {len(held)}, #0 to #{held[-1]}" if len(held) > 1 else "has one, #0" if held else "has none"
        raise UnknownTransaction(f"The file {file_sha256[:12]} {has}: there is no transaction #{st_index} in it.")
    return Name(file_sha256, st_index)


def release(connection: Connection, transaction: Name, why: str, settled_by: str) -> Settlement:
    """Let a held or conflicting transaction post as it is. The same again changes nothing; the caller commits.

    `why` is kept for ever and shown with the transaction: no patient's name belongs in it. Raises CannotSettle.
    """
    landing.hold_loads(connection)
    earlier = _earlier(connection, transaction)
    if earlier:
        return _the_same(earlier, None)
    if _standing(connection, transaction).verdict == "posted":
        raise CannotSettle(f"{transaction} is posted: there is nothing to release.")
    _refuse_duplicate(connection, transaction)
    _refuse_incomplete(connection, transaction, "be released")
    return _settled(connection, transaction, None, why, settled_by)


def replace_by(connection: Connection, transaction: Name, other: Name, why: str, settled_by: str) -> Settlement:
    """Let `other` stand in the place of a transaction, which then never posts; `other` posts if it did not yet.

    The same again changes nothing; the caller commits. `why` as for `release`. Raises CannotSettle.
    """
    landing.hold_loads(connection)
    earlier = _earlier(connection, transaction)
    if earlier:
        return _the_same(earlier, other)
    if transaction == other:
        raise CannotSettle(f"{transaction} cannot take its own place. To let it post as it is, release it.")
    _refuse_duplicate(connection, transaction)
    _refuse_duplicate(connection, other)
    standing = _standing(connection, other)
    if standing.replaced_by:
        raise CannotSettle(f"{other} was replaced itself and never posts. Name the one that stands in its place.")
    if standing.verdict != "posted":
        _refuse_incomplete(connection, other, "take the place of another")
    return _settled(connection, transaction, other, why, settled_by)


def posted_beside(connection: Connection, transaction: Name) -> list[Name]:
    """Return the other transactions that stand posted with the payer, payee, trace number, date and amount of this."""
    rows = connection.execute(
        "with this as materialized ("
        f"   select trn_number, jsonb_build_array({PAYMENT}) as payment from raw.era_transaction"
        "    where file_sha256 = %(file_sha256)s and st_index = %(st_index)s)"
        " select file_sha256, st_index from raw.era_transaction as loaded"
        " where trn_number = (select trn_number from this)"
        f" and jsonb_build_array({PAYMENT}) = (select payment from this)"
        f" and (file_sha256, st_index) <> (%(file_sha256)s, %(st_index)s) and {STANDS_POSTED}"
        " order by file_sha256, st_index",
        transaction._asdict(),
    )
    return [Name(*row) for row in rows]


_OF_FILE = "select st_index from raw.era_transaction where file_sha256 = %s order by st_index"
_COLUMNS = "settlement_id, replaced_by_file_sha256, replaced_by_st_index, why, settled_by, settled_at"


def _earlier(connection: Connection, transaction: Name) -> Settlement | None:
    row = connection.execute(
        f"select {_COLUMNS} from raw.era_settlement where file_sha256 = %s and st_index = %s", transaction
    ).fetchone()
    return None if row is None else _read(transaction, row)


def _read(transaction: Name, row: TupleRow) -> Settlement:
    settlement_id, file_sha256, st_index, *said = row
    return Settlement(settlement_id, transaction, Name(file_sha256, st_index) if file_sha256 else None, *said)


def _the_same(earlier: Settlement, replaced_by: Name | None) -> Settlement:
    if earlier.replaced_by != replaced_by:
        raise CannotSettle(
            f"{earlier.transaction} was {earlier.done} on {earlier.settled_at:%Y-%m-%d} already, and a settlement is "
            "never changed. Nothing was done."
        )
    return earlier


def _standing(connection: Connection, transaction: Name) -> _Standing:
    row = connection.execute(
        "select verdict, replaced_by from raw.era_standing where file_sha256 = %s and st_index = %s", transaction
    ).fetchone()
    if row is None:
        raise UnknownTransaction(f"{transaction} is not loaded. Load it first: `trueup load era FILE`.")
    return _Standing(*row)


def _refuse_duplicate(connection: Connection, transaction: Name) -> None:
    """Refuse a further copy: its first copy is the one that counts, whatever that stands as."""
    if _standing(connection, transaction).verdict != "duplicate":
        return
    row = connection.execute(
        "select file_sha256, st_index from raw.era_transaction where body_sha256 ="
        " (select body_sha256 from raw.era_transaction where file_sha256 = %s and st_index = %s)"
        " order by load_id, st_index limit 1",
        transaction,
    ).fetchone()
    first = Name(*row) if row else transaction
    raise CannotSettle(
        f"{transaction} is a duplicate: its first copy, {first}, is the one that counts and stands as "
        f"{_standing(connection, first).verdict}. Nothing was done."
    )


def _refuse_incomplete(connection: Connection, transaction: Name, what: str) -> None:
    row = connection.execute(
        "select rule from raw.era_finding where file_sha256 = %s and st_index = %s and rule = any(%s)"
        " order by finding_index limit 1",
        (*transaction, list(INCOMPLETE)),
    ).fetchone()
    if row:
        raise CannotSettle(
            f"{transaction} cannot {what}: {INCOMPLETE[row[0]]}, and what is not complete never posts. Ask the sender "
            "for the whole remittance in dollars, load it, and let that take the place of this one (`trueup era "
            "replace`)."
        )


def _settled(connection: Connection, transaction: Name, other: Name | None, why: str, settled_by: str) -> Settlement:
    (row,) = connection.execute(
        "insert into raw.era_settlement"
        " (file_sha256, st_index, action, replaced_by_file_sha256, replaced_by_st_index, why, settled_by)"
        f" values (%s, %s, %s, %s, %s, %s, %s) returning {_COLUMNS}",
        (*transaction, "replace" if other else "release", *(other or (None, None)), why, settled_by),
    ).fetchall()
    return replace(_read(transaction, row), is_new=True)
