"""The Stripe account: takes charges, refunds, disputes and invoices, and keeps its balance and payouts in step."""

from collections import defaultdict

from sandbox.world import stripe_shapes as shape
from sandbox.world.draw import Draw
from sandbox.world.money import share
from sandbox.world.stripe_shapes import Json

DAY = 86400
DISPUTE_FEE = 1500


class Till:
    """Objects in the order made. Each method returns the object made; `old` means the shape before 2025-03-31."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.objects: list[Json] = []
        self.events: list[Json] = []
        self.balance: list[Json] = []

    def add(self, thing: Json) -> Json:
        """Keep an object."""
        self.objects.append(thing)
        return thing

    def say(self, kind: str, thing: Json, at: int, *, old: bool = False) -> None:
        """Keep an event with the object as it is now; the object must not be kept bare as well."""
        self.events.append(shape.event(self.draw.stripe_id("evt"), at, kind, dict(thing), old=old))

    def _settle(self, thing: Json, kind: str, cents: int, fee: int) -> None:
        row_id = self.draw.stripe_id("txn")
        row = shape.balance_transaction(row_id, thing["created"], kind, thing["id"], (cents, fee))
        thing["balance_transaction"] = row["id"]
        self.balance.append(row)

    def intent(self, who: str, cents: int, at: int, token: str | None) -> Json:
        """Make a payment intent."""
        metadata = {"visit_token": token} if token else {}
        return self.add(shape.intent(self.draw.stripe_id("pi"), at, who, cents, metadata))

    def charge(self, who: str, cents: int, at: int, token: str | None, intent: Json | None = None) -> Json:
        """Take a card payment; the fee is 2.9% and 30 cents."""
        paid = shape.charge(self.draw.stripe_id("ch"), at, who, cents, {"visit_token": token} if token else {})
        if intent:
            paid["payment_intent"] = intent["id"]
            intent["latest_charge"] = paid["id"]
        self._settle(paid, "charge", cents, share(cents, 29, 1000) + 30)
        return self.add(paid)

    def decline(self, who: str, cents: int, at: int, token: str | None, intent: Json) -> Json:
        """Make a failed attempt; the intent waits for another method."""
        tried = shape.charge(self.draw.stripe_id("ch"), at, who, cents, {"visit_token": token} if token else {})
        tried |= {"status": "failed", "paid": False, "captured": False, "amount_captured": 0, **shape.DECLINED}
        tried["payment_intent"] = intent["id"]
        intent |= {"status": "requires_payment_method", "amount_received": 0, "latest_charge": tried["id"]}
        return self.add(tried)

    def pay(self, who: str, cents: int, at: int, token: str | None) -> Json:
        """Make an intent and the charge that fulfils it; return the charge."""
        return self.charge(who, cents, at + 4, token, self.intent(who, cents, at, token))

    def refund(self, paid: Json, cents: int, at: int, status: str = "succeeded") -> Json:
        """Refund a charge."""
        back = shape.refund(self.draw.stripe_id("re"), at, paid, cents, status)
        if status == "succeeded":
            paid["amount_refunded"] += cents
            paid["refunded"] = paid["amount_refunded"] == paid["amount"]
            self._settle(back, "refund", -cents, 0)
        return self.add(back)

    def dispute(self, paid: Json, at: int, status: str) -> Json:
        """Open a dispute; the bank takes the amount and a fee, and gives the amount back when it is won."""
        claim = shape.dispute(self.draw.stripe_id("dp"), at, paid, status)
        paid["disputed"] = True
        self._settle(claim, "adjustment", -paid["amount"], DISPUTE_FEE)
        if status == "won":
            self._settle(claim | {"created": at + 20 * DAY}, "adjustment", paid["amount"], 0)
        claim.pop("balance_transaction")
        return self.add(claim)

    def invoice(self, who: str, cents: int, at: int, token: str | None, status: str = "paid") -> Json:
        """Make a one-off invoice of the new shape."""
        bill = shape.invoice(self.draw.stripe_id("in"), at, who, cents, {"visit_token": token} if token else {})
        return self.add(bill if status == "paid" else shape.unpaid(bill, status))

    def settle_invoice(self, bill: Json, *, old: bool, subscription: str | None = None) -> Json:
        """Pay an invoice in full by intent and charge (neither has metadata) and link the three; return the charge."""
        paid = self.pay(bill["customer"], bill["total"], bill["created"] + 56, None)
        made = self.objects[-2]
        if old:
            bill |= {"charge": paid["id"], "payment_intent": made["id"], "paid": True, "subscription": subscription}
            bill.pop("parent")
            paid["invoice"] = made["invoice"] = bill["id"]
        else:
            self.link(bill, made, "paid")
            if subscription:
                inner = {"subscription": subscription, "metadata": {}}
                bill["parent"] = {"type": "subscription_details", "subscription_details": inner, "quote_details": None}
        return paid

    def link(self, bill: Json, intent: Json, status: str) -> None:
        """Say which intent pays an invoice."""
        key = self.draw.stripe_id("inpay")
        self.add(shape.invoice_payment(key, bill, intent["id"], bill["total"], status))

    def pay_out(self, until: int) -> list[Json]:
        """Pay the available balance out once a day, marking each row with its payout; return the payouts."""
        waiting: dict[int, list[Json]] = defaultdict(list)
        for row in self.balance:
            waiting[row["available_on"]].append(row)
        made, carried = [], list[Json]()
        for day in sorted(day for day in waiting if day < until):
            carried.extend(waiting[day])
            total = sum(row["net"] for row in carried)
            if total > 0:
                made.append(self._payout(day + 3600, total, carried))
                carried = []
        for row in self.balance:
            if "payout" not in row:
                row["status"] = "pending" if row["available_on"] >= until else "available"
        return [*made, self._payout(until - 5 * DAY, 25000, None)]

    def _payout(self, at: int, cents: int, rows: list[Json] | None) -> Json:
        made = shape.payout(self.draw.stripe_id("po"), at, cents, automatic=rows is not None)
        for row in rows or []:
            row["payout"] = made["id"]
        self._settle(made, "payout", -cents, 0)
        return self.add(made)
