"""A world through the real loaders and the real reconcile, and its marts beside what the oracle says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.rows import dict_row

from ingestion import bank_deposits, fee_schedule, landing, practices, stripe_objects, visit_ledger
from ingestion.era835 import load as era835
from ingestion.era835.archive import Archive
from ledger.settings import Settings
from ledger.store.database import connect
from orchestration.reconcile import Outcome, reconcile
from tests.support.oracle import months, tieouts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ledger.store.database import Database
    from tests.support.oracle.books import Books
    from tests.support.random_world import World

LOADERS = {
    "visits": visit_ledger.load,
    "stripe": stripe_objects.load,
    "fees": fee_schedule.load,
    "practices": practices.load,
    "bank": bank_deposits.load,
}
Rows = dict[Any, dict[str, Any]]
POS_GROUP = ("period", "practice_id", "payer_id", "service_code", "provider_id", "pos_ledger", "pos_paid")
# These ratios are of the visits of a month; the others rest on the journal.
OF_SERVICE = """
    select * from marts.month_ratios where measure not in ('bad_debt_rate', 'days_in_ar', 'ar_over_90')
"""
CASH_OF_VISITS = "select * from marts.cash_by_day where source in ('payers', 'patients')"


@dataclass(frozen=True)
class Product:
    """The product on one database, keeping its books in the world's time zone."""

    database: Database
    settings: Settings

    @classmethod
    def at(cls, database: Database, home: Path, world: World) -> Product:
        """Return the product with a fresh home."""
        return cls(database, Settings(home=home, database_url=database.url, timezone=world.rules.timezone))

    def load(self, world: World, directory: Path) -> list[landing.Receipt]:
        """Load every file of a world in its order, committing after each, and return the receipts."""
        archive = Archive(self.settings.home / "archive", bytes(32))
        receipts = []
        with connect(self.database) as connection:
            landing.ensure_schema(connection)
            connection.commit()
            for kind, path in world.write(directory):
                if kind != "era":
                    receipts.append(LOADERS[kind](connection, path))
                    connection.commit()
                    continue
                for receipt in era835.load(connection, path, archive):
                    receipts.append(receipt)
                    connection.commit()
        return receipts

    def reconcile(self, world: World, *, whole: bool = False) -> Outcome:
        """Reconcile as of the world's day."""
        return reconcile(self.settings, self.database, as_of=world.rules.as_of, on_step=lambda *_: None, whole=whole)

    def tables(self) -> dict[str, list[str]]:
        """Return by table, as sorted text, every row that dbt makes, but for the keys of the run itself."""
        made = self.rows(
            "select format('%I.%I', schemaname, tablename) as name from pg_tables"
            " where schemaname in ('staging', 'intermediate', 'marts') and tablename not like 'int_touched%'"
        )
        # The oldest version of a link stays on purpose, and how often it was read has no meaning.
        return {
            table["name"]: sorted(
                {row["row"] for row in self.rows(f"select cast(t as text) as row from {table['name']} as t")}
                if table["name"].endswith("named_objects")
                else [row["row"] for row in self.rows(f"select cast(t as text) as row from {table['name']} as t")]
            )
            for table in made
        }

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of a query, UUIDs as text."""
        with connect(self.database) as connection, connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(query).fetchall()
        return [{k: str(v) if isinstance(v, UUID) else v for k, v in row.items()} for row in found]

    def memo_sums(self) -> dict[str, int]:
        """Return the signed sum of memos of each visit that has any."""
        rows = self.rows(
            "select visit_token, sum(case kind when 'debit' then amount_cents else -amount_cents end)::bigint as cents"
            " from ledger.memos group by visit_token"
        )
        return {row["visit_token"]: row["cents"] for row in rows if row["cents"]}

    def memos(self) -> list[dict[str, Any]]:
        """Return every memo ever issued, in a fixed order."""
        return self.rows("select * from ledger.memos order by memo_id")

    def with_hashes(self, world: World) -> World:
        """Return the world with the hashes that break ties of time, as the loaders stored them."""
        seen = self.rows("select visit_token, state_changed_at, state, charge_cents, row_sha256 from raw.visit")
        hashes = {_observation_key(row): row["row_sha256"] for row in seen}
        events = self.rows("select event_id, object_sha256 from raw.stripe_object where event_id is not null")
        shas = {row["event_id"]: row["object_sha256"] for row in events}
        return replace(
            world,
            observations=[replace(o, sha=hashes[_observation_key(vars(o))]) for o in world.observations],
            stripe_lines=[replace(x, sha=shas.get(x.event["id"], "")) if x.event else x for x in world.stripe_lines],
        )


def _observation_key(row: Mapping[str, Any]) -> tuple[str, datetime, str, int]:
    moment: datetime = row["state_changed_at"]
    return row["visit_token"], moment.astimezone(UTC), row["state"], row["charge_cents"]


def differences(got: Mapping[Any, Mapping[str, Any]], want: Mapping[Any, Mapping[str, Any]]) -> list[str]:
    """Return, a line each, what the marts hold and the oracle does not, by key and column."""
    lines = [f"{key}: only in the marts" for key in got.keys() - want.keys()]
    lines += [f"{key}: missing in the marts" for key in want.keys() - got.keys()]
    for key in got.keys() & want.keys():
        for column, value in want[key].items():
            if got[key][column] != value:
                lines.append(f"{key} {column}: marts {got[key][column]!r}, oracle {value!r}")
    return sorted(lines)


def told(disagreements: Mapping[str, list[str]], most: int = 8) -> str:
    """Return the first disagreements of each table as text; empty when the books are equal."""
    return "\n".join(f"{table} ({len(x)}): {line}" for table, x in disagreements.items() for line in x[:most])


def visit_revenue(product: Product) -> Rows:
    """Return the visit_revenue mart by token."""
    return {row["visit_token"]: row for row in product.rows("select * from marts.visit_revenue")}


def compare(product: Product, books: Books) -> dict[str, list[str]]:
    """Return by table what the marts and the oracle's books disagree on; equal books give empty lists."""
    era_columns = "file_sha256, st_index, trn_number, bpr_cents, claims_cents, provider_adjustments_cents"
    era = product.rows(f"select {era_columns}, residual_cents, verdict from marts.era_tieout")
    eft = product.rows(
        "select trn_number, coalesce(expected_cents, 0) as expected_cents, coalesce(deposited_cents, 0)"
        " as deposited_cents, residual_cents, status from marts.eft_tieout"
    )
    strays = product.rows(
        "select file_sha256, st_index, claim_index, claim_ref, paid_cents from marts.unmatched_remits"
    )
    payouts = product.rows("select * from marts.payout_tieout")
    balances = product.rows("select * from marts.provider_balances")
    return {
        "visit_revenue": differences(visit_revenue(product), books.visit_revenue),
        "memos": differences(_wrapped(product.memo_sums()), _wrapped(books.memo_cents)),
        "leaks": _leaks(product, books),
        "leak_sums": differences(_leak_sums(product), _sums_of_leaks(books)),
        "visit_story": differences(_wrapped(_stories(product)), _wrapped(_figures(books))),
        "era_tieout": differences(
            _by(era, "file_sha256", "st_index"), _by(books.era_tieout, "file_sha256", "st_index")
        ),
        "eft_tieout": differences({row["trn_number"]: row for row in eft}, books.eft_tieout),
        "unmatched_remits": differences(
            _by(strays, "file_sha256", "st_index", "claim_index"),
            _by(books.unmatched_remits, "file_sha256", "st_index", "claim_index"),
        ),
        "remit_claims": differences(_wrapped(_claims_added_up(product)), _wrapped(_claims_of(books))),
        "denials": differences(
            _denials(product), {k: {"claims": v[0], "cents": v[1]} for k, v in books.denials.items()}
        ),
        "payout_tieout": differences({row["payout_id"]: row for row in payouts}, books.payout_tieout),
        "provider_balances": differences(
            _by(balances, "file_sha256", "st_index", "provider_adjustment_index"), books.provider_balances
        ),
        "month_summary": differences(_wrapped(_months(product)), _wrapped(books.month_summary)),
        "revenue_feed": differences(_wrapped(_accounts(product)), _wrapped(books.accounts)),
        "ar_ageing": differences(
            _by(product.rows("select * from marts.ar_ageing"), "payer_id", "bucket"), books.ar_ageing
        ),
        "month_ratios": differences(_by(product.rows(OF_SERVICE), "period", "measure"), books.month_ratios),
        "pos_variance": differences(
            _by(product.rows("select * from marts.pos_variance"), *POS_GROUP), books.pos_variance
        ),
        "corrected_claims": differences(
            {row["visit_token"]: row for row in product.rows("select * from marts.corrected_claims")},
            books.corrected_claims,
        ),
        "lag_triangle": differences(
            _by(product.rows("select * from marts.lag_triangle"), "service_period", "paid_period"), books.lag_triangle
        ),
        "practice_months": differences(
            _by(product.rows("select * from marts.practice_months"), "practice_id", "period"), books.practice_months
        ),
        "provider_months": differences(
            _by(product.rows("select * from marts.provider_months"), "practice_id", "provider_id", "period"),
            books.provider_months,
        ),
        "practice_ageing": differences(
            _by(product.rows("select * from marts.practice_ageing"), "practice_id", "owed_by", "bucket"),
            books.practice_ageing,
        ),
        "cash_by_day": differences(_by(product.rows(CASH_OF_VISITS), "paid_on", "source"), books.cash_of_visits),
        "practice_summary": differences(_wrapped(_practices(product)), _wrapped(books.practice_summary)),
    }


