"""Databases for tests, cloned from a template in a few hundredths of a second."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

from psycopg.sql import SQL, Identifier

from ledger.store.database import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.database import Database


@contextlib.contextmanager
def fresh(template: Database) -> Iterator[Database]:
    """Yield a clone of the template under a name of its own; it is dropped at the end, whoever is connected."""
    source = template.dbt_environment()["TRUEUP_DBT_NAME"]
    name = f"test_{secrets.token_hex(6)}"
    with contextlib.closing(connect(template.sibling("postgres"), autocommit=True)) as connection:
        connection.execute(
            SQL("create database {} template {} strategy file_copy").format(Identifier(name), Identifier(source)),
        )
        try:
            yield template.sibling(name)
        finally:
            connection.execute(SQL("drop database {} with (force)").format(Identifier(name)))
