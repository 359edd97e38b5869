"""Random Stripe objects of a visit: both shapes, failed attempts, refunds, disputes, memo objects, versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.support.oracle.inputs import StripeVersion

if TYPE_CHECKING:
    from random import Random

    from tests.support.oracle.inputs import Observation

Body = dict[str, Any]
HOUR = 3600
DAY = 24 * HOUR
LOADED = datetime(9999, 1, 1, tzinfo=UTC)
OLD_API, NEW_API = "2024-06-20", "2026-05-27.dahlia"


@dataclass(frozen=True)
class Line:
    """A line of a Stripe file: a bare object, or an event that carries it; `sha` only breaks ties of time."""

    body: Body
    event: Body | None = None
    sha: str = ""

    def document(self) -> Body:
        """Return the JSON object of the line."""
        return self.body if self.event is None else {**self.event, "data": {"object": self.body}}

    def version(self) -> StripeVersion:
        """Return what the oracle is given: an event's time, or a load time, which is later than any event here."""
        moment = datetime.fromtimestamp(self.event["created"], tz=UTC) if self.event else LOADED
        return StripeVersion(self.body, moment, self.sha)


class Maker:
    """Makes objects about one visit (or nobody), with ids and times that the seed decides."""

    def __init__(self, rng: Random, token: str | None, start: datetime, *, ties: bool = False) -> None:
        self.rng = rng
        self.token = token
        self.start = int(start.timestamp())
        self.ties = ties
        self.objects: list[Body] = []
        self.lines: list[Line] = []

    def chance(self, rate: float) -> bool:
        """Return true at this rate."""
        return self.rng.random() < rate

    def name(self, prefix: str) -> str:
        """Return a new object id."""
        return f"{prefix}_{self.rng.getrandbits(80):020x}"

    def tags(self, *, token: bool, memo: bool = False) -> Body:
        """Return metadata with or without the visit token and a memo id."""
        tags: Body = {}
        if token and self.token:
            tags["visit_token"] = self.token
        if memo:
            tags["memo_id"] = f"{self.rng.getrandbits(128):032x}"
        return tags

    def add(self, kind: str, prefix: str, **fields: Any) -> Body:
        """Return a new object of a kind, in US dollars."""
        body = {"id": self.name(prefix), "object": kind, "created": self.start, "currency": "usd", **fields}
        self.objects.append(body)
        return body

    def charge(self, cents: int, status: str, **fields: Any) -> Body:
        """Return a charge; a succeeded one is captured whole unless said otherwise."""
        captured = status == "succeeded"
        fields = {"captured": captured, "amount_captured": cents if captured else 0, **fields}
        if self.chance(0.1) and fields["amount_captured"] in (0, cents):
            del fields["amount_captured"]
        offset = self.rng.choice((0, 0, HOUR, 24 * HOUR - 1, 24 * HOUR, 30 * HOUR))
        body = self.add("charge", "ch", amount=cents, status=status, paid=captured, amount_refunded=0, **fields)
        body["created"] = self.start + offset
        return body

    def refunds(self, charge: Body) -> None:
        """Add refunds of a succeeded charge, whole or in part, by charge or by intent, in any status."""
        left = charge["amount"]
        while left > 0 and self.chance(0.25):
            cents = self.rng.choice((left, max(1, left // 3)))
            status = self.rng.choice(("succeeded", "succeeded", "succeeded", "pending", "failed", "canceled"))
            intent = charge.get("payment_intent")
            named = not (intent and self.chance(0.2))
            tags = self.tags(token=self.chance(0.5), memo=self.chance(0.2))
            links = {"charge": charge["id"] if named else None, "payment_intent": intent}
            self.add("refund", "re", amount=cents, status=status, metadata=tags, **links)
            left -= cents if status == "succeeded" else 0

    def dispute(self, charge: Body) -> None:
        """Add a dispute of a charge, rarely."""
        if self.chance(0.08):
            status = self.rng.choice(("lost", "won", "needs_response"))
            links = {"charge": charge["id"], "payment_intent": charge.get("payment_intent")}
            self.add("dispute", "dp", amount=charge["amount"], status=status, metadata={}, **links)

    def intent(self, cents: int, *, invoice: Body | None = None, old: bool = False, memo: bool = False) -> Body:
        """Add an intent with its attempts; it pays an invoice when there is one."""
        link = {"invoice": invoice["id"] if invoice else None} if old else {}
        tagged = self.rng.choice(((True, True), (True, False), (True, False), (False, True)))
        if invoice is not None:
            tagged = self.rng.choice((tagged, (False, False)))
        states = ("succeeded",) * 6 + ("requires_payment_method", "canceled", "processing", "requires_capture")
        status = "succeeded" if invoice and invoice["status"] == "paid" else self.rng.choice(states)
        received = cents if status == "succeeded" else 0
        body = self.add("payment_intent", "pi", amount=cents, status=status, amount_received=received, **link)
        body["metadata"] = self.tags(token=tagged[0], memo=memo)
        common = {"payment_intent": body["id"], "metadata": self.tags(token=tagged[1], memo=memo), **link}
        charges = [self.charge(cents, "failed", **common) for _ in range(self.rng.choice((0, 0, 1, 2)))]
        if status == "succeeded":
            charges.append(self.charge(cents, "succeeded", **common))
            self.refunds(charges[-1])
            self.dispute(charges[-1])
        elif status == "requires_capture":
            charges.append(self.charge(cents, "succeeded", **{**common, "captured": False, "amount_captured": 0}))
        body["latest_charge"] = charges[-1]["id"] if charges else None
        return body

    def bare_charge(self, cents: int) -> None:
        """Add a charge with no intent, as old integrations make them."""
        status = self.rng.choice(("succeeded", "succeeded", "succeeded", "failed"))
        memo = self.chance(0.1)
        tags = self.tags(token=True, memo=memo)
        charge = self.charge(cents, status, payment_intent=None, invoice=None, metadata=tags)
        if status == "succeeded":
            self.refunds(charge)
            self.dispute(charge)

    def invoice(self, cents: int, *, subscription: bool = False, memo: bool = False) -> None:
        """Add an invoice in the old or the new shape, its payment and its credit notes."""
        old = self.chance(0.5)
        status = self.rng.choice(("paid", "paid", "paid", "open", "draft", "void", "uncollectible"))
        plan = self.name("sub") if subscription else None
        parent: Body | None = {"type": "subscription_details", "subscription_details": {"subscription": plan}}
        shape: Body = {"subscription": plan} if old else {"parent": parent if subscription else None}
        body = self.add("invoice", "in", total=cents, amount_due=cents, status=status, **shape)
        body["metadata"] = self.tags(token=True, memo=memo)
        if status == "paid" or self.chance(0.4):
            intent = self.intent(cents, invoice=body, old=old, memo=memo)
            if old:
                body["payment_intent"], body["charge"] = intent["id"], intent["latest_charge"]
            else:
                paid = {"type": "payment_intent", "payment_intent": intent["id"]}
                self.add("invoice_payment", "inpay", invoice=body["id"], payment=paid, status="paid")
        if status != "draft" and self.chance(0.3):
            part = max(1, cents // 4)
            kept = self.rng.choice(("issued", "issued", "void"))
            tags = self.tags(token=self.chance(0.5), memo=self.chance(0.3))
            self.add("credit_note", "cn", invoice=body["id"], amount=part, total=part, status=kept, metadata=tags)

    def publish(self) -> list[Line]:
        """Return the lines: bare objects, events, and older versions that must lose."""
        for body in self.objects:
            created = body["created"] + 60
            if self.chance(0.5):
                self.lines.append(Line(body))
            else:
                self.lines.append(self.carried(body, created))
            if self.chance(0.25):
                self.lines.append(self.carried(self.aged(body), created - self.rng.randrange(1, 59)))
            if self.ties and self.chance(0.02) and body["object"] == "invoice":
                self.lines = [line for line in self.lines if line.body["id"] != body["id"]]
                self.lines += [self.carried(body, created), self.carried(self.aged(body), created)]
        return self.lines

    def carried(self, body: Body, created: int) -> Line:
        """Return an event about an object."""
        api = OLD_API if "subscription" in body else NEW_API
        event = {"id": self.name("evt"), "object": "event", "api_version": api, "created": created}
        return Line(body, {**event, "type": f"{body['object']}.updated"})

    def aged(self, body: Body) -> Body:
        """Return an earlier version of an object: less had happened."""
        early: dict[str, Body] = {
            "charge": {"status": "pending", "captured": False, "amount_captured": 0},
            "payment_intent": {"status": "requires_confirmation", "amount_received": 0, "latest_charge": None},
            "invoice": {"status": "draft"},
            "refund": {"status": "pending"},
            "dispute": {"status": "under_review"},
            "credit_note": {"total": 1, "amount": 1},
        }
        return {**body, **early.get(body["object"], {})}


def of_visit(rng: Random, visit: Observation, *, ties: bool) -> list[Line]:
    """Return the lines about one visit: nothing, one way to be billed, or several at once."""
    maker = Maker(rng, visit.visit_token, visit.scheduled_start, ties=ties)
    likely = (visit.patient_estimate_cents, visit.charge_cents, 2500, 4000)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3))):
        cents = rng.choice(likely) or 2000
        way = rng.random()
        if way < 0.45:
            maker.intent(cents, memo=maker.chance(0.07))
        elif way < 0.65:
            maker.bare_charge(cents)
        else:
            maker.invoice(cents, subscription=maker.chance(0.1), memo=maker.chance(0.1))
    return maker.publish()


def of_nobody(rng: Random, count: int) -> list[Line]:
    """Return the lines that reach no visit: no token, or one of nobody; subscriptions; and the payouts."""
    lines: list[Line] = []
    start = datetime(2026, 9, 5, 12, tzinfo=UTC)
    for _ in range(count):
        token = rng.choice((None, f"00000000-0000-4000-8000-{rng.getrandbits(48):012x}"))
        maker = Maker(rng, token, start)
        cents = rng.choice((1900, 2500))
        way = rng.random()
        if way < 0.4:
            maker.bare_charge(cents)
        elif way < 0.7:
            maker.intent(cents)
        else:
            maker.invoice(cents, subscription=maker.chance(0.6))
        lines += maker.publish()
    maker = Maker(rng, None, start)
    for _ in range(4):
        _payout(maker)
    return lines + maker.publish()


_MOVEMENTS = (
    *(("charge", "charge"), ("charge", None), ("refund", "refund"), ("adjustment", "dispute")),
    *(("adjustment", "other_adjustment"), ("stripe_fee", "fee"), ("unheard_of", "unheard_of")),
)


def _payout(maker: Maker) -> None:
    """Add a payout with its balance transactions; some don't add up, some aren't automatic."""
    nets = [maker.rng.randrange(-500, 5000) for _ in range(3)]
    short = maker.rng.choice((0, 0, 7))
    payout = maker.add("payout", "po", amount=sum(nets) + 5000 - short, automatic=maker.chance(0.7), status="paid")
    payout["arrival_date"] = maker.start - maker.start % DAY + DAY * (payout["amount"] % 40)
    for net in (*nets, 5000):
        # Chosen by the amount: a further draw would change every world after it.
        kind, category = _MOVEMENTS[net % len(_MOVEMENTS)]
        fee, wrong = net % 60, int(net % 11 == 0)
        fields = {"amount": net + fee + wrong, "fee": fee, "net": net, "type": kind, "reporting_category": category}
        maker.add("balance_transaction", "txn", **fields, payout=payout["id"], status="available")
    fields = {"amount": -payout["amount"], "fee": 0, "net": -payout["amount"], "type": "payout"}
    maker.add("balance_transaction", "txn", **fields, payout=payout["id"], status="available")