def _wrapped(sums: Mapping[Any, int]) -> Rows:
    return {key: {"cents": cents} for key, cents in sums.items()}


def _months(product: Product) -> dict[tuple[str, str], int]:
    """Return the measures that are sums of visit_revenue, by period."""
    rows = product.rows("select period, measure, amount_cents from marts.month_summary where amount_cents <> 0")
    return {(r["period"], r["measure"]): r["amount_cents"] for r in rows if r["measure"] in tieouts.MEASURES}


def _practices(product: Product) -> dict[tuple[str, str, str], int]:
    """Return the measures of practices that are sums of their visits."""
    rows = product.rows("select * from marts.practice_summary where amount_cents <> 0")
    of_visits = tieouts.MEASURES | months.WATERFALL
    return {
        (row["period"], row["practice_id"], row["measure"]): row["amount_cents"]
        for row in rows
        if row["measure"] in of_visits
    }


def _accounts(product: Product) -> dict[tuple[str, str], int]:
    """Return the accounts that are not level, by visit, or by the month of origin of what has none."""
    rows = product.rows(
        "select coalesce(visit_token::text, origin_period) as owner, account,"
        " sum(debit_cents - credit_cents)::bigint as cents from marts.revenue_feed"
        " group by owner, account having sum(debit_cents - credit_cents) <> 0"
    )
    return {(row["owner"], row["account"]): row["cents"] for row in rows}


