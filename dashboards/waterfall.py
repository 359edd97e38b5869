"""The waterfall of a month: from list price down to what is still owed, every cent in one step."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

SCALE = 1000  # a bar's track is this many units wide, whatever the screen


class Step(NamedTuple):
    """One row of the waterfall, by its name in the mart revenue_waterfall.

    A total stands at zero, a movement hangs from where the one before ended; a share hangs there too and moves nothing.
    """

    name: str
    label: str
    kind: str  # total | adjustment | received | share
    amount_cents: int


class Bar(NamedTuple):
    """A step with its place on the track, in units of SCALE."""

    step: Step
    left: int
    width: int

    @property
    def fill(self) -> str:
        """What the bar is filled for: its step's kind, but what adds (fees, a reversal) is never drawn as taken off."""
        return (
            "added" if self.step.kind in {"adjustment", "received"} and self.step.amount_cents > 0 else self.step.kind
        )


class Sum(NamedTuple):
    """Two ways to the same amount; `residual_cents` is 0 where they agree."""

    what: str
    shown_cents: int
    explained_cents: int

    @property
    def residual_cents(self) -> int:
        """What the steps fail to explain."""
        return self.shown_cents - self.explained_cents


class Waterfall(NamedTuple):
    """The bars, where zero lies on the track, who owes what is outstanding, and the sums that must agree."""

    bars: tuple[Bar, ...]
    zero: int
    owed: tuple[Step, ...]
    sums: tuple[Sum, ...]

    @property
    def residual_cents(self) -> int:
        """What is not explained, sum by sum and whatever its sign."""
        return sum(abs(each.residual_cents) for each in self.sums)


_STEPS = (
    ("gross_patient_service_revenue", "List price of visits", "total"),
    ("contractual", "Contractual discounts of payers", "adjustment"),
    ("sequestration", "Sequestration", "adjustment"),
    ("denied", "Denied by payers", "adjustment"),
    ("other_adjustment", "Other adjustments of payers", "adjustment"),
    ("price_concession", "Reduced price of broken-off visits", "adjustment"),
    ("missed_visit_fees", "Fees for missed visits", "adjustment"),
    ("net_patient_service_revenue", "Net patient service revenue", "total"),
    ("payer_paid", "Payers paid", "received"),
    ("patient_share", "Patient responsibility", "share"),
    ("patient_collected", "Collected from patients", "received"),
    ("outstanding", "Still outstanding", "total"),
)
_OWED = (
    ("patient_balance", "Patients were asked and have not paid"),
    ("payer_receivable", "Payers have not decided or paid"),
    ("unbilled", "Nobody was asked yet"),
)


def waterfall(amounts: Mapping[str, int]) -> Waterfall:
    """Draw a month from `amounts` (cents by step of revenue_waterfall, each with its sign).

    What a month has nothing of is left out, the totals and what was received stay.
    """
    given = [Step(name, label, kind, amounts.get(name, 0)) for name, label, kind in _STEPS]
    shown = [step for step in given if step.kind in {"total", "received"} or step.amount_cents]
    owed = tuple(Step(name, label, "part", amounts.get(name, 0)) for name, label in _OWED)
    return Waterfall(*_placed(shown), owed, _sums({step.name: step.amount_cents for step in (*given, *owed)}))


def of_measures(measures: Mapping[str, int]) -> dict[str, int]:
    """Work out the steps from measures (cents) of month_summary or practice_summary, which have no totals.

    Without the measures of what payers owe and what is unbilled, these two stand together as the payers'.
    """

    def off(*names: str) -> dict[str, int]:
        return {name: -measures.get(name, 0) for name in names}

    steps = off("contractual", "sequestration", "denied", "other_adjustment", "price_concession")
    steps["missed_visit_fees"] = measures.get("missed_visit_fees", 0)
    gross = measures.get("gross_revenue", 0)
    received = off("payer_paid", "patient_collected")
    net = gross + sum(steps.values())
    outstanding = net + sum(received.values())
    balance, unbilled = measures.get("patient_balance", 0), measures.get("unbilled", 0)
    return {
        "gross_patient_service_revenue": gross,
        **steps,
        "net_patient_service_revenue": net,
        **received,
        "outstanding": outstanding,
        "patient_balance": balance,
        "payer_receivable": measures.get("payer_receivable", outstanding - balance - unbilled),
        "unbilled": unbilled,
        "patient_share": measures.get("patient_share", balance + measures.get("patient_collected", 0)),
    }


def _sums(cents: Mapping[str, int]) -> tuple[Sum, ...]:
    def of(kind: str) -> int:
        return sum(cents[name] for name, _, each in _STEPS if each == kind)

    net, outstanding = cents["net_patient_service_revenue"], cents["outstanding"]
    return (
        Sum("Net patient service revenue", net, cents["gross_patient_service_revenue"] + of("adjustment")),
        Sum("Still outstanding", outstanding, net + of("received")),
        Sum("Who owes what is outstanding", outstanding, sum(cents[name] for name, _ in _OWED)),
    )


def _placed(steps: Sequence[Step]) -> tuple[tuple[Bar, ...], int]:
    spans = list(_spans(steps))
    low, high = min(start for start, _ in spans), max(end for _, end in spans)
    reach = max(high - low, 1)

    def units(cents: int) -> int:
        return (cents - low) * SCALE // reach

    bars = (
        Bar(step, units(start), max(units(end) - units(start), 2))
        for step, (start, end) in zip(steps, spans, strict=True)
    )
    return tuple(bars), units(0)


def _spans(steps: Iterable[Step]) -> Iterable[tuple[int, int]]:
    level = 0
    for step in steps:
        before = 0 if step.kind == "total" else level
        after = before - step.amount_cents if step.kind == "share" else before + step.amount_cents
        yield min(before, after), max(before, after)
        level = level if step.kind == "share" else after
