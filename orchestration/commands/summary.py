"""The month-start summary on a terminal: the figures of the dashboard's month, in dollars made of integer cents."""

import json
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dashboards.checks import Check, checks
from dashboards.definitions import definitions
from dashboards.here import Here
from dashboards.leak_guide import guide
from dashboards.money import dollars
from dashboards.reading import restricted, rows
from dashboards.waterfall import Waterfall, waterfall
from orchestration.commands.export import written_whole
from orchestration.commands.output import plain_table

if TYPE_CHECKING:
    from datetime import date

    import psycopg
    from rich.table import Table

    from orchestration.commands.output import Output

CASH = (("Payers paid", "payer_paid"), ("Patients paid, less refunds and lost disputes", "patient_collected"))
PATIENTS = (("Patients owe for these visits", "patient_target"), ("Patients were billed", "patient_billed"))
HEADLINES = (
    ("Net patient service revenue", "Charges less what is taken off, before anyone pays", "net_revenue"),
    ("Net collection rate", "Of what could be collected, what came in", "net_collection_rate"),
    ("Denial rate", "Of what was submitted to payers, what they refuse", "denial_rate"),
    ("First-pass yield", "Of what payers decided, what passed at once", "first_pass_yield"),
    ("Owed for visits of all months", "By patients, by payers and unbilled, bad debt off", "owed"),
    ("Days in AR", "Owed at the month's end, in days of net revenue", "days_in_ar"),
    ("Of it older than 90 days", "Since the end of the visit", "owed_over_90_days"),
)
SOURCES = {"era": "Remits", "eft": "Bank transfers", "payout": "Stripe payouts"}
MEASURES = "select measure, amount_cents, count from marts.month_summary where period = %s"
MEMOS = """
    select kind, period, count(*) as count, cast(sum(amount_cents) as bigint) as amount_cents
    from marts.memos where origin_period = %s group by kind, period order by kind, period
"""


@dataclass(frozen=True)
class Memos:
    """Memos of one kind for visits of the month, by the month they post to (YYYY-MM)."""

    kind: str
    period: str
    count: int
    amount_cents: int


class Summary(NamedTuple):
    """A month in figures, all amounts in cents; tie-outs and checks span all months.

    A headline is an amount in cents, or as text, exact to four places, a ratio in basis points or a number of days.
    """

    period: str
    headlines: dict[str, int | str | None]
    measures: dict[str, dict[str, int]]
    revenue: Waterfall
    defined: dict[str, str]
    memos: tuple[Memos, ...]
    leaks: list[dict[str, Any]]
    tie_outs: list[dict[str, Any]]
    checks: list[Check]


def read(connection: "psycopg.Connection", period: str) -> Summary:
    """Read the summary of a month (YYYY-MM) from the marts, as the reader role and in one snapshot."""
    asked = {"period": period}
    with restricted(connection):
        here = Here(connection=connection)
        measures = {
            measure: {"amount_cents": amount_cents, "count": count}
            for measure, amount_cents, count in connection.execute(MEASURES, (period,))
        }
        steps = {row["step"]: row["amount_cents"] for row in rows(here, "steps", {"periods": [period]})}
        return Summary(
            period,
            {row["measure"]: row["ratio"] or row["amount_cents"] for row in rows(here, "headlines", asked)},
            measures,
            waterfall(steps),
            definitions(here, ["revenue_waterfall"]),
            tuple(Memos(*row) for row in connection.execute(MEMOS, (period,))),
            rows(here, "leak_totals", asked),
            rows(here, "tie_totals"),
            checks(here),
        )


def document(found: Summary) -> dict[str, object]:
    """Give the summary for a machine; amounts are integer cents."""
    return {
        "period": found.period,
        "headlines": found.headlines,
        "measures": found.measures,
        "memos": [asdict(line) for line in found.memos],
        "leaks": found.leaks,
        "tie_outs": found.tie_outs,
        "checks": [{**check._asdict(), "difference_cents": check.difference_cents} for check in found.checks],
    }


def has_figures(connection: "psycopg.Connection", period: str) -> bool:
    """Tell whether the books have a month at all."""
    with restricted(connection):
        query = "select exists (select from marts.month_summary where period = %s)"
        row = connection.execute(query, (period,)).fetchone()
    return bool(row and row[0])


def write_page(connection: "psycopg.Connection", period: str, folder: Path) -> Path:
    """Write the page of a month to `folder`, which is made where it is not there, and return the file."""
    from dashboards.pages import month

    html = month.render(connection, period)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    page = folder / f"month-{period}.html"
    with written_whole(page) as sink:
        sink.write(html.encode())
    return page


