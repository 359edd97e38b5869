"""The parts of the month over the books of all practices, each ready to be drawn; None where it cannot be told."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from dashboards.charts import Columns, columns
from dashboards.here import Here
from dashboards.months import before, days, span
from dashboards.reading import Row, told
from dashboards.rows_of import RowsOf

MONTHS = 12  # in the view of subscriptions beside visits
SERVICE_MONTHS = 6  # in the triangle, the month of the page and those before
SOURCES = ("payers", "patients", "subscriptions", "no_visit")
BUCKETS = ("0-30", "31-60", "61-90", "91-120", "120+")
_AGES = {"0-30": (None, 30), "31-60": (31, 60), "61-90": (61, 90), "91-120": (91, 120), "120+": (121, None)}
_OWED = {"patient": "patient_balance_cents", "unbilled": "unbilled_cents"}


class Beside(NamedTuple):
    """Subscriptions and visits month by month, the last one's rows, and a drawing of each that no other adds to."""

    months: list[Row]
    run_rate: Columns
    cash: Columns


class Cash(NamedTuple):
    """What came in on each day (None: on a day nobody knows) in cents by source, with totals, drawn."""

    days: list[tuple[date, Mapping[str, int]]]
    totals: Mapping[str, int]
    pieces: Mapping[str, int]
    drawing: Columns

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that anything came from."""
        return tuple(source for source in SOURCES if source in self.totals)


class Debt(NamedTuple):
    """What somebody owes: cents and visits by bucket of age, and the rows behind each."""

    owed_by: str
    buckets: Mapping[str, tuple[int, int, RowsOf]]
    total_cents: int
    written_off_cents: int


class Owed(NamedTuple):
    """What is owed as of a day, the largest debt first; the totals by bucket."""

    as_of: date
    debts: list[Debt]
    totals: Mapping[str, int]

    @property
    def total_cents(self) -> int:
        """All that is owed, bad debt included."""
        return sum(self.totals.values())

    @property
    def written_off_cents(self) -> int:
        """What of it is bad debt."""
        return sum(debt.written_off_cents for debt in self.debts)


class Cell(NamedTuple):
    """Cash of a month of service in a month of payment, in cents, and how much of its row that is (0 to 4)."""

    amount_cents: int
    shade: int


class Triangle(NamedTuple):
    """Months of service against months of payment; `undated` has what names no day of payment."""

    paid: list[str]
    rows: list[tuple[str, Mapping[str, Cell], int]]
    undated_cents: int


def beside(here: Here, period: str) -> Beside | None:
    """Tell subscriptions beside visits, the months up to this one."""
    found = told(here, "side_by_side", {"first": before(period, MONTHS - 1), "last": period})
    if not found:
        return None
    return Beside(
        found,
        columns([{"mrr": row["closing_cents"] or 0} for row in found]),
        columns([{name: row[f"{name[:-1]}_cash_cents"] for name in SOURCES[:2]} for row in found]),
    )


def cash(here: Here, period: str) -> Cash | None:
    """Tell the cash of a month of payment by day and source."""
    found = told(here, "cash_days", {"period": period})
    if found is None:
        return None
    by_day: dict[date, dict[str, int]] = {day: {} for day in days(period)}
    totals: dict[str, int] = defaultdict(int)
    pieces: dict[str, int] = defaultdict(int)
    for row in found:
        by_day[row["paid_on"]][row["source"]] = row["amount_cents"]
        totals[row["source"]] += row["amount_cents"]
        pieces[row["source"]] += row["pieces"]
    ordered = [{source: given[source] for source in SOURCES if source in given} for given in by_day.values()]
    return Cash(list(by_day.items()), totals, pieces, columns(ordered))


def owed(here: Here) -> Owed | None:
    """Tell what is owed for visits of all months, by who owes it and by age."""
    found = told(here, "ageing")
    if not found:
        return None
    debtors: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in found:
        debtors[row["payer_id"]][row["bucket"]] = row
    debts = [_debt(owed_by, buckets) for owed_by, buckets in debtors.items()]
    debts.sort(key=lambda debt: (-debt.total_cents, debt.owed_by))
    totals = {bucket: sum(debt.buckets[bucket][0] for debt in debts) for bucket in BUCKETS}
    return Owed(found[0]["as_of"], debts, totals)


def _debt(owed_by: str, buckets: Mapping[str, Row]) -> Debt:
    cells = {
        bucket: (row["amount_cents"], row["visits"], _rows_of_debt(owed_by, bucket, row["as_of"]))
        for bucket, row in buckets.items()
    }
    total = sum(cents for cents, _, _ in cells.values())
    return Debt(owed_by, cells, total, sum(row["written_off_cents"] for row in buckets.values()))


def _rows_of_debt(owed_by: str, bucket: str, as_of: date) -> RowsOf:
    youngest, oldest = _AGES[bucket]
    first = "" if oldest is None else str(as_of - timedelta(days=oldest))
    last = "" if youngest is None else str(as_of - timedelta(days=youngest))
    where = {"ended_on": f"{first}..{last}"}
    if owed_by not in _OWED:
        where["payer_id"] = "" if owed_by == "no_payer" else owed_by
    return RowsOf("visit_revenue", (_OWED.get(owed_by, "payer_receivable_cents"),), where, "ar_ageing")


def triangle(here: Here, period: str) -> Triangle | None:
    """Tell when the cash of this month of service and of those before came."""
    found = told(here, "triangle", {"first": before(period, SERVICE_MONTHS - 1), "last": period})
    if not found:
        return None
    cents: dict[str, dict[str, int]] = defaultdict(dict)
    undated = 0
    for row in found:
        amount = row["payer_paid_cents"] + row["patient_collected_cents"]
        if row["paid_period"] is None:
            undated += amount
        else:
            cents[row["service_period"]][row["paid_period"]] = amount
    paid = sorted({month for row in cents.values() for month in row})
    return Triangle(span(paid[0], paid[-1]) if paid else [], [_lag(*row) for row in sorted(cents.items())], undated)


def _lag(service: str, row: Mapping[str, int]) -> tuple[str, Mapping[str, Cell], int]:
    total = sum(row.values())
    return service, {month: Cell(cents, _shade(cents, total)) for month, cents in row.items()}, total


def _shade(cents: int, total: int) -> int:
    return min(4, max(0, -(-5 * cents // total) - 1)) if cents > 0 and total > 0 else 0
