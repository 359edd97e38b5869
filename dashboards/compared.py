"""The headline figures of a month beside those of the month before and of the same month a year ago."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from dashboards.cutting import ANY
from dashboards.rows_of import RowsOf

Figures: TypeAlias = Mapping[str, int | Decimal | None]


class Side(NamedTuple):
    """One side of a ratio: its amount in cents or its number, and the rows it is made of."""

    value: int | None
    unit: str
    rows: RowsOf | None


class Line(NamedTuple):
    """A figure at three times: now, a month before and a year before; None where nobody knows it.

    `unit`: cents, count, ratio (basis points) or days. A ratio has its sides in place of rows.
    """

    name: str
    label: str
    unit: str
    values: tuple[int | Decimal | None, ...]
    rows: RowsOf | None
    sides: tuple[Side, ...] = ()

    @property
    def changes(self) -> tuple[int | Decimal | None, ...]:
        """What changed since each of the other times."""
        now, *others = self.values
        return tuple(None if now is None or then is None else now - then for then in others)


NPSR = (
    "gross_revenue_cents",
    *("-contractual_cents", "-sequestration_cents", "-denied_cents", "-other_adjustment_cents"),
    *("-price_concession_cents", "missed_visit_fee_cents"),
)
OWED = ("patient_balance_cents", "payer_receivable_cents", "unbilled_cents")
STEPS = {
    "gross_patient_service_revenue": ("gross_revenue_cents",),
    "contractual": ("-contractual_cents",),
    "sequestration": ("-sequestration_cents",),
    "denied": ("-denied_cents",),
    "other_adjustment": ("-other_adjustment_cents",),
    "price_concession": ("-price_concession_cents",),
    "missed_visit_fees": ("missed_visit_fee_cents",),
    "net_patient_service_revenue": NPSR,
    "payer_paid": ("-payer_paid_cents",),
    "patient_share": ("patient_billed_cents", "memo_cents"),
    "patient_collected": ("-patient_collected_cents",),
    "outstanding": OWED,
    "patient_balance": OWED[:1],
    "payer_receivable": OWED[1:2],
    "unbilled": OWED[2:],
}
"""The steps of the waterfall, each with what a visit adds to it."""

_HEADLINES = (
    ("net_patient_service_revenue", "Net patient service revenue", 1),
    ("payer_paid", "Payers paid", -1),
    ("patient_collected", "Collected from patients", -1),
    ("outstanding", "Still outstanding", 1),
)
_OF_VISITS = (
    ("visits", "Visits", "count", ()),
    ("pos_adjusted_revenue", "POS-adjusted revenue", "cents", ("pos_adjusted_revenue_cents",)),
    ("pos_variance", "Place-of-service variance", "cents", ("pos_variance_cents",)),
)


class _Ratio(NamedTuple):
    """A ratio by its name in month_ratios: what a visit adds to each side, none where visits count, of which visits."""

    name: str
    label: str
    adds: tuple[tuple[str, ...], tuple[str, ...]]
    cuts: tuple[Mapping[str, str], Mapping[str, str]]


_CASH = ("payer_paid_cents", "patient_collected_cents")
_COLLECTABLE = ("gross_revenue_cents", "missed_visit_fee_cents", "-contractual_cents")
_RATIOS = (
    _Ratio("net_collection_rate", "Net collection rate", (_CASH, _COLLECTABLE), ({}, {})),
    _Ratio("denial_rate", "Denial rate", (("denied_cents",), ("gross_revenue_cents",)), ({}, {"payer_id": ANY})),
    _Ratio("first_pass_yield", "First-pass yield", ((), ()), ({"first_decision": "passed"}, {"first_decision": ANY})),
)


def rows_of_visits(period: str, practice: str | None, adds: Sequence[str], of: str, **where: str) -> RowsOf:
    """Return the visits of a month, of one practice or of all, each with what it adds."""
    cut = {"practice_id": practice} if practice else {}
    return RowsOf("visit_revenue", tuple(adds), {"service_period": period, **cut, **where}, of)


def rows_of_steps(period: str, practice: str | None) -> dict[str, RowsOf]:
    """Return the visits behind each step of the waterfall."""
    return {name: rows_of_visits(period, practice, adds, f"revenue_waterfall.{name}") for name, adds in STEPS.items()}


def lines(
    period: str,
    practice: str | None,
    steps: Sequence[Figures],
    measures: Sequence[Figures],
    ratios: Sequence[Mapping[str, Any]],
) -> list[Line]:
    """Put the figures of three times beside each other.

    Each sequence has what is now, a month before and a year before: steps and measures by name in cents (visits by
    number), ratios by name as rows of month_ratios. Ratios that are not known now are left out.
    """
    found = []
    for name, label, sign in _HEADLINES:
        values = tuple(None if (cents := each.get(name)) is None else sign * cents for each in steps)
        adds = STEPS[name] if sign > 0 else tuple(added.removeprefix("-") for added in STEPS[name])
        of = f"revenue_waterfall.{name}"
        found.append(Line(of, label, "cents", values, rows_of_visits(period, practice, adds, of)))
    if ratios[0]:
        found += [_ratio(period, ratios, each) for each in _RATIOS]
        found.append(_days_owed(period, ratios))
    for name, label, unit, adds in _OF_VISITS:
        of = f"month_summary.{name}"
        values = tuple(each.get(name) for each in measures)
        found.append(Line(of, label, unit, values, rows_of_visits(period, practice, adds, of)))
    return found


def _ratio(period: str, ratios: Sequence[Mapping[str, Any]], ratio: _Ratio) -> Line:
    of, now = f"month_ratios.{ratio.name}", ratios[0].get(ratio.name, {})
    unit = "cents" if ratio.adds[0] else "count"
    sides = tuple(
        Side(now.get(f"{side}_{unit}"), unit, rows_of_visits(period, None, added, of, **cut))
        for side, added, cut in zip(("numerator", "denominator"), ratio.adds, ratio.cuts, strict=True)
    )
    values = tuple(each.get(ratio.name, {}).get("ratio") for each in ratios)
    return Line(of, ratio.label, "ratio", values, None, sides)


def _days_owed(period: str, ratios: Sequence[Mapping[str, Any]]) -> Line:
    of, now = "month_ratios.days_in_ar", ratios[0].get("days_in_ar", {})
    owed = RowsOf("ar_rollforward", ("closing_cents",), {"period": period}, of)
    sides = (Side(now.get("numerator_cents"), "cents", owed), Side(now.get("denominator_cents"), "cents", None))
    days = tuple(each.get("days_in_ar", {}).get("days") for each in ratios)
    return Line(of, "Days in accounts receivable", "days", days, None, sides)
