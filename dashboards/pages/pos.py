"""Place of service: the ledger's against the one payers paid on, what it is worth, and the claims worth correcting."""

from collections.abc import Mapping
from typing import NamedTuple

from dashboards.choices import Choice, chosen
from dashboards.here import Here
from dashboards.paging import Part
from dashboards.reading import one, rows
from dashboards.templating import page

LABELS = {"period": "Month of service", "payer": "Payer", "code": "Service", "provider": "Provider"}


class Step(NamedTuple):
    """What to do with a claim, and why."""

    title: str
    why: str


STEPS = {
    "correct": Step(
        "Send a corrected claim",
        "The payer has the claim on a place of service that pays less. Send it again as a replacement (frequency code "
        "7) with the payer's own number of the claim and the ledger's place of service.",
    ),
    "correct_and_give_back": Step(
        "Correct and give back",
        "The payer paid on a place of service that pays more than the ledger's. Money paid in error has to go back: "
        "send the replacement, and expect the payer to take the difference from a later remit.",
    ),
    "ask_for_claim_number": Step(
        "Ask for the claim's number",
        "The remittance names no claim number of the payer, and a replacement cannot be sent without it. Ask the payer "
        "by the trace number.",
    ),
    "load_fee": Step(
        "Load the price",
        "The fee schedule has no price for one of the two places, so nobody knows what hangs on it: load it, then look "
        "again.",
    ),
    "nothing_at_stake": Step("No money at stake", "Both places are worth the same by the fee schedule."),
}
GROUPINGS = {
    "payer,code,provider": "Payer, service and provider",
    "payer": "Payer",
    "code": "Service",
    "provider": "Provider",
    "payer,code": "Payer and service",
    "payer,provider": "Payer and provider",
    "code,provider": "Service and provider",
}


def html(here: Here, asked: Mapping[str, str], by: str, number: int) -> str:
    """Render the report; `by` is one of GROUPINGS, another one shows all three."""
    choices = _choices(here, asked)
    cut = chosen(choices)
    grouping = by if by in GROUPINGS else next(iter(GROUPINGS))
    groups = {f"by_{name}": name in grouping.split(",") for name in ("payer", "code", "provider")}
    first = rows(here, "pos_variance", {**cut, **groups, **_PART_ONE})
    part = Part.of(first[0]["groups"] if first else 0, number)
    asked_for = {**cut, **groups, "size": part.size, "skipped": part.skipped}
    return page(
        here,
        "pos.html",
        choices=choices,
        cut=cut,
        by=grouping,
        groupings=GROUPINGS,
        columns=[name for name in ("payer", "code", "provider") if name in grouping.split(",")],
        places=rows(here, "pos_places", cut) if here.reader.practice_id is None else None,
        groups=first if number == 1 else rows(here, "pos_variance", asked_for),
        part=part,
        totals=rows(here, "correction_totals", cut),
        steps=STEPS,
        labels=LABELS,
    )


def claims_html(here: Here, asked: Mapping[str, str], number: int) -> str:
    """Render the claims worth correcting, the most money first."""
    choices = _choices(here, asked)
    step = Choice.among("step", "What to do", STEPS, asked)
    cut = chosen(choices)
    totals = rows(here, "correction_totals", cut)
    shown = [row for row in totals if step.value in {None, row["next_step"]}]
    part = Part.of(sum(row["claims"] for row in shown), number)
    found = rows(here, "corrections", {**cut, "step": step.value, "size": part.size, "skipped": part.skipped})
    return page(
        here,
        "corrections.html",
        choices=[*choices, step],
        cut={**cut, "step": step.value},
        totals=shown,
        claims=found,
        part=part,
        steps=STEPS,
    )


_PART_ONE = {"size": Part(1, 1).size, "skipped": 0}


def _choices(here: Here, asked: Mapping[str, str]) -> list[Choice]:
    there = one(here, "pos_choices")
    return [Choice.among(name, label, there[name], asked) for name, label in LABELS.items()]
