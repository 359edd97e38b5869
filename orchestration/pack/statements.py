"""The statements on the page of a pack: each a title, how its figures are defined, and a query over kept tables."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from psycopg import errors

from orchestration.published import Table

if TYPE_CHECKING:
    import psycopg

Kind = Literal["words", "text", "number", "cents", "count"]
Columns = tuple[tuple[str, Kind], ...]


class Statement(NamedTuple):
    """A table to be read by a person; `says` defines its figures, `total` adds up its columns of cents below them."""

    title: str
    says: str
    columns: Columns
    query: str
    total: bool = False


class Told(NamedTuple):
    """A statement and its rows."""

    statement: Statement
    rows: list[tuple[Any, ...]]

    @property
    def sums(self) -> list[int | None]:
        """What each column of cents or counts adds up to, None for another column."""
        return [
            sum(row[place] or 0 for row in self.rows) if kind in {"cents", "count"} else None
            for place, (_, kind) in enumerate(self.statement.columns)
        ]


_WHAT_AND_CENTS: Columns = (("What", "words"), ("Amount", "cents"))


def _unfolded(table: str, names: tuple[tuple[str, str], ...], where: str = "true") -> str:
    """Give the select that sets the columns of a table's one row below one another, each with its sign."""
    lines = ", ".join(f"({place}, '{label}', {column})" for place, (label, column) in enumerate(names))
    return (
        f"select what, cents from {{{table}}} as r cross join lateral (values {lines}) as line (position, what, cents)"
        f" where {where} order by position"
    )


