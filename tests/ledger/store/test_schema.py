"""The schema of the books on a real server: append-only, restricted roles, ready twice."""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import errors

from ledger.store import schema
from ledger.store.database import Database, DatabaseUnavailable, connect, create_if_absent

if TYPE_CHECKING:
    from collections.abc import Iterator

VISIT = uuid.UUID("00000000-0000-4000-8000-000000000001")
INSERT = """
insert into ledger.memos
    (memo_id, visit_token, ordinal, kind, amount_cents, reason, caused_by, origin_period, period, as_of)
values (ledger.memo_id(%(visit)s, %(ordinal)s), %(visit)s, %(ordinal)s, %(kind)s, %(amount)s, 'visit_state', 'a visit',
        %(period)s, '2026-10', '2026-11-01')
"""


def _memo(connection: psycopg.Connection, **changed: object) -> None:
    values = {"visit": VISIT, "ordinal": 1, "kind": "debit", "amount": 100, "period": "2026-09"} | changed
    connection.execute(INSERT, values)


@pytest.fixture
def books(connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """Yield a connection that acts as trueup_books, with one memo issued."""
    connection.execute("set role trueup_books")
    _memo(connection)
    connection.commit()
    yield connection
    connection.rollback()


CHANGES = (
    "update ledger.memos set amount_cents = 1",
    "update ledger.memos set amount_cents = 1 where false",
    "delete from ledger.memos",
    "truncate ledger.memos",
)


@pytest.mark.parametrize("change", CHANGES)
def test_even_the_owner_cannot_change_a_memo(books: psycopg.Connection, change: str) -> None:
    books.execute("reset role")
    with pytest.raises(errors.RestrictViolation, match="only ever added to"):
        books.execute(change)


@pytest.mark.parametrize("change", CHANGES)
def test_the_books_role_has_no_right_to_change_a_memo(books: psycopg.Connection, change: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        books.execute(change)


def test_a_replica_session_cannot_change_a_memo_either(books: psycopg.Connection) -> None:
    books.execute("reset role")
    books.execute("set session_replication_role = replica")
    with pytest.raises(errors.RestrictViolation):
        books.execute("delete from ledger.memos")


def test_an_upsert_cannot_change_a_memo(books: psycopg.Connection) -> None:
    books.execute("reset role")
    with pytest.raises(errors.RestrictViolation):
        books.execute(
            "insert into ledger.memos select * from ledger.memos on conflict (memo_id) do update set amount_cents = 1",
        )


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "refund"}, {"amount": 0}, {"amount": -5}, {"ordinal": 0}, {"period": "2026-13"}, {"period": "2026-9"}],
)
def test_a_memo_that_makes_no_sense_is_refused(books: psycopg.Connection, wrong: dict[str, object]) -> None:
    with pytest.raises(errors.CheckViolation):
        _memo(books, **({"ordinal": 2} | wrong))


def test_a_memo_number_is_used_once_for_a_visit(books: psycopg.Connection) -> None:
    with pytest.raises(errors.UniqueViolation):
        _memo(books)


def test_a_memo_carries_the_id_of_its_visit_and_number(books: psycopg.Connection) -> None:
    wrong = INSERT.replace("ledger.memo_id(%(visit)s, %(ordinal)s)", "gen_random_uuid()")
    with pytest.raises(errors.CheckViolation):
        books.execute(wrong, {"visit": VISIT, "ordinal": 2, "kind": "debit", "amount": 1, "period": "2026-09"})


@pytest.mark.parametrize("ordinal", [1, 2, 17, 2**31 - 1])
def test_memo_id_is_a_uuid_of_version_8_over_sha_256(connection: psycopg.Connection, ordinal: int) -> None:
    visit = uuid.uuid4()
    namespace = bytes.fromhex("6f2b8c1e4d7a4f0b9e35a1c8d2047b96")
    digest = bytearray(hashlib.sha256(namespace + f"{visit}/{ordinal}".encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    row = connection.execute("select ledger.memo_id(%s, %s)", (visit, ordinal)).fetchone()
    assert row == (uuid.UUID(bytes=bytes(digest)),)
    assert row[0].version == 8


def test_the_books_role_sees_nothing_else_of_the_database(books: psycopg.Connection) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        books.execute("select * from raw.file")


def test_the_reader_reads_a_mart_made_after_it_and_no_memo(connection: psycopg.Connection) -> None:
    connection.execute("create table marts.later (a integer)")
    connection.commit()
    connection.execute("set role trueup_reader")
    connection.execute("select * from marts.later")
    with pytest.raises(errors.InsufficientPrivilege):
        connection.execute("select * from ledger.memos")


def test_preparing_twice_changes_nothing(database: Database, connection: psycopg.Connection) -> None:
    assert schema.revision(connection) == schema.head()
    connection.commit()
    schema.prepare(database)
    assert schema.revision(connection) == schema.head()


def test_several_databases_are_prepared_at_once(cluster: Database) -> None:
    names = [f"at_once_{number}" for number in (0, 0, 1, 1)]

    def make(name: str) -> str | None:
        database = cluster.sibling(name)
        create_if_absent(database)
        schema.prepare(database)
        with contextlib.closing(connect(database)) as connection:
            return schema.revision(connection)

    with ThreadPoolExecutor(len(names)) as pool:
        assert list(pool.map(make, names)) == [schema.head()] * len(names)


def test_a_database_of_a_newer_version_is_left_alone(database: Database, connection: psycopg.Connection) -> None:
    connection.execute("update ledger.alembic_version set version_num = '9999'")
    connection.commit()
    with pytest.raises(DatabaseUnavailable, match=r"9999.*install the newer version"):
        schema.prepare(database)


def test_nobody_borrows_the_owners_rights_who_was_not_given_them(connection: psycopg.Connection) -> None:
    """A function with the rights of its owner is for roles that are named; triggers cannot be called at all."""
    lent = connection.execute(
        "select proname, has_function_privilege('public', pg_proc.oid, 'execute') from pg_proc"
        " where pronamespace = 'ledger'::regnamespace and prosecdef and prorettype <> 'trigger'::regtype order by 1"
    ).fetchall()
    assert len(lent) > 3
    assert [name for name, is_anyones in lent if is_anyones] == []