def write(connection: "psycopg.Connection", period: str, as_of: "date", folder: Path) -> tuple[Path, Path]:
    """Write the page of a month and its summary for a machine (`summary-YYYY-MM.json`), and return both files."""
    figures = {"as_of": as_of, **document(read(connection, period))}
    page = write_page(connection, period, folder)
    summary = folder / f"summary-{period}.json"
    with written_whole(summary) as sink:
        sink.write(json.dumps(figures, ensure_ascii=False, indent=2, default=str).encode() + b"\n")
    return page, summary


def show(found: Summary, as_of: "date", output: "Output") -> None:
    """Print the month for a finance person."""
    output.line()
    output.line(f"MONTH-START SUMMARY of {found.period}, as of {as_of}: {_count(found, 'visits'):,} visits")
    for part in (_headlines, _revenue, _cash, _memos, _leaks, _tie_outs, _checks):
        output.line()
        output.table(part(found))


def _headlines(found: Summary) -> "Table":
    lines = [(label, note, headline(measure, found.headlines.get(measure))) for label, note, measure in HEADLINES]
    return plain_table("What finance asks first", ("", "", "amount"), lines)


def headline(measure: str, figure: int | str | None) -> str:
    """Write a figure of `Summary.headlines` as finance reads it."""
    if not isinstance(figure, str):
        return dollars(figure)
    return f"{Decimal(figure):.1f} days" if measure == "days_in_ar" else f"{Decimal(figure) / 100:.1f} %"


def _revenue(found: Summary) -> "Table":
    steps = [
        (step.label, found.defined.get(f"revenue_waterfall.{step.name}", ""), dollars(step.amount_cents))
        for step in (*(bar.step for bar in found.revenue.bars), *found.revenue.owed)
    ]
    return plain_table(
        "Revenue, from charges to what is outstanding",
        ("", "", "amount"),
        [
            *steps,
            (
                "Place-of-service variance",
                "Expected at the visit's own place of service, less at the one paid on",
                _amount(found, "pos_variance"),
            ),
            ("POS-adjusted revenue", "Payer paid + patient target + variance", _amount(found, "pos_adjusted_revenue")),
        ],
    )


def _cash(found: Summary) -> "Table":
    received = sum(found.measures.get(measure, {}).get("amount_cents", 0) for _, measure in CASH)
    return plain_table(
        "Cash and patients",
        ("", "visits", "amount"),
        [
            *((label, f"{_count(found, measure):,}", _amount(found, measure)) for label, measure in CASH),
            ("Received so far", "", dollars(received)),
            *((label, f"{_count(found, measure):,}", _amount(found, measure)) for label, measure in PATIENTS),
            (
                "Patients' balance: billed, with memos, less collected",
                f"{_count(found, 'patient_balance'):,}",
                _amount(found, "patient_balance"),
            ),
        ],
    )


def _memos(found: Summary) -> "Table":
    lines = [(memo.kind, memo.period, f"{memo.count:,}", dollars(memo.amount_cents)) for memo in found.memos]
    return plain_table("Memos for the month's visits", ("kind", "posts to", "memos", "amount"), lines)


def _leaks(found: Summary) -> "Table":
    lines = [
        (
            guide(leak["category"]).title,
            f"{leak['count']:,}",
            dollars(leak["amount_cents"]),
            guide(leak["category"]).action,
        )
        for leak in found.leaks
    ]
    return plain_table(
        "Leaks (one visit can leak in several ways: do not add them up)",
        ("leak", "found", "amount", "what to do"),
        lines,
    )


def _tie_outs(found: Summary) -> "Table":
    lines = [
        (
            SOURCES.get(tie["source"], tie["source"]),
            tie["status"],
            f"{tie['count']:,}",
            dollars(tie["amount_cents"]),
            dollars(tie["residual_cents"]),
        )
        for tie in found.tie_outs
    ]
    return plain_table(
        "Tie-outs: everything that came in, all months", ("source", "outcome", "count", "amount", "off by"), lines
    )


def _checks(found: Summary) -> "Table":
    lines = [
        (
            check.left,
            check.right,
            dollars(check.left_cents),
            "ties" if not check.difference_cents else f"OFF BY {dollars(check.difference_cents)}",
        )
        for check in found.checks
    ]
    lines += [
        (
            f"{each.what}, of the month",
            "The steps that lead to it",
            dollars(each.shown_cents),
            f"OFF BY {dollars(each.residual_cents)}" if each.residual_cents else "ties",
        )
        for each in found.revenue.sums
    ]
    return plain_table("The books against themselves", ("sum", "equals", "amount", ""), lines)


def _amount(found: Summary, measure: str) -> str:
    return dollars(found.measures.get(measure, {}).get("amount_cents", 0))


def _count(found: Summary, measure: str) -> int:
    return found.measures.get(measure, {}).get("count", 0)