STATEMENTS = (
    Statement(
        "The month in figures",
        "Each measure with the rows it is made of. A visit counts in its month of service, a memo in the month it was "
        "posted to, a leak in the month of its visit. prior period: what came late for months that were closed.",
        (("Measure", "words"), ("Rows", "count"), ("Amount", "cents")),
        "select measure, count, amount_cents from {month_summary} as r"
        " order by measure like 'prior_period_%', measure like 'leak_%', measure like 'withheld_%', measure",
    ),
    Statement(
        "Ratios",
        "Each with both sides in the workbook (month_ratios).",
        (("Ratio", "words"), ("Value", "number")),
        "select replace(replace(measure, 'in_ar', 'in_AR'), 'ar_over', 'AR_over'),"
        " coalesce(round(ratio / 100, 2) || ' %', round(days, 1) || ' days', 'not known') from {month_ratios} as r"
        " order by measure",
    ),
    Statement(
        "Recurring revenue",
        "A run rate at list prices at the end of the month. It is never added to cash.",
        _WHAT_AND_CENTS,
        _unfolded(
            "mrr_movements",
            (
                *(("opening", "opening_cents"), ("new", "new_cents"), ("expansion", "expansion_cents")),
                *(("reactivation", "reactivation_cents"), ("contraction", "-contraction_cents")),
                *(("churn", "-churn_cents"), ("closing", "closing_cents")),
            ),
        ),
    ),
    Statement(
        "Deferred revenue",
        "What subscribers were invoiced for and have not been served for yet.",
        _WHAT_AND_CENTS,
        _unfolded(
            "deferred_revenue",
            (
                *(("opening", "opening_cents"), ("invoiced", "invoiced_cents"), ("credited", "-credited_cents")),
                *(("recognised as revenue", "-recognised_cents"), ("closing", "closing_cents")),
            ),
        ),
    ),
    Statement(
        "Stripe balance",
        "What Stripe holds for the practice, from opening to closing by what moved it.",
        _WHAT_AND_CENTS,
        _unfolded(
            "stripe_rollforward",
            tuple(
                (name, f"{name}_cents")
                for name in (
                    *("opening", "charges", "refunds", "disputes", "fees", "payouts"),
                    *("reserves", "other", "unexplained", "closing"),
                )
            ),
            "grain = 'month'",
        ),
    ),
    Statement(
        "What is owed for visits",
        "By month of posting, from the journal: opening and movements lead to closing.",
        (
            *(("Owed by", "words"), ("Opening", "cents"), ("Charges", "cents"), ("Asked", "cents"), ("Memos", "cents")),
            *(("Payments", "cents"), ("Adjustments", "cents"), ("Write-offs", "cents"), ("Closing", "cents")),
        ),
        "select owed_by, opening_cents, charges_cents, asked_cents, memos_cents, payments_cents, adjustments_cents,"
        " write_offs_cents, closing_cents from {ar_rollforward} as r order by 1",
        total=True,
    ),
    Statement(
        "Ageing of what is owed",
        "As of the day of the last reconcile before the closing, of all visits, in days since a visit ended, without "
        "what was written off.",
        (
            *(("Owed by", "text"), ("0 to 30", "cents"), ("31 to 60", "cents"), ("61 to 90", "cents")),
            *(("91 to 120", "cents"), ("Over 120", "cents"), ("All", "cents")),
        ),
        "select payer_id, "
        + ", ".join(
            f"coalesce(sum(amount_cents - written_off_cents) filter (where bucket = '{bucket}'), 0)::bigint"
            for bucket in ("0-30", "31-60", "61-90", "91-120", "120+")
        )
        + ", sum(amount_cents - written_off_cents)::bigint from {ar_ageing} as r group by payer_id"
        " order by payer_id not in ('patient', 'unbilled'), payer_id",
        total=True,
    ),
    Statement(
        "Payers",
        "Days to pay: from the end of a visit to the first remit claim. Below contract: allowed less than the fee "
        "schedule says.",
        (
            *(("Payer", "text"), ("Visits", "count"), ("Decided", "count"), ("Days to pay", "number")),
            *(("Denied", "count"), ("Paid", "cents"), ("Still owed", "cents"), ("Below contract", "cents")),
        ),
        "select payer_id, visits, decided_visits, round(days_to_pay, 1)::text, denied_visits, payer_paid_cents,"
        " payer_receivable_cents, underpaid_cents from {payer_scorecard} as r order by payer_paid_cents desc, payer_id",
        total=True,
    ),
    Statement(
        "Memos",
        "A memo levels what a patient was asked for with what the patient owes. Those posted to this month.",
        (("Kind", "words"), ("Reason", "words"), ("Memos", "count"), ("Amount", "cents")),
        "select kind, reason, count(*), sum(amount_cents)::bigint from {memos} as r group by 1, 2 order by 1, 2",
    ),
    Statement(
        "Leaks",
        "Money that is not where it should be. One visit can stand in several: the amounts are not added up.",
        (("Category", "words"), ("Leaks", "count"), ("Without a price", "count"), ("Amount", "cents")),
        "select category, count(*), count(*) filter (where amount_cents is null),"
        " coalesce(sum(amount_cents), 0)::bigint from {leaks} as r group by 1 order by 4 desc, 1",
    ),
    Statement(
        "Tie-outs",
        "Everything that came in in the month, by where it went, and what is left between the two sides.",
        (
            *(("Source", "words"), ("Outcome", "words"), ("Number", "count"), ("Amount", "cents")),
            ("Differs by", "cents"),
        ),
        "select 'remittances', verdict, count(*), coalesce(sum(bpr_cents), 0)::bigint,"
        " coalesce(sum(residual_cents), 0)::bigint from {era_tieout} as r group by 2"
        " union all select 'bank transfers', status, count(*), sum(expected_cents)::bigint, sum(residual_cents)::bigint"
        " from {eft_tieout} as r group by 2"
        " union all select 'payouts', status, count(*), sum(amount_cents)::bigint,"
        " coalesce(sum(residual_cents), 0)::bigint from {payout_tieout} as r group by 2"
        " union all select 'Stripe objects', status, count(*), coalesce(sum(object_cents), 0)::bigint,"
        " coalesce(sum(residual_cents), 0)::bigint from {balance_tieout} as r group by 2 order by 1, 2",
    ),
    Statement(
        "Cash that no visit explains",
        "As it stood at the closing, of all months; each piece is a row of unapplied_cash.",
        (("Kind", "words"), ("Pieces", "count"), ("Amount", "cents")),
        "select kind, count(*), sum(amount_cents)::bigint from {unapplied_cash} as r group by 1 order by 1",
        total=True,
    ),
    Statement(
        "Trial balance",
        "Balances are debits less credits, so a credit balance is negative.",
        (
            *(("Account", "words"), ("Kind", "words"), ("Opening", "cents"), ("Debits", "cents")),
            *(("Credits", "cents"), ("Closing", "cents")),
        ),
        "select account, kind, opening_cents, debit_cents, credit_cents, closing_cents from {trial_balance} as r"
        " order by array_position(array['asset', 'liability', 'revenue', 'contra_revenue', 'expense'], kind), account",
        total=True,
    ),
    Statement(
        "What was loaded",
        "Every file and settlement the figures rest on; close_inputs names each by its SHA-256.",
        (("Feed", "words"), ("Files", "count"), ("Rows", "count"), ("In quarantine", "count"), ("Newest", "text")),
        "select case when settlement is null then kind else 'settlement: ' || settlement end, count(*),"
        " sum(row_count)::bigint, sum(quarantined_count)::bigint,"
        " to_char(max(loaded_at) at time zone 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"')"
        " from {close_inputs} as r group by 1 order by 1",
    ),
)


def told(connection: "psycopg.Connection", tables: dict[str, Table]) -> Iterator[Told]:
    """Read every statement whose tables and columns this closing kept."""
    for statement in STATEMENTS:
        rows = rows_of(connection, statement.query, tables)
        if rows is not None:
            yield Told(statement, rows)


def rows_of(connection: "psycopg.Connection", query: str, tables: dict[str, Table]) -> list[tuple[Any, ...]] | None:
    """Read a query in which `{name}` is a kept table; None where a table or column was not kept yet at that closing."""
    asked = re.findall(r"{(\w+)}", query)
    if not all(name in tables for name in asked):
        return None
    text = query.format(**{name: tables[name].relation for name in asked})
    try:
        with connection.transaction():
            return connection.execute(text.encode()).fetchall()
    except errors.UndefinedColumn:
        return None
