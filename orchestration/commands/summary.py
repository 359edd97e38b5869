"""The month-start summary on a terminal: revenue, cash, memos, leaks and tie-outs, in dollars made of integer cents."""

from typing import TYPE_CHECKING, NamedTuple

from dashboards.leak_guide import guide
from dashboards.money import dollars

if TYPE_CHECKING:
    from datetime import date

    import psycopg
    from rich.table import Table

    from orchestration.commands.output import Output

REVENUE = (
    ("Gross charges", "gross_charges", 1),
    ("Contractual (CO-45)", "contractual", -1),
    ("Sequestration (CO-253)", "sequestration", -1),
    ("Denied", "denied", -1),
    ("Other adjustments", "other_adjustment", -1),
)
CASH = (("Payers paid", "payer_paid"), ("Patients paid, less refunds and lost disputes", "patient_collected"))
PATIENTS = (
    ("Patients owe", "patient_target"),
    ("Patients were billed", "patient_billed"),
    ("Open with patients (billed + memos - collected)", "patient_balance"),
)
PLACE_OF_SERVICE = (
    ("Payers paid + patients owe", None),
    ("Place-of-service variance", "pos_variance"),
    ("POS-adjusted revenue", "pos_adjusted_revenue"),
)


class Figure(NamedTuple):
    """One measure of the month: cents and how many things stand behind it."""

    amount_cents: int
    count: int


class Line(NamedTuple):
    """A line of a table: what, how many, cents, and how it stands."""

    label: str
    count: int
    amount_cents: int
    remark: str = ""


class Summary(NamedTuple):
    """The month in figures; memos are those for visits of the month, whatever month they post to."""

    period: str
    measures: dict[str, Figure]
    memos: tuple[Line, ...]
    tie_outs: tuple[Line, ...]


MEMOS = """
    select kind || ' memos, posted to ' || period, count(*), sum(amount_cents)::bigint
    from marts.memos where origin_period = %s group by kind, period order by kind, period
"""
TIE_OUTS = """
    select 'Remits ' || verdict, count(*), coalesce(sum(bpr_cents), 0)::bigint,
        case when verdict = 'posted' then 'off by ' || coalesce(sum(abs(residual_cents)), 0)
             when verdict = 'duplicate' then 'counted once' else 'waits for a person' end
    from marts.era_tieout group by verdict
    union all
    select 'Stripe payouts', count(*), coalesce(sum(amount_cents), 0)::bigint, 'off by ' || coalesce(sum(abs(residual_cents)), 0)
    from marts.payout_tieout
    union all
    select 'Bank transfers ' || status, count(*), coalesce(sum(coalesce(expected_cents, deposited_cents)), 0)::bigint,
        case status when 'matched' then '' else 'off by ' || sum(abs(residual_cents)) end
    from marts.eft_tieout group by status
    union all
    select 'Remit claims without a visit', count(*), coalesce(sum(paid_cents), 0)::bigint, '' from marts.unmatched_remits
    order by 1
"""


def read(connection: "psycopg.Connection", period: str) -> Summary:
    """Read the summary of a month (YYYY-MM) from the marts."""
    measures = connection.execute(
        "select measure, amount_cents, count from marts.month_summary where period = %s order by measure", (period,)
    )
    return Summary(
        period,
        {measure: Figure(amount, count) for measure, amount, count in measures},
        tuple(Line(*row) for row in connection.execute(MEMOS, (period,))),
        tuple(Line(*row) for row in connection.execute(TIE_OUTS)),
    )


def document(found: Summary) -> dict[str, object]:
    """Give the summary for a machine; amounts are integer cents."""
    return {
        "period": found.period,
        "measures": {measure: figure._asdict() for measure, figure in found.measures.items()},
        "memos": [line._asdict() for line in found.memos],
        "tie_outs": [line._asdict() for line in found.tie_outs],
    }


def show(found: Summary, as_of: "date", output: "Output") -> None:
    """Print the month for a finance person."""
    output.line()
    output.line(f"MONTH-START SUMMARY for {found.period}, as of {as_of}")
    for title, lines in (
        ("Revenue: from charges to what stands", _revenue(found)),
        ("Place of service", _place_of_service(found)),
        ("Cash in", _cash(found)),
        ("Patients", [_line(label, found, measure) for label, measure in PATIENTS]),
        ("Memos for visits of the month", found.memos),
        ("Leaks: money to go after", _leaks(found)),
        ("Tie-outs: everything received, to the cent", found.tie_outs),
    ):
        output.line()
        output.table(_table(title, lines))


def _line(label: str, found: Summary, measure: str, sign: int = 1) -> Line:
    figure = found.measures.get(measure, Figure(0, 0))
    return Line(label, figure.count, sign * figure.amount_cents)
