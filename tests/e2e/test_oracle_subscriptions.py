"""Run rate and revenue of random subscriptions: the models against plain Python, to the cent, through the real loader.

dbt builds the models once; each example then fills their tables anew by dbt's own statements, in their order.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.sql import SQL, Identifier

from ingestion import landing, stripe_objects
from ledger.rules.stripe_events import object_sha256
from ledger.settings import Settings
from ledger.store.database import connect
from orchestration import ops
from orchestration.dbt_project import Dbt
from tests.support.oracle import subscriptions as oracle
from tests.support.oracle.inputs import Rules, StripeVersion
from tests.support.random_subscriptions import accounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

    from ledger.store.database import Database

Body = dict[str, Any]
MARTS = ("mrr_movements", "deferred_revenue", "subscription_invoices")
EMPTY = "truncate raw.stripe_object, raw.quarantine, raw.file cascade"
ZONES = ("UTC", "America/New_York", "Asia/Kolkata")
DAYS = (date(2026, 11, 1), date(2026, 9, 30), date(2026, 10, 15))


@dataclass(frozen=True)
class Models:
    """The models behind the marts on one database: (schema, table, columns, dbt's select) in the order to fill them."""

    connection: psycopg.Connection
    files: Path
    steps: tuple[tuple[str, str, tuple[str, ...], str], ...]

    def fill(self, versions: list[Body], bills: list[Body], rules: Rules) -> datetime:
        """Load the objects, fill every table, and return the time of the load."""
        self.connection.execute(EMPTY.encode())
        self.connection.execute("update ops.run_setting set as_of = %s, timezone = %s", (rules.as_of, rules.timezone))
        lines = [_line(number, one["body"], one["at"]) for number, one in enumerate(versions)]
        lines += [json.dumps(bill) for bill in bills]
        self.files.write_text("".join(f"{line}\n" for line in lines))
        with self.connection.transaction():
            receipt = stripe_objects.load(self.connection, self.files)
            row = self.connection.execute("select now()").fetchone()
        assert receipt.quarantined == ()
        for schema, table, columns, select in self.steps:
            target, names = Identifier(schema, table), SQL(", ").join(map(Identifier, columns))
            statement = SQL("truncate {0}; insert into {0} ({1}) select {1} from ({2}) as filled")
            self.connection.execute(statement.format(target, names, SQL(select)))  # type: ignore[arg-type]  # dbt's own statement
        assert row
        loaded: datetime = row[0]
        return loaded

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.connection.execute(query.encode()).fetchall()


def _line(number: int, body: Body, at: int | None) -> str:
    if at is None:
        return json.dumps(body)
    event = {"id": f"evt_{number:08d}", "object": "event", "type": "customer.subscription.updated", "created": at}
    return json.dumps(event | {"data": {"object": body}})


@pytest.fixture(scope="module")
def models(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    """Build the models once, empty, and keep their statements."""
    home = tmp_path_factory.mktemp("subscriptions")
    with closing(connect(module_database, autocommit=True)) as connection:
        landing.ensure_schema(connection)
        ops.prepare(connection)
        ops.begin(connection, UUID(int=1), ops.run_setting(Settings(home=home), date(2026, 11, 1), ()), "none", 0)
        dbt = Dbt(home, module_database.dbt_environment())
        built = dbt.build(" ".join(f"+{mart}" for mart in MARTS), lambda _: None)
        assert not [node.unique_id for node in built if node.failed]
        nodes = dbt.manifest()["nodes"]
        steps = []
        for unique_id in (node.unique_id for node in built):
            node = nodes[unique_id]
            if node["resource_type"] != "model" or node["config"]["materialized"] == "view":
                continue
            select = (home / "dbt" / "compiled" / "trueup" / node["original_file_path"]).read_text()
            cursor = connection.execute(
                SQL("select * from {} limit 0").format(Identifier(node["schema"], node["alias"]))
            )
            columns = tuple(column.name for column in cursor.description or ())
            steps.append((node["schema"], node["alias"], columns, select))
        yield Models(connection, home / "stripe.jsonl", tuple(steps))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), zone=st.sampled_from(ZONES), as_of=st.sampled_from(DAYS))
def test_run_rate_and_revenue_are_those_of_plain_python(models: Models, seed: int, zone: str, as_of: date) -> None:
    versions, bills = accounts(seed)
    rules = Rules(as_of=as_of, timezone=zone)
    loaded = models.fill(versions, bills, rules)
    known = [
        StripeVersion(
            one["body"],
            loaded if one["at"] is None else datetime.fromtimestamp(one["at"], UTC),
            object_sha256(one["body"]),
        )
        for one in versions
    ]
    columns = ("opening", *oracle.MOVEMENTS, "closing")
    names = ", ".join(f"{column}_cents" for column in columns)
    found = models.rows(f"select period, {names} from marts.mrr_movements order by period")
    told = oracle.movements(known, rules)
    assert found == [(period, *(row[column] for column in columns)) for period, row in told.items()]
    asked = [bill for bill in bills if bill["object"] == "invoice"]
    notes = [bill for bill in bills if bill["object"] == "credit_note"]
    earned = {key: cents for key, cents in oracle.recognised(asked, notes, rules).items() if cents}
    query = "select invoice_id, to_char(month, 'YYYY-MM'), amount_cents from intermediate.int_subscriptions__recognised"
    assert {(invoice, month): cents for invoice, month, cents in models.rows(query)} == earned
    _deferred_is_what_is_left(models, asked, notes, earned)


def _deferred_is_what_is_left(
    models: Models, asked: list[Body], notes: list[Body], earned: dict[tuple[str, str], int]
) -> None:
    """Compare what each invoice defers with its total less credit notes less what was earned, and the sum of all."""
    left = Counter({bill["id"]: bill["total"] for bill in asked})
    for note in notes:
        left[note["invoice"]] -= note["total"] if note["status"] != "void" else 0
    for (invoice, _), cents in earned.items():
        left[invoice] -= cents
    found = dict(models.rows("select invoice_id, deferred_cents from marts.subscription_invoices"))
    assert found == dict(left)
    closing_cents = models.rows("select closing_cents from marts.deferred_revenue order by period desc limit 1")
    assert sum(row[0] for row in closing_cents) == left.total()