def _by(rows: list[dict[str, Any]], *key: str) -> Rows:
    return {tuple(row[column] for column in key): row for row in rows}


def _denials(product: Product) -> Rows:
    rows = product.rows("select period, payer_id, group_code, reason_code, claims, amount_cents from marts.denials")
    keys = ("period", "payer_id", "group_code", "reason_code")
    return {tuple(r[key] for key in keys): {"claims": r["claims"], "cents": r["amount_cents"]} for r in rows}


def _leaks(product: Product, books: Books) -> list[str]:
    """Return the leaks that one side has more often than the other, by category, visit and amount."""
    rows = product.rows("select category, coalesce(visit_token::text, '') as token, amount_cents from marts.leaks")
    got = Counter((row["category"], row["token"], row["amount_cents"]) for row in rows)
    want = Counter(tuple(leak) for leak in books.leaks)
    surplus = [f"{leak}: marts {count} more" for leak, count in (got - want).items()]
    return sorted(surplus + [f"{leak}: oracle {count} more" for leak, count in (want - got).items()])


def _leak_sums(product: Product) -> Rows:
    rows = product.rows(
        "select category, sum(leaks)::int as leaks, sum(unpriced)::int as unpriced,"
        " sum(at_stake_cents)::bigint as at_stake_cents, sum(liability_cents)::bigint as liability_cents"
        " from marts.leak_sums group by category"
    )
    return _by(rows, "category")


def _sums_of_leaks(books: Books) -> Rows:
    sums: Rows = {}
    for leak in books.leaks:
        cents = leak.amount_cents or 0
        sum_ = sums.setdefault((leak.category,), Counter(category=leak.category))
        sum_["leaks"] += 1
        sum_["unpriced"] += leak.amount_cents is None
        sum_["at_stake_cents"] += max(cents, 0)
        sum_["liability_cents"] += min(cents, 0)
    return sums


_CLAIMS_ADDED_UP = """
    select file_sha256 || '#' || st_index as of, sum(paid_cents)::bigint as cents
    from marts.remit_claims group by 1 having sum(paid_cents) <> 0
    union all
    select visit_token::text, sum(paid_cents)::bigint
    from marts.remit_claims where visit_token is not null group by 1 having sum(paid_cents) <> 0
    union all
    select 'no visit', sum(paid_cents)::bigint
    from marts.remit_claims where outcome = 'unmatched' having sum(paid_cents) <> 0
    union all
    select 'unbalanced', count(*) from marts.remit_claims
    where charge_cents - paid_cents - residual_cents
        <> patient_responsibility_cents + co_cents + pi_cents + oa_cents
    having count(*) > 0
"""


def _claims_added_up(product: Product) -> dict[str, int]:
    """Return what the claims of remittances paid: by transaction, by visit, and of no visit."""
    return {row["of"]: row["cents"] for row in product.rows(_CLAIMS_ADDED_UP)}


def _claims_of(books: Books) -> dict[str, int]:
    found = {f"{row['file_sha256']}#{row['st_index']}": row["claims_cents"] for row in books.era_tieout}
    found |= {str(token): row["payer_paid_cents"] for token, row in books.visit_revenue.items()}
    found["no visit"] = sum(row["paid_cents"] for row in books.unmatched_remits)
    return {name: cents for name, cents in found.items() if cents}


STORY_FIGURES = (
    *("payer_paid", "patient_responsibility", "contractual", "sequestration", "denied", "other_adjustment"),
    *("patient_billed", "patient_collected", "memo"),
)


def _stories(product: Product) -> dict[tuple[str, str], int]:
    """Return what the moments of each visit's story add up to, by the figure they count as."""
    rows = product.rows(
        "select visit_token, counts_as, sum(amount_cents)::bigint as cents from marts.visit_story"
        " where counts_as is not null group by visit_token, counts_as having sum(amount_cents) <> 0"
    )
    return {(row["visit_token"], row["counts_as"]): row["cents"] for row in rows}


def _figures(books: Books) -> dict[tuple[str, str], int]:
    return {
        (token, name): row[f"{name}_cents"]
        for token, row in books.visit_revenue.items()
        for name in STORY_FIGURES
        if row[f"{name}_cents"]
    }
