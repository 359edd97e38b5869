"""The net-revenue waterfall: from gross charges down to what patients still owe, every cent in one step."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

SCALE = 1000  # a bar's track is this many units wide, whatever the screen


class Step(NamedTuple):
    """One row of the waterfall; a total stands at zero, a movement hangs from where the one before ended."""

    label: str
    note: str
    amount_cents: int
    kind: str  # total | adjustment | received


class Bar(NamedTuple):
    """A step with its place on the track, in units of SCALE."""

    step: Step
    left: int
    width: int


class Waterfall(NamedTuple):
    """The bars, where zero lies on the track, and what the steps fail to explain (0 when the books tie)."""

    bars: tuple[Bar, ...]
    zero: int
    outstanding_cents: int
    residual_cents: int


_WITHHELD = {
    "not_billable": ("Not billable", "Scheduled, cancelled, missed or disputed: charge less what the rules bill"),
    "awaiting_payer": ("Awaiting a payer", "Insured, no live decision: charge less the patient's estimate"),
    "self_pay_policy": ("Partial visits", "Self-pay: charge less what the practice's policy bills"),
    "later_payers": (
        "Later payers and differences",
        "What the primary remit and the patient's share leave unexplained",
    ),
    "posted_later": ("Posted in a later month", "Came when this month was closed, and stands in the month then open"),
}


def waterfall(measures: Mapping[str, int]) -> Waterfall:
    """Draw the month from `measures` (month_summary, cents).

    `residual_cents` is a check: gross less every step, what is withheld by its reasons among them, must leave what is
    outstanding, worked out on its own as patient target less collected.
    """
    gross = measures.get("gross_charges", 0)
    paid, target = measures.get("payer_paid", 0), measures.get("patient_target", 0)
    collected = measures.get("patient_collected", 0)
    reductions = [
        Step("Contractual", "CO-45", -measures.get("contractual", 0), "adjustment"),
        Step("Sequestration", "CO-253", -measures.get("sequestration", 0), "adjustment"),
        Step("Denied", "Every adjustment of a live primary denial", -measures.get("denied", 0), "adjustment"),
        Step(
            "Other adjustments",
            "Neither the patient's nor listed above",
            -measures.get("other_adjustment", 0),
            "adjustment",
        ),
        *(Step(*_WITHHELD[kind], -measures.get(f"withheld_{kind}", 0), "adjustment") for kind in _WITHHELD),
    ]
    outstanding = target - collected
    steps = [
        Step("Gross charges", "List price of every visit", gross, "total"),
        *(step for step in reductions if step.amount_cents),
        Step("Net revenue", "Payer paid + patient target", paid + target, "total"),
        Step("Payer paid", "All payers, reversals included", -paid, "received"),
        Step("Patient collected", "Captured less refunds and lost disputes", -collected, "received"),
        Step("Outstanding", "Patient target less collected", outstanding, "total"),
    ]
    explained = gross + sum(step.amount_cents for step in reductions) - paid - collected
    return Waterfall(*_placed(steps), outstanding, outstanding - explained)


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
        level = before + step.amount_cents
        yield min(before, level), max(before, level)
