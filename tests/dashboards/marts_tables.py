"""Builds empty marts from the columns that the dbt contracts promise, so that a page's test breaks when they change."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psycopg
import yaml
from psycopg import sql
from psycopg.types.json import Jsonb

# As dbt/macros/practices.sql says it of a table.
GUARDED = """
alter table marts.{mart} enable row level security;
create policy every_practice on marts.{mart} for select using (true);
create policy own_practice on marts.{mart} as restrictive for select to trueup_practice_reader
    using (practice_id = nullif(current_setting('app.practice_id', true), ''));
grant select on marts.{mart} to trueup_practice_reader;
"""
CODES = Path(__file__).parents[2] / "ledger" / "rules" / "codes"
KINDS = {"sign": "integer", "is_of_visits": "boolean"}
# As dbt/macros/practices.sql guards a view.
OWN = "current_user <> 'trueup_practice_reader' or practice_id = nullif(current_setting('app.practice_id', true), '')"
MODELS = Path(__file__).parents[2] / "dbt" / "models" / "marts"


def create(connection: psycopg.Connection[Any], books: Mapping[str, Iterable[Mapping[str, object]]]) -> None:
    """Create every mart that has a contract, readable by trueup_reader, and fill in the rows of `books`."""
    connection.execute("create schema if not exists marts")
    for name, description, columns in _contracts():
        described = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(column["name"]), sql.SQL(column["data_type"])) for column in columns
        )
        connection.execute(sql.SQL("create table marts.{} ({})").format(sql.Identifier(name), described))
        if any(column["name"] == "practice_id" for column in columns):
            connection.execute(sql.SQL(GUARDED).format(mart=sql.Identifier(name)))
        _describe(connection, name, description, columns)
        for row in books.get(name, ()):
            _insert(connection, name, row)
    connection.execute("grant usage on schema marts to trueup_reader")
    connection.execute("grant select on all tables in schema marts to trueup_reader")


def create_codes(connection: psycopg.Connection[Any]) -> None:
    """Create the code lists that figures of another day are made with, filled from ledger/rules/codes."""
    connection.execute("create schema codes")
    for name in ("account", "measure"):
        header, *lines = (CODES / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        kinds = ", ".join(f"{column} {KINDS.get(column, 'text')}" for column in header.split(","))
        connection.execute(sql.SQL("create table codes.{} ({})").format(sql.Identifier(name), sql.SQL(kinds)))
        with (
            connection.cursor() as cursor,
            cursor.copy(sql.SQL("copy codes.{} from stdin (format csv)").format(sql.Identifier(name))) as copy,
        ):
            copy.write("\n".join(lines))


def with_live_worklist(connection: psycopg.Connection[Any]) -> None:
    """Put the views of the worklist in the place of its tables, as dbt/models/marts/worklist has them."""
    for name in ("worklist", "worklist_entries"):
        text = (MODELS / "worklist" / f"{name}.sql").read_text(encoding="utf-8")
        text = re.sub(r"{{ config.*?}}", "", text)
        text = re.sub(r"{{ source\('ledger', '(\w+)'\) }}", r"ledger.\1", text)
        text = re.sub(r"""{{ leak_id\("'(\w+)'", '(.*?)'\) }}""", r"md5('\1|' || \2)", text)
        connection.execute(f"drop table marts.{name}".encode())
        connection.execute(f"create view marts.{name} as select * from ({text}) as every where {OWN}".encode())
        connection.execute(f"grant select on marts.{name} to trueup_reader, trueup_practice_reader".encode())


def _describe(connection: psycopg.Connection[Any], name: str, said: str, columns: list[dict[str, Any]]) -> None:
    """Say what a mart and its columns are, as dbt does."""
    mart = sql.Identifier("marts", name)
    connection.execute(sql.SQL("comment on table {} is {}").format(mart, said))
    for column in columns:
        if "description" in column:
            of = sql.Identifier("marts", name, column["name"])
            connection.execute(sql.SQL("comment on column {} is {}").format(of, column["description"]))


def _contracts() -> Iterable[tuple[str, str, list[dict[str, Any]]]]:
    for path in sorted(MODELS.rglob("_models.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            columns = model.get("columns", [])
            if columns and all("data_type" in column for column in columns):
                yield model["name"], model["description"], columns


def _insert(connection: psycopg.Connection[Any], name: str, row: Mapping[str, object]) -> None:
    statement = sql.SQL("insert into marts.{} ({}) values ({})").format(
        sql.Identifier(name),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() for _ in row),
    )
    connection.execute(statement, [Jsonb(value) if isinstance(value, dict) else value for value in row.values()])
