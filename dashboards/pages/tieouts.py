"""Every kind of tie-out: both sides, what does not tie, and the rows it is made of."""

from http import HTTPStatus
from typing import NamedTuple

from starlette.exceptions import HTTPException

from dashboards.checks import checks
from dashboards.cutting import NOT
from dashboards.here import Here
from dashboards.paging import Part
from dashboards.reading import Row, one, rows
from dashboards.templating import page

TIED = frozenset({"posted", "matched", "duplicate", "manual", "replaced"})
"""Outcomes that wait for nobody."""
WHOLE = frozenset({"balance"})
"""Kinds with a row a payment: what ties of them is not listed but exported."""


class Kind(NamedTuple):
    """A kind of tie-out: what is compared, what it means when they differ, and what to do."""

    title: str
    this: str
    other: str
    differs: str
    mart: str


KINDS = {
    "era": Kind(
        "Remits (835)",
        "Announced (BPR02)",
        "Claims less provider adjustments",
        "Held: the two do not agree. Conflict: the same payment is posted already with another content. Both wait for "
        "a person under Remits. A duplicate is the same content again, and never posts twice.",
        "era_tieout",
    ),
    "eft": Kind(
        "Bank transfers",
        "Expected",
        "Deposited",
        "Missing: announced by a payer and not at the bank. Unexpected: at the bank and not announced. Ask the payer "
        "by the trace number, or load the remit or the bank's list that is not here yet.",
        "eft_tieout",
    ),
    "payout": Kind(
        "Stripe payouts",
        "Paid out",
        "Its balance transactions",
        "An automatic payout is the sum of the transactions it lists. A difference means that some are not loaded.",
        "payout_tieout",
    ),
    "balance": Kind(
        "Stripe objects",
        "Object",
        "Movements of the balance",
        "A charge, refund, dispute or payout that moved the balance by another amount, or not at all. Load the balance "
        "transactions that are missing.",
        "balance_tieout",
    ),
    "input": Kind(
        "Inputs",
        "One says",
        "The other says",
        "Two inputs, or two places of one, that say the same cents differently. Look at both places and mend the one "
        "that is wrong at its source.",
        "input_tieout",
    ),
    "rollforward": Kind(
        "Stripe balance, by day",
        "Change",
        "Explained by movements",
        "A balance transaction whose net is not its amount less its fee, which Stripe says cannot be.",
        "stripe_rollforward",
    ),
}


def html(here: Here) -> str:
    """Render the tie-outs over all months."""
    totals = rows(here, "tieouts")
    return page(
        here,
        "tieouts.html",
        checks=checks(here),
        kinds={name: (kind, [row for row in totals if row["kind"] == name]) for name, kind in KINDS.items()},
        open_points=one(here, "open_points"),
        tied=TIED,
    )


def of_kind(here: Here, name: str, status: str | None, number: int) -> str:
    """Render the rows of one kind: with one outcome, or those that do not tie. Raises HTTPException 404."""
    if (kind := KINDS.get(name)) is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"There is no tie-out of this kind. There are: {', '.join(KINDS)}.")
    totals = [row for row in rows(here, "tieouts") if row["kind"] == name]
    shown = [row for row in totals if _is_shown(row, status)]
    listed = [row["status"] for row in shown if not (name in WHOLE and row["status"] in TIED)]
    part = Part.of(sum(row["pieces"] for row in shown if row["status"] in listed), number)
    found = rows(here, f"ties_{name}", {"statuses": listed, "size": part.size, "skipped": part.skipped})
    return page(
        here,
        "tieout.html",
        name=name,
        kind=kind,
        totals=totals,
        status=status,
        shown_by=_columns(name, status),
        is_left_out=len(listed) < len(shown),
        ties=found,
        part=part,
        tied=TIED,
    )


def _columns(name: str, status: str | None) -> dict[str, str | list[str]]:
    """Return the values by column of the rows with one outcome, or of those that do not tie: see dashboards.cutting."""
    difference = {"payout": "residual_cents", "rollforward": "unexplained_cents"}
    if name == "era":
        of = [status] if status else [f"{NOT}{tied}" for tied in sorted(TIED)]
        return {"settlement": "replaced"} if status == "replaced" else {"verdict": of, "settlement": f"{NOT}replaced"}
    if name == "input":
        return {"check_name": status} if status else {}
    if name not in difference:
        return {"status": status or f"{NOT}matched"}
    values = {"manual": [""], "matched": ["0"]}.get(status or "", [f"{NOT}0", f"{NOT}"])
    return {difference[name]: values} | ({"grain": "day"} if name == "rollforward" else {})


def _is_shown(row: Row, status: str | None) -> bool:
    return row["status"] == status if status else row["status"] not in TIED
