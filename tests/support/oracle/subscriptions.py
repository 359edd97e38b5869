"""Run rate and revenue of subscriptions in plain Python: month end by month end, and day by day, in exact fractions."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.support.oracle.inputs import Rules, StripeVersion

Body = dict[str, Any]
MONTHS = {"month": Fraction(1), "year": Fraction(1, 12), "week": Fraction(52, 12), "day": Fraction(365, 12)}
MOVEMENTS = ("new", "expansion", "reactivation", "contraction", "churn")
INSTANT = timedelta(microseconds=1)


def half_up(cents: Fraction) -> int:
    """Return whole cents, halves away from zero."""
    whole, rest = divmod(abs(cents), 1)
    rounded = int(whole) + (rest >= Fraction(1, 2))
    return rounded if cents >= 0 else -rounded


def next_month(first: date) -> date:
    """Return the first day of the month after."""
    return (first + timedelta(days=32)).replace(day=1)


def moment(seconds: int | None) -> datetime | None:
    """Return the instant of one of Stripe's times."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True)
class State:
    """A customer at a month end: the run rate, and whether any subscription is active."""

    mrr_cents: int = 0
    active: int = 0


def movements(versions: Sequence[StripeVersion], rules: Rules) -> dict[str, Counter[str]]:
    """Return by month what mrr_movements says, without the counts."""
    histories: dict[str, list[StripeVersion]] = defaultdict(list)
    for one in sorted(versions, key=lambda x: (x.version, x.sha)):
        histories[one.body["id"]].append(one)
    ends = _month_ends(histories.values(), rules)
    first = next((month for month, customers in ends.items() if customers), None)
    told: dict[str, Counter[str]] = {}
    before: dict[str, State] = {}
    seen: set[str] = set()
    for month, customers in ends.items():
        if first is None or month < first:
            continue
        row = Counter(opening=sum(state.mrr_cents for state in before.values()))
        for customer in before.keys() | customers.keys():
            was, now = before.get(customer, State()), customers.get(customer, State())
            kind = _kind(was, now, known=customer in seen)
            row[kind] += abs(now.mrr_cents - was.mrr_cents)
            if now.mrr_cents > 0:
                seen.add(customer)
        row["closing"] = sum(state.mrr_cents for state in customers.values())
        told[f"{month:%Y-%m}"] = row
        before = customers
    return told


def _kind(was: State, now: State, *, known: bool) -> str:
    if now.mrr_cents > was.mrr_cents:
        return "expansion" if was.mrr_cents else "reactivation" if known else "new"
    return "contraction" if now.active else "churn"


def _month_ends(histories: Iterable[list[StripeVersion]], rules: Rules) -> dict[date, dict[str, State]]:
    """Return by month, from long before the first subscription on, who was active at its end."""
    kept = list(histories)
    month, found = date(2025, 12, 1), {}
    while month <= rules.as_of:
        end = datetime.combine(next_month(month), datetime.min.time(), rules.zone).astimezone(UTC) - INSTANT
        customers: dict[str, State] = {}
        for history in kept:
            valid = max((x for x in history if x.version <= end), key=lambda x: (x.version, x.sha), default=None)
            earliest = [x for x in history if x.version == history[0].version]
            body = (valid or earliest[-1]).body
            if _is_active(body, history[-1].body, end):
                customer = history[-1].body["customer"]
                was = customers.get(customer, State())
                customers[customer] = State(was.mrr_cents + monthly(body), was.active + 1)
        found[month] = customers
        month = next_month(month)
    return found


def _is_active(body: Body, newest: Body, at: datetime) -> bool:
    pause = body.get("pause_collection") or {}
    if pause.get("behavior") in {"void", "keep_as_draft"}:
        resumes = moment(pause.get("resumes_at"))
        if resumes is None or at < resumes:
            return False
    if body["status"] not in {"active", "past_due", "canceled"}:
        return False
    trial_end = moment(body.get("trial_end"))
    stopped = newest.get("ended_at") or (newest.get("canceled_at") if newest["status"] == "canceled" else None)
    ended = moment(stopped)
    started = moment(body["start_date"]) or at
    return started <= at and (trial_end is None or trial_end <= at) and (ended is None or at < ended)


def monthly(body: Body) -> int:
    """Return the run rate of one version of a subscription, in cents; items without one unit price bring nothing."""
    total = 0
    for item in body["items"]["data"]:
        price = item["price"]
        recurring = price["recurring"]
        unit = price.get("unit_amount_decimal") or price.get("unit_amount")
        if recurring["usage_type"] == "metered" or unit is None:
            continue
        months = MONTHS[recurring["interval"]] / recurring["interval_count"]
        total += half_up(Fraction(str(unit)) * item["quantity"] * months)
    return total


def recognised(invoices: Iterable[Body], notes: Iterable[Body], rules: Rules) -> Counter[tuple[str, str]]:
    """Return the revenue by (invoice, month) of the months that are over at the day of the run."""
    earned: Counter[tuple[str, str]] = Counter()
    credited: Mapping[str, list[Body]] = _by_invoice(notes)
    for invoice in invoices:
        spans = [(line["amount"], *_days(line, rules)) for line in invoice["lines"]["data"]]
        first, last = min(span[1] for span in spans), max(span[2] for span in spans)
        for note in credited.get(invoice["id"], []):
            day = rules.local_date(datetime.fromtimestamp(note["created"], UTC))
            start = day if day > last else max(day, first)
            spans.append((-note["total"], start, max(day, last)))
        for cents, start, end in spans:
            for month, share in spread(cents, start, end).items():
                if next_month(month) - timedelta(days=1) <= rules.as_of:
                    earned[invoice["id"], f"{month:%Y-%m}"] += share
    return earned


def _by_invoice(notes: Iterable[Body]) -> dict[str, list[Body]]:
    found: dict[str, list[Body]] = defaultdict(list)
    for note in notes:
        if note["status"] != "void":
            found[note["invoice"]].append(note)
    return found


def _days(line: Body, rules: Rules) -> tuple[date, date]:
    start, end = (datetime.fromtimestamp(line["period"][name], UTC) for name in ("start", "end"))
    if line["price"]["recurring"]["usage_type"] == "metered":
        day = rules.local_date(end - timedelta(seconds=1))
        return day, day
    first = rules.local_date(start)
    return first, max(first, rules.local_date(end) - timedelta(days=1))


def spread(cents: int, first: date, last: date) -> dict[date, int]:
    """Return cents by month, counted a day at a time; the last month takes the rest."""
    days: Counter[date] = Counter()
    day = first
    while day <= last:
        days[day.replace(day=1)] += 1
        day += timedelta(days=1)
    shares = {month: half_up(Fraction(cents * count, days.total())) for month, count in days.items()}
    end = last.replace(day=1)
    shares[end] = cents - sum(share for month, share in shares.items() if month != end)
    return shares
