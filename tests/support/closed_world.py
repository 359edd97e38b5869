"""Books of a random world that comes in parts: closed in between, and what their closed months export as."""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from ledger.store import periods
from ledger.store.database import connect
from orchestration import closing as months
from orchestration import exports, published
from orchestration.reconcile import Outcome, reconcile
from tests.support.random_world import Options, World, random_world

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from ledger.store.database import Database
    from orchestration.checklist import Point
    from tests.support.product_run import Product

CLOSED = ("2026-09", "2026-10")
AS_OF = date(2026, 11, 1)
TODAY = date(2026, 11, 21)
ADA = months.Person("Ada", None)
EXPLAINED = months.Person("Ada", "All looked at; the payers were called on 3 November")

LINE = """
    insert into ledger.journal (source_kind, source_id, version, origin_period, period, is_late, effective_on,
        recorded_at, as_of, accounts, amounts)
    values ('deposit', 'x', 1, '2026-09', '2026-09', false, '2026-09-30', '2026-09-30', '2026-09-30',
        '{bank,unidentified_deposits}', '{1,-1}')
"""
MEMO = """
    insert into ledger.memos (memo_id, visit_token, ordinal, kind, amount_cents, reason, caused_by, origin_period,
        period, as_of)
    select ledger.memo_id(token, 1), token, 1, 'debit', 1, 'visit_state', 'x', '2026-09', '2026-09', '2026-09-30'
    from (select '00000000-0000-4000-8000-000000000001'::uuid as token) as visit
"""
MISCOUNT = """
    update intermediate.int_month__visit_sums set denied_cents = denied_cents {0} where service_period = '{1}';
    update intermediate.int_month__visit_sums set visits = visits {0} where service_period = '{2}';
    update intermediate.int_month__cash set payer_paid_cents = payer_paid_cents {0};
    update intermediate.int_payments__balance_sums set net_cents = net_cents {0} where effective_on = (
        select min(effective_on) from intermediate.int_payments__balance_sums
    );
    update marts.unified_revenue set other_cash_cents = other_cash_cents {0};
"""
MISCOUNTED = {
    *("visits", "visits that came", "claims that were posted", "payments that were collected"),
    *("movements of the Stripe balance", "balance transactions that came"),
}
ATTACKS = [
    "update marts.month_summary set amount_cents = 0",
    "delete from marts.visit_revenue",
    "update ledger.closed_figure set figure = '{}'",
    "delete from ledger.closed_table",
    "truncate ledger.closed_figure",
    "insert into ledger.closed_figure select period, version, table_name, -place, figure from ledger.closed_figure",
    "insert into ledger.closed_table select '2026-09', 1, 'other', '[]', 0, repeat('0', 64)",
    LINE,
    MEMO,
    "alter table ledger.journal drop constraint a_closed_month_takes_nothing",
]


@dataclass(frozen=True)
class Parts:
    """A product, and the world whose parts it is given one after the other."""

    product: Product
    world: World
    home: Path
    parts: list[World]

    @classmethod
    def of(cls, product_at: Any, database: Database, home: Path, seed: int, visits: int) -> Parts:
        """Return a product on a database and a world in three parts."""
        world = random_world(seed, Options(visits=visits, conflicts=True))
        return cls(product_at(database, home / "home", world), world, home, world.batches(3))

    def load(self, part: int) -> None:
        """Load one part."""
        self.product.load(self.parts[part], self.home / f"part{part}")

    def reconcile(self, as_of: date = AS_OF) -> Outcome:
        """Reconcile as of a day."""
        return reconcile(self.product.settings, self.product.database, as_of=as_of, on_step=lambda *_: None)

    def close(self, period: str, by: months.Person = EXPLAINED, today: date = TODAY) -> months.Closing:
        """Close a month."""
        product = self.product
        return months.close(product.settings, product.database, period, today=today, by=by, waiting=lambda: None)

    def execute(self, statement: str, role: str = "none") -> None:
        """Do a statement in a role, and keep it."""
        with closing(connect(self.product.database)) as connection:
            connection.execute(f"set role {role}")
            connection.execute(statement)
            connection.commit()


def exported(database: Database, period: str, version: int | None = None) -> dict[tuple[str, str], bytes]:
    """Return every table of a month in every format, as `trueup export --period` writes them."""
    written = {}
    with closing(connect(database)) as connection:
        standing = periods.closed(connection).get(period)
        chosen = version or (standing.version if standing else None)
        tables = published.as_closed(connection, period, chosen) if chosen else published.of_month(connection, period)
        for name, table in tables.items():
            assert not chosen or published.is_sound(connection, period, chosen, table), name
            for form, write in exports.FORMATS.items():
                sink = io.BytesIO()
                write(connection, table, sink)
                written[name, form] = sink.getvalue()
    return written


def changed(before: dict[tuple[str, str], bytes], after: dict[tuple[str, str], bytes]) -> list[tuple[str, str]]:
    """Return what is not, byte for byte, what it was."""
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))


@dataclass
class Story:
    """What was seen at each moment of one set of books."""

    parts: Parts
    blocked: dict[str, months.Closing] = field(default_factory=dict)
    open_months: dict[str, dict[tuple[str, str], bytes]] = field(default_factory=dict)
    closings: dict[str, months.Closing] = field(default_factory=dict)
    first: dict[str, dict[tuple[str, str], bytes]] = field(default_factory=dict)
    now: dict[str, dict[tuple[str, str], bytes]] = field(default_factory=dict)
    noted: Point | None = None
    bridge: list[dict[str, Any]] = field(default_factory=list)

    def asked(self, query: str) -> list[dict[str, Any]]:
        """Answer a query."""
        return self.parts.product.rows(query)


def open_points(closing: months.Closing) -> dict[str, int]:
    """Count the open points of each check that has any."""
    return {checked.check.name: len(checked.open) for checked in closing.checked if checked.open}


def miscount(database: Database, by: str) -> None:
    """Change one figure of each sum that runs keep, by `+ 1` or back by `- 1`."""
    with connect(database) as connection:
        connection.execute(MISCOUNT.format(by, *CLOSED).encode())


def written(connection: psycopg.Connection, table: published.Table) -> bytes:
    """Return a table as CSV."""
    sink = io.BytesIO()
    exports.as_csv(connection, table, sink)
    return sink.getvalue()


def figures(connection: psycopg.Connection, table: published.Table) -> dict[tuple[str, str], int]:
    """Return the amounts of the month in figures that are not 0."""
    rows = connection.execute(
        f"select period, measure, amount_cents from {table.relation} as r where amount_cents <> 0"
    )
    return {(row[0], row[1]): row[2] for row in rows}
