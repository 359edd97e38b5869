"""What the patients of the big books do at Stripe: objects as lines of JSON, and the payouts they end up in."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

from bench.books.catalog import AS_OF
from sandbox.world import stripe_shapes as shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.books.visits import Visit
    from sandbox.world.stripe_shapes import Json

_DAY = 86_400
_END = int(datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC).timestamp())
_DISPUTE_FEE = 1500
# Numbers in a template stand as these, which no object has otherwise.
_MADE, _AMOUNT = 987_650_001, 987_650_002


def _template(thing: Json) -> str:
    """Write an object once, with places for what differs; the placeholders of text are `{name}` already."""
    text = json.dumps(thing, separators=(",", ":")).replace("%", "%%")
    for number, place in ((_MADE, "%(at)d"), (_MADE + 60, "%(later)d"), (_AMOUNT, "%(cents)d")):
        text = text.replace(str(number), place)
    for name in ("key", "token", "who"):
        text = text.replace(f"<{name}>", f"%({name})s")
    return text + "\n"


_TOKEN = {"visit_token": "<token>"}
_PAID = shapes.charge("ch_<key>", _MADE, "cus_<who>", _AMOUNT, _TOKEN)
_PAID |= {"payment_intent": "pi_<key>", "balance_transaction": "txn_<key>"}
_DONE = shapes.intent("pi_<key>", _MADE, "cus_<who>", _AMOUNT, _TOKEN) | {"latest_charge": "ch_<key>"}
_BILL = shapes.invoice("in_<key>", _MADE, "cus_<who>", _AMOUNT, _TOKEN)
_INTENT, _CHARGE, _INVOICE = _template(_DONE), _template(_PAID), _template(_BILL)
_BARE_INTENT, _BARE_CHARGE = _template(_DONE | {"metadata": {}}), _template(_PAID | {"metadata": {}})
_FAILED_INTENT = _template(_DONE | {"status": "requires_payment_method", "amount_received": 0})
_FAILED_CHARGE = _template(
    _PAID
    | shapes.DECLINED
    | {"status": "failed", "paid": False, "captured": False, "amount_captured": 0, "balance_transaction": None}
)
_REFUNDED_CHARGE = _CHARGE.replace('"amount_refunded":0', '"amount_refunded":%(half)d')
_DISPUTED_CHARGE = _template(_PAID | {"disputed": True})
_OPEN_INVOICE = _template(shapes.unpaid(_BILL, "open"))
_LOST_INVOICE = _template(shapes.unpaid(_BILL, "uncollectible"))
_LINK = _template(shapes.invoice_payment("inpay_<key>", _BILL, "pi_<key>", _AMOUNT, "paid"))
_REFUND = _template(
    shapes.refund("re_<key>", _MADE, _PAID, _AMOUNT, "succeeded") | {"balance_transaction": "txn_r<key>"}
)
_DISPUTE = {
    "loses a dispute": _template(shapes.dispute("dp_<key>", _MADE, _PAID, "lost")),
    "wins a dispute": _template(shapes.dispute("dp_<key>", _MADE, _PAID, "won")),
}
_TAKEN = {
    "pays by invoice": (_INVOICE, _LINK, _BARE_INTENT, _BARE_CHARGE),
    "gets a half back": (_INTENT, _REFUNDED_CHARGE),
    "loses a dispute": (_INTENT, _DISPUTED_CHARGE),
    "wins a dispute": (_INTENT, _DISPUTED_CHARGE),
}
_UNPAID = {
    "card fails": (_FAILED_INTENT, _FAILED_CHARGE),
    "leaves an invoice open": (_OPEN_INVOICE,),
    "never pays an invoice": (_LOST_INVOICE,),
}


class Told(NamedTuple):
    """What fills a template: Stripe's key, the visit's token, the customer, cents and seconds since 1970."""

    key: str
    token: str
    who: str
    cents: int
    at: int


@dataclass
class Till:
    """The Stripe account: what it took, by the day it becomes available (days since 1970), and its control totals."""

    say: Callable[[int, str], None]
    net: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    totals: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def serve(self, visit: Visit) -> None:
        """Let the patient of a visit pay, or not."""
        if not visit.target or visit.paying == "is not asked" or visit.ended >= _END:
            return
        key = visit.token.replace("-", "")[:24]
        told = Told(key, visit.token, f"{key[-5:]}BENCHCUSTOMER", visit.target, visit.ended + 300)
        if visit.paying in _UNPAID:
            self._tell(told, *_UNPAID[visit.paying])
            return
        self._tell(told, *_TAKEN.get(visit.paying, (_INTENT, _CHARGE)))
        self._took(told)
        if visit.paying == "pays twice":
            again = told._replace(key=f"{key[:-1]}Z", at=told.at + 900)
            self._tell(again, _INTENT, _CHARGE)
            self._took(again)
        elif visit.paying == "gets a half back":
            self._give_back(told)
        elif visit.paying in _DISPUTE:
            self._disputed(told, visit.paying)

    def pay_out(self) -> Iterator[tuple[date, int]]:
        """Pay every day's balance out and yield what the bank gets (day, cents)."""
        for day in sorted(self.net):
            cents, at = self.net[day], day * _DAY + 3600
            if day * _DAY >= _END or cents <= 0:
                continue
            key = f"BENCHPAYOUT{day:013d}"
            made = shapes.payout(f"po_{key}", at, cents) | {"balance_transaction": f"txn_{key}"}
            self.say(at, json.dumps(made, separators=(",", ":")) + "\n")
            self.say(at, _moved(f"txn_{key}", at, "payout", f"po_{key}", -cents, 0, f"po_{key}"))
            self.totals["stripe_objects"] += 2
            self.totals["payouts_cents"] += cents
            yield datetime.fromtimestamp(made["arrival_date"], UTC).date(), cents

    def _tell(self, told: Told, *templates: str) -> None:
        values = told._asdict() | {"later": told.at + 60, "half": told.cents // 2}
        self.say(told.at, "".join(template % values for template in templates))
        self.totals["stripe_objects"] += len(templates)

    def _took(self, told: Told) -> None:
        fee = (told.cents * 29 + 500) // 1000 + 30
        self._balance(f"txn_{told.key}", told.at, "charge", f"ch_{told.key}", told.cents, fee)
        self.totals["collected_cents"] += told.cents
        self.totals["charges"] += 1

    def _give_back(self, told: Told) -> None:
        back = told._replace(at=told.at + 3 * _DAY, cents=told.cents // 2)
        self._tell(back, _REFUND)
        self._balance(f"txn_r{told.key}", back.at, "refund", f"re_{told.key}", -back.cents, 0)
        self.totals["collected_cents"] -= back.cents

    def _disputed(self, told: Told, paying: str) -> None:
        at, source = told.at + 9 * _DAY, f"dp_{told.key}"
        self._tell(told._replace(at=at), _DISPUTE[paying])
        self._balance(f"txn_d{told.key}", at, "adjustment", source, -told.cents, _DISPUTE_FEE)
        if paying == "wins a dispute":
            self._balance(f"txn_w{told.key}", at + 5 * _DAY, "adjustment", source, told.cents, 0)
        else:
            self.totals["collected_cents"] -= told.cents

    def _balance(self, key: str, at: int, kind: str, source: str, cents: int, fee: int) -> None:  # noqa: PLR0913, PLR0917 - a row
        day = at // _DAY + 2
        self.net[day] += cents - fee
        payout = f"po_BENCHPAYOUT{day:013d}" if day * _DAY < _END else None
        self.say(at, _moved(key, at, kind, source, cents, fee, payout))
        self.totals["stripe_objects"] += 1
        self.totals["balance_net_cents"] += cents - fee


def _moved(key: str, at: int, kind: str, source: str, cents: int, fee: int, payout: str | None) -> str:  # noqa: PLR0913, PLR0917 - a row
    """Write a balance transaction, with the payout that lists it."""
    made = '{"id":"%s","object":"balance_transaction","created":%d,"amount":%d,"fee":%d,"net":%d,"currency":"usd"'
    rest = ',"type":"%s","source":"%s","available_on":%d,"status":"%s","exchange_rate":null,"reporting_category":"%s"'
    listed = f',"payout":"{payout}"' if payout else ""
    text = (made + rest) % (
        *(key, at, cents, fee, cents - fee, kind, source, (at // _DAY + 2) * _DAY),
        *("available" if payout else "pending", "dispute" if kind == "adjustment" else kind),
    )
    return f'{text},"description":null,"fee_details":[]{listed}}}\n'
