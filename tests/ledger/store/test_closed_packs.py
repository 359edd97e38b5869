"""The files of a closing's pack, on a real server: one of each format, known by its hash, and never another."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from psycopg import errors

from ledger.store import closed_packs, periods

if TYPE_CHECKING:
    import psycopg

PERIOD = "2026-10"
FILES = {"csv": b"PK\x03\x04\x00", "html": b"<!doctype html>", "xlsx": b"\x00\xff" * 5_000}


@pytest.fixture
def packed(connection: psycopg.Connection) -> psycopg.Connection:
    """Return a connection to books with a month that is closed and its pack kept."""
    periods.append(connection, PERIOD, "close", None, "Ada")
    closed_packs.keep(connection, PERIOD, 1, FILES)
    connection.commit()
    return connection


def test_files_are_given_out_as_they_were_kept(packed: psycopg.Connection) -> None:
    kept = closed_packs.kept(packed, PERIOD, 1)
    assert list(kept) == ["html", "xlsx", "csv"]
    for form, content in FILES.items():
        assert closed_packs.content(packed, PERIOD, 1, form) == content
        assert kept[form][1:3] == (hashlib.sha256(content).hexdigest(), len(content))
    with pytest.raises(LookupError, match="has no pdf"):
        closed_packs.content(packed, PERIOD, 1, "pdf")


def test_a_file_that_is_kept_stays_and_one_that_lacked_is_added(packed: psycopg.Connection) -> None:
    closed_packs.keep(packed, PERIOD, 1, {"html": b"another", "pdf": b"%PDF"})
    assert closed_packs.content(packed, PERIOD, 1, "html") == FILES["html"]
    assert closed_packs.content(packed, PERIOD, 1, "pdf") == b"%PDF"


@pytest.mark.parametrize(("period", "version"), [("2026-09", 1), (PERIOD, 2)])
def test_what_was_never_closed_has_no_pack(packed: psycopg.Connection, period: str, version: int) -> None:
    with pytest.raises(errors.ForeignKeyViolation):
        closed_packs.keep(packed, period, version, FILES)


INSERT = "insert into ledger.closed_pack (period, version, format, content) values ('2026-10', 1, 'html', '')"
CHANGES = [
    "update ledger.closed_pack set content = ''",
    "update ledger.closed_pack set version = 2 where false",
    "delete from ledger.closed_pack",
    "truncate ledger.closed_pack",
    f"{INSERT} on conflict (period, version, format) do update set content = excluded.content",
]


@pytest.mark.parametrize("change", CHANGES)
def test_even_the_owner_changes_no_file(packed: psycopg.Connection, change: str) -> None:
    packed.execute("set session_replication_role = replica")
    with pytest.raises(errors.RestrictViolation):
        packed.execute(change)


@pytest.mark.parametrize("role", ["trueup_reader", "trueup_books"])
@pytest.mark.parametrize("change", CHANGES)
def test_no_role_may(packed: psycopg.Connection, role: str, change: str) -> None:
    packed.execute(f"set role {role}")
    with pytest.raises(errors.InsufficientPrivilege):
        packed.execute(change)


def test_a_reader_reads_packs_and_adds_none(packed: psycopg.Connection) -> None:
    packed.execute("set role trueup_reader")
    assert closed_packs.content(packed, PERIOD, 1, "html") == FILES["html"]
    with pytest.raises(errors.InsufficientPrivilege):
        packed.execute(INSERT)
