"""The account's objects by kind and id, and what is known of them beside what Stripe shows."""

import copy
import secrets
from collections import defaultdict
from collections.abc import Iterator

from sandbox.stripe.blanks import blank
from sandbox.stripe.errors import missing
from sandbox.stripe.values import Obj

PREFIXES = {
    "balance_transaction": "txn",
    "billing.meter": "mtr",
    "billing.meter_event": "mtre",
    "billing.meter_event_adjustment": "mtra",
    "billing.meter_event_summary": "mtrusg",
    "charge": "ch",
    "credit_note": "cn",
    "credit_note_line_item": "cnli",
    "customer": "cus",
    "customer_balance_transaction": "cbtxn",
    "dispute": "du",
    "event": "evt",
    "invoice": "in",
    "invoice_payment": "inpay",
    "invoiceitem": "ii",
    "line_item": "il",
    "payment_intent": "pi",
    "payment_method": "pm",
    "payout": "po",
    "price": "price",
    "product": "prod",
    "refund": "re",
    "setup_intent": "seti",
    "subscription": "sub",
    "subscription_item": "si",
    "test_helpers.test_clock": "clock",
    "webhook_endpoint": "we",
}


# What every object is given, whether or not its kind shows it; any other field that Stripe has not is our mistake.
_OURS = frozenset({"id", "object", "livemode", "created"})


class Objects:
    """Every object the account ever made, in the order of making; a deleted one keeps its id and says so."""

    def __init__(self, schemas: dict[str, Obj]) -> None:
        self._schemas = schemas
        self._kinds: defaultdict[str, dict[str, Obj]] = defaultdict(dict)
        self._by_id: dict[str, Obj] = {}
        self._count = 0
        self._made: list[Obj] = []
        self.order: dict[str, int] = {}
        self.notes: defaultdict[str, Obj] = defaultdict(dict)

    def new(self, kind: str, created: int, **fields: object) -> Obj:
        """Make and keep an object with an id of its own; fields are as Stripe shows them."""
        made = self.loose(kind, **{"created": created} | fields)
        return self.keep(kind, made)

    def loose(self, kind: str, **fields: object) -> Obj:
        """Make an object that is part of another and is not kept by itself."""
        made_id = f"{PREFIXES[kind]}_{secrets.token_hex(12)}"
        known = self._schemas[kind]["properties"].keys()
        started = {"id": made_id, "object": kind, "livemode": False} | blank(kind, self._schemas) | fields
        return {key: value for key, value in started.items() if key in known or key not in _OURS}

    def keep(self, kind: str, made: Obj) -> Obj:
        """Keep an object that came from elsewhere; one of the same id is replaced."""
        self._kinds[kind][made["id"]] = made
        self._by_id[made["id"]] = made
        self._made.append(made)
        self.order.setdefault(made["id"], self.number())
        return made

    def part(self, schema: str, **fields: object) -> Obj:
        """Return a nested object of that schema, empty but for the fields."""
        return blank(schema, self._schemas) | fields

    def get(self, kind: str, object_id: str, param: str = "id") -> Obj:
        """Return the object of that kind and id, a deleted customer too; raise Stripe's error when there is none."""
        found = self._kinds[kind].get(object_id)
        if found is None or (found.get("deleted") and kind != "customer"):
            raise missing(kind, object_id, param)
        return found

    def number(self) -> int:
        """Return a number that no other object of the account has."""
        self._count += 1
        return self._count

    def find(self, object_id: str) -> Obj | None:
        """Return the object of that id, whatever its kind; None when there is none."""
        return self._by_id.get(object_id)

    def all(self, kind: str) -> Iterator[Obj]:
        """Yield the objects of a kind that are not deleted, oldest first."""
        return (found for found in list(self._kinds[kind].values()) if not found.get("deleted"))

    def delete(self, found: Obj) -> Obj:
        """Leave of the object its id and that it is deleted."""
        kind, object_id = found["object"], found["id"]
        found.clear()
        found.update(id=object_id, object=kind, deleted=True)
        return found

    def begin(self) -> None:
        """Remember what is made from now on, for `undo`."""
        self._made = []

    def undo(self) -> None:
        """Forget what was made since `begin`: a call that is refused leaves nothing behind."""
        for made in self._made:
            if self._by_id.get(made["id"]) is made:
                self.forget(made)

    def forget(self, found: Obj) -> None:
        """Drop an object that was only a preview."""
        del self._kinds[found["object"]][found["id"]], self._by_id[found["id"]], self.order[found["id"]]

    def state(self) -> Obj:
        """Return all that was made and is known of it, for `resume`."""
        return {name: value for name, value in vars(self).items() if name != "_schemas"}

    def resume(self, state: Obj) -> None:
        """Go on from where another account stood."""
        vars(self).update(state)

    def everything(self) -> list[Obj]:
        """Return a copy of every object, in the order of making."""
        return [copy.deepcopy(found) for found in self._by_id.values()]
