"""A visit's story as a person reads it: what happened, what it took off, and how the books took it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from dashboards.leak_guide import guide
from dashboards.leak_words import because

_ORDERS = {1: "primary", 2: "secondary", 3: "tertiary"}
_ASKED = {
    "invoice": "Invoice to the patient",
    "credit_note": "Credit note to the patient",
    "payment_intent": "Payment asked of the patient",
    "charge": "Charged at once",
    "refund": "Refund lowers what was asked",
    "usage": "Usage reported for the subscription",
    "usage_void": "Usage on an invoice that is void: nobody is asked for it",
}
_PAID = {
    "charge": "The patient paid",
    "refund": "Given back to the patient",
    "dispute": "Lost in a dispute",
    "charge_failed": "A charge failed",
    "charge_pending": "A charge is pending",
}
_SHOWN = (
    *("service_code", "modifiers", "units", "place_of_service", "payer_id", "provider_id"),
    *("charge_cents", "patient_estimate_cents", "scheduled_start", "started_at", "ended_at"),
)


@dataclass(frozen=True)
class Line:
    """An adjustment or a line of the journal: what, how much in cents, and more about it."""

    what: str
    amount_cents: int
    note: str = ""


@dataclass
class Moment:
    """One thing that happened; `at` is empty where only the day is known, the amount where no money is in it.

    `remit` names the remittance it came with, as the address of its page does.
    """

    on: date
    at: datetime | None
    kind: str
    title: str
    amount_cents: int | None
    facts: Mapping[str, object]
    note: str = ""
    source_id: str = ""
    remit: str = ""
    taken_off: list[Line] = field(default_factory=list)
    posted: dict[str, list[Line]] = field(default_factory=dict)


def moments(rows: Iterable[Mapping[str, Any]]) -> list[Moment]:
    """Tell the rows of queries/story.sql: adjustments stand under their claim, the journal under what it is about.

    What the journal says of nothing that is told here (the visit's own revenue, a write-off) is a moment by itself.
    """
    told: list[Moment] = []
    about: dict[tuple[str, str], Moment] = {}
    entries: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    state: Mapping[str, Any] = {}
    later = sorted(rows, key=lambda row: row["kind"] in {"adjustment", "journal"})
    for row in later:
        details, source = row["details"], row["source_id"]
        if row["kind"] == "adjustment":
            about["claim", source].taken_off.append(Line(row["what"], row["amount_cents"], details["meaning"] or ""))
        elif row["kind"] == "journal":
            entries[details["source_kind"], details["source_id"]].append(row)
        else:
            moment = _TELL[row["kind"]](row, state)
            state = details if row["kind"] == "state" else state
            told.append(moment)
            about.setdefault((row["kind"], source), moment)
    for (kind, source), lines in entries.items():
        cause = about.get((_CAUSES.get(kind, ""), source))
        if cause is None:
            cause = _of_journal(kind, lines[0])
            told.append(cause)
        cause.posted = _posted(lines)
    return sorted(told, key=_order)


_CAUSES = {"demand": "demand", "receipt": "payment", "remittance_claim": "claim", "memo": "memo"}
_RANKS = ("state", "journal", "claim", "demand", "payment", "memo", "leak", "work")


def _order(moment: Moment) -> tuple[date, str, int, str]:
    return moment.on, f"{moment.at:%H:%M:%S}" if moment.at else "~", _RANKS.index(moment.kind), moment.source_id


def _moment(row: Mapping[str, Any], title: str, facts: Mapping[str, object], note: str = "") -> Moment:
    at = row["happened_at"]
    return Moment(
        row["happened_on"], at, row["kind"], title, row["amount_cents"], facts, note, source_id=row["source_id"]
    )


def _of_state(row: Mapping[str, Any], before: Mapping[str, Any]) -> Moment:
    details = row["details"]
    changed = {
        name.removesuffix("_id"): _readable(name, details[name])
        for name in _SHOWN
        if details[name] != before.get(name) and not (details[name] in {None, ""} and name not in before)
    }
    return _moment(row, row["what"].replace("_", " ").capitalize(), changed)


def _readable(name: str, value: object) -> object:
    if isinstance(value, str) and name in {"scheduled_start", "started_at", "ended_at"}:
        return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M}"
    return value


def _of_claim(row: Mapping[str, Any], _before: Mapping[str, Any]) -> Moment:
    details = row["details"]
    order = _ORDERS.get(details["payer_order"], f"number {details['payer_order']}")
    titles = {
        "decided": f"The {order} payer decided",
        "denied": f"The {order} payer denied the claim",
        "reversed": f"The {order} payer took back a decision",
    }
    stands = "" if details["is_live"] or row["what"] == "reversed" else "It was taken back or replaced later."
    facts = {
        "payer": details["payer_id"],
        "charge_cents": details["charge_cents"],
        "place_of_service": details["place_of_service"],
        "trace": details["trn_number"],
        "file": f"{details['file_sha256'][:12]} ST {details['st_index']} claim {details['claim_index']}",
    }
    told = _moment(row, titles[row["what"]], {name: value for name, value in facts.items() if value}, stands)
    told.remit = f"{details['file_sha256']}-{details['st_index']}"
    return told


def _of_demand(row: Mapping[str, Any], _before: Mapping[str, Any]) -> Moment:
    return _moment(row, _ASKED.get(row["what"], row["what"]), {"id": row["source_id"]} | row["details"])


def _of_payment(row: Mapping[str, Any], _before: Mapping[str, Any]) -> Moment:
    named = {name: value for name, value in row["details"].items() if value}
    return _moment(
        row, _PAID.get(row["what"], row["what"].replace("_", " ").capitalize()), {"id": row["source_id"]} | named
    )


def _of_memo(row: Mapping[str, Any], _before: Mapping[str, Any]) -> Moment:
    details = row["details"]
    facts = {
        "reason": details["reason"].replace("_", " "),
        "month of service": details["origin_period"],
        "posted to": details["period"],
        "at Stripe": details["posting_status"],
        "caused by": details["caused_by"],
    }
    return _moment(row, f"{row['what'].capitalize()} memo", facts)


def _of_leak(row: Mapping[str, Any], _before: Mapping[str, Any]) -> Moment:
    return _moment(row, f"Seen to leak: {guide(row['what']).title}", {}, because(row["what"], row["details"]))


def _of_work(row: Mapping[str, Any], _before: Mapping[str, Any]) -> Moment:
    details = row["details"]
    subject = guide(details["why"]).title if details["kind"] in {"leak", "pos_mismatch"} else details["kind"]
    said = "" if row["what"] == "opened" and details["said"] == details["why"] else details["said"] or ""
    facts = {"by": details["made_by"], "worklist row": row["source_id"]}
    return _moment(row, f"{row['what'].capitalize()}: {subject.replace('_', ' ')}", facts, said)


def _of_journal(kind: str, row: Mapping[str, Any]) -> Moment:
    title = "The visit's revenue is booked" if kind == "visit" else f"In the journal: {kind.replace('_', ' ')}"
    return Moment(row["happened_on"], None, "journal", title, None, {}, source_id=row["source_id"])


def _posted(lines: Sequence[Mapping[str, Any]]) -> dict[str, list[Line]]:
    """Tell entries in words, each with its lines: in which month they stand, and since when."""
    told: dict[str, list[Line]] = defaultdict(list)
    ordered = sorted(
        lines, key=lambda row: (row["details"]["recorded_at"], row["source_id"], row["details"]["line_no"])
    )
    for row in ordered:
        details = row["details"]
        late = ", late" if details["is_late"] else ""
        back = ", taking back an earlier entry" if details["reverses_entry_id"] else ""
        entered = datetime.fromisoformat(details["recorded_at"])
        head = f"Journal {row['happened_on']}, in {details['period']}{late}, entered {entered:%Y-%m-%d %H:%M}{back}"
        side = "debit" if row["amount_cents"] >= 0 else "credit"
        told[head].append(Line(row["what"].replace("_", " "), row["amount_cents"], side))
    return dict(told)


def _in_journal(row: Mapping[str, Any]) -> tuple[str, str, int]:
    return row["details"]["recorded_at"], row["source_id"], row["details"]["line_no"]


_TELL = {
    "state": _of_state,
    "claim": _of_claim,
    "demand": _of_demand,
    "payment": _of_payment,
    "memo": _of_memo,
    "leak": _of_leak,
    "work": _of_work,
}
