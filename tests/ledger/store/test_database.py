"""One URL in every driver's form, and sentences when the server is away."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg2
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from ledger.store.database import Database, DatabaseUnavailable, connect, create_if_absent, opened

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

REMOTE = Database("postgresql://books:p%40ss@db.example:6543/money?sslmode=require")


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_sqlalchemy_connects_over_the_socket(database: Database, driver: str) -> None:
    engine = create_engine(database.sqlalchemy(driver), poolclass=NullPool)
    with engine.connect() as connection:
        assert connection.execute(text("select to_regclass('ledger.memos') is not null")).scalar() is True


def test_dbt_values_connect_over_the_socket(database: Database) -> None:
    given = {key.removeprefix("TRUEUP_DBT_").lower(): value for key, value in database.dbt_environment().items()}
    with contextlib.closing(
        psycopg2.connect(
            host=given["host"],
            port=int(given["port"]),
            user=given["user"],
            password=given["password"],
            dbname=given["name"],
        ),
    ) as connection:
        assert connection.info.dbname == given["name"]


def test_a_remote_url_keeps_its_parts_in_every_form() -> None:
    parsed = make_url(REMOTE.sqlalchemy("psycopg2"))
    assert (parsed.username, parsed.password, parsed.host, parsed.port, parsed.database) == (
        "books",
        "p@ss",
        "db.example",
        6543,
        "money",
    )
    assert parsed.query["sslmode"] == "require"
    assert REMOTE.dbt_environment() == {
        "TRUEUP_DBT_HOST": "db.example",
        "TRUEUP_DBT_PORT": "6543",
        "TRUEUP_DBT_USER": "books",
        "TRUEUP_DBT_PASSWORD": "p@ss",
        "TRUEUP_DBT_NAME": "money",
        "PGSSLMODE": "require",
    }
    assert REMOTE.sibling("other").psycopg() == "postgresql://books:p%40ss@db.example:6543/other?sslmode=require"


def test_a_connection_keeps_utc_and_says_who_it_is(connection: psycopg.Connection) -> None:
    row = connection.execute("select current_setting('timezone'), current_setting('application_name')").fetchone()
    assert row == ("UTC", "trueup")


def test_text_sorts_by_code_point(connection: psycopg.Connection) -> None:
    row = connection.execute(
        "select array_agg(x order by x) from unnest(array['b', 'A', 'a', 'B', 'ä']) as x"
    ).fetchone()
    assert row == (["A", "B", "a", "b", "ä"],)


def test_the_password_stands_in_no_repr_and_no_message() -> None:
    database = Database("postgresql://books:hidden@127.0.0.1:1/money")
    with pytest.raises(DatabaseUnavailable, match=r"money at 127\.0\.0\.1, port 1 cannot be reached") as caught:
        connect(database)
    assert "hidden" not in str(caught.value) + repr(database)


def test_an_unreadable_url_is_refused_without_its_text(tmp_path: Path) -> None:
    with (
        pytest.raises(DatabaseUnavailable, match="cannot be read") as caught,
        opened("postgresql://u:hid%zz@h/x", tmp_path),
    ):
        pass
    assert "hid" not in str(caught.value)


def test_a_server_that_is_away_is_a_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(DatabaseUnavailable, match="correct TRUEUP_DATABASE_URL"),
        opened(f"postgresql://u@/x?host={tmp_path}", tmp_path),
    ):
        pass


def test_a_database_of_ones_own_is_used_and_made_when_absent(cluster: Database, tmp_path: Path) -> None:
    with opened(cluster.sibling("not_there_yet").url, tmp_path) as database:
        connect(database).close()
    assert list(tmp_path.iterdir()) == []


def test_several_make_one_database_at_once(cluster: Database) -> None:
    database = cluster.sibling("wanted_by_many")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create_if_absent, [database] * 4))
    connect(database).close()
