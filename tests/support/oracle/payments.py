"""What the patient was asked for and what was collected, from the newest version of every Stripe object (4.1)."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from tests.support.oracle.inputs import StripeVersion

Body = dict[str, Any]
FINALISED = frozenset({"open", "paid", "uncollectible"})
ON_ITS_WAY = frozenset({"processing", "requires_capture"})
_HOUR = 3600


def _reference(value: Any) -> str | None:
    """Return the id of a reference, whether it is a bare id or an expanded object."""
    found: str | None = value["id"] if isinstance(value, dict) else value
    return found


def _tag(body: Body, key: str) -> str | None:
    return (body.get("metadata") or {}).get(key) or None


def captured_cents(charge: Body) -> int:
    """Return what was captured: amount_captured, else the amount of a captured charge."""
    if charge.get("amount_captured") is not None:
        return int(charge["amount_captured"])
    return int(charge["amount"]) if charge.get("captured") else 0


class Payments:
    """The Stripe objects of a world, each at its newest version, and what ties them together."""

    def __init__(self, versions: Iterable[StripeVersion]) -> None:
        newest: dict[str, StripeVersion] = {}
        for seen in versions:
            known = newest.get(seen.body["id"])
            if known is None or (seen.version, seen.sha) > (known.version, known.sha):
                newest[seen.body["id"]] = seen
        self._kinds: dict[str, dict[str, Body]] = defaultdict(dict)
        for object_id, seen in newest.items():
            self._kinds[seen.body["object"]][object_id] = seen.body
        self.charges = self._kinds["charge"]
        self.intents = self._kinds["payment_intent"]
        self.invoices = self._kinds["invoice"]
        self._charges_of_intent: dict[str, list[Body]] = defaultdict(list)
        for charge in self.charges.values():
            if intent := _reference(charge.get("payment_intent")):
                self._charges_of_intent[intent].append(charge)
        self._invoice_of = self._invoice_links()
        self._refunds: dict[str, list[Body]] = defaultdict(list)
        for refund in self.kind("refund"):
            if refund.get("status") == "succeeded" and (charge_id := self._refunded_charge(refund)):
                self._refunds[charge_id].append(refund)
        self._charges_of_token: dict[str, list[Body]] = defaultdict(list)
        for charge in self.charges.values():
            self._charges_of_token[self.token(charge) or ""].append(charge)

    def kind(self, name: str) -> list[Body]:
        """All objects of a kind."""
        return list(self._kinds[name].values())

    def _invoice_links(self) -> dict[str, str]:
        """Which invoice an intent or a charge pays, by every shape that says so."""
        said = [(invoice, invoice["id"]) for invoice in self.invoices.values()]
        said += [
            (paid.get("payment") or {}, _reference(paid["invoice"]) or "") for paid in self.kind("invoice_payment")
        ]
        links: dict[str, str] = {}
        for source, invoice_id in said:
            payers = (_reference(source.get(field)) for field in ("payment_intent", "charge"))
            links |= {payer: invoice_id for payer in payers if payer}
        for body in [*self.intents.values(), *self.charges.values()]:
            if invoice_id := _reference(body.get("invoice")):
                links[body["id"]] = invoice_id
        for charge in self.charges.values():
            intent = _reference(charge.get("payment_intent"))
            if intent and charge["id"] in links:
                links.setdefault(intent, links[charge["id"]])
            elif intent and intent in links:
                links[charge["id"]] = links[intent]
        return links

    def _refunded_charge(self, refund: Body) -> str | None:
        """Return the charge a refund gives back: the one it names, else the succeeded one of its intent."""
        if charge_id := _reference(refund.get("charge")):
            return charge_id
        intent = _reference(refund.get("payment_intent"))
        paid = [charge["id"] for charge in self._charges_of_intent[intent or ""] if charge["status"] == "succeeded"]
        return paid[0] if paid else None

    def token(self, body: Body) -> str | None:
        """Return the visit token of an object: its own, else that of the charge, intent or invoice it belongs to."""
        if own := _tag(body, "visit_token"):
            return own
        if body["object"] in ("refund", "dispute"):
            charge = self.charges.get(self._refunded_charge(body) or "")
            intent = self.intents.get(_reference(body.get("payment_intent")) or "")
            above = charge or intent
            return self.token(above) if above else None
        if body["object"] == "charge":
            intent = self.intents.get(_reference(body.get("payment_intent")) or "")
            if intent and (found := self.token(intent)):
                return found
        invoice = self.invoices.get(self._invoice_of.get(body["id"], ""))
        return _tag(invoice, "visit_token") if invoice else None

    def refunded_cents(self, charge: Body, *, with_memos: bool = True) -> int:
        """Succeeded refunds of a charge."""
        return sum(r["amount"] for r in self._refunds[charge["id"]] if with_memos or not _tag(r, "memo_id"))

    def billed_cents(self) -> Counter[str]:
        """Return what the patient of each visit token was asked for."""
        billed: Counter[str] = Counter()
        for invoice in self.invoices.values():
            if invoice["status"] in FINALISED and not _tag(invoice, "memo_id"):
                billed[self.token(invoice) or ""] += invoice["total"] - self._credited_cents(invoice["id"])
        for intent in self.intents.values():
            if intent["id"] not in self._invoice_of and not _tag(intent, "memo_id"):
                self._bill_intent(billed, intent)
        for charge in self.charges.values():
            alone = not charge.get("payment_intent") and charge["id"] not in self._invoice_of
            if alone and charge["status"] == "succeeded" and not _tag(charge, "memo_id"):
                net = captured_cents(charge) - self.refunded_cents(charge, with_memos=False)
                billed[self.token(charge) or ""] += net
        return billed

    def _credited_cents(self, invoice_id: str) -> int:
        """Credit notes of an invoice that are neither void nor memos of ours."""
        return sum(
            note["total"] if note.get("total") is not None else note["amount"]
            for note in self.kind("credit_note")
            if _reference(note["invoice"]) == invoice_id and note["status"] != "void" and not _tag(note, "memo_id")
        )

    def _bill_intent(self, billed: Counter[str], intent: Body) -> None:
        """Return an intent that pays no invoice: one demand, however many attempts, less what was given back."""
        charges = self._charges_of_intent[intent["id"]]
        tried = bool(charges or intent.get("latest_charge")) or intent["status"] in ON_ITS_WAY
        if intent["status"] == "succeeded":
            asked = intent["amount_received"]
        elif tried and intent["status"] != "canceled":
            asked = intent["amount"]
        else:
            return
        given_back = sum(self.refunded_cents(charge, with_memos=False) for charge in charges)
        billed[self.token(intent) or ""] += asked - given_back

    def collected_cents(self) -> Counter[str]:
        """Return what each visit token's patient really paid, memo objects included."""
        collected: Counter[str] = Counter()
        for body, cents in self.cash():
            collected[self.token(body) or ""] += cents
        return collected

    def written_off_cents(self) -> Counter[str]:
        """Return by visit token what remains of the invoices that nobody expects to be paid."""
        written_off: Counter[str] = Counter()
        for invoice in self.invoices.values():
            if invoice["status"] == "uncollectible":
                left = invoice["total"] - (invoice.get("amount_paid") or 0)
                written_off[self.token(invoice) or ""] += invoice.get("amount_remaining", left)
        return written_off

    def cash(self) -> list[tuple[Body, int]]:
        """Return every charge, refund and dispute that moved cash, with its signed cents."""
        given_back = [body for body in self.kind("refund") if body["status"] == "succeeded"]
        given_back += [body for body in self.kind("dispute") if body["status"] == "lost"]
        taken = [charge for charge in self.charges.values() if charge["status"] == "succeeded"]
        return [(body, captured_cents(body)) for body in taken] + [(body, -body["amount"]) for body in given_back]

    def pays_subscription(self, body: Body) -> bool:
        """Whether a charge, or what gives one back, is about an invoice of a subscription."""
        charge = body if body["object"] == "charge" else self.charges.get(self._refunded_charge(body) or "")
        return charge is not None and self.in_subscription(charge)

    def charge_statuses(self) -> dict[str, set[str]]:
        """Return the statuses among each visit token's charges."""
        statuses: dict[str, set[str]] = defaultdict(set)
        for charge in self.charges.values():
            statuses[self.token(charge) or ""].add(charge["status"])
        return statuses

    def failed_cents(self, token: str) -> tuple[int, int]:
        """Return of a visit the largest amount of a failed charge, and what of it was taken since the first one."""
        charges = self._charges_of_token[token]
        failed = [charge for charge in charges if charge["status"] == "failed"]
        if not failed:
            return 0, 0
        first, most = min(charge["created"] for charge in failed), max(charge["amount"] for charge in failed)
        taken = sum(
            captured_cents(charge) - self.refunded_cents(charge)
            for charge in charges
            if charge["status"] == "succeeded" and charge["created"] >= first
        )
        return most, max(0, min(most, taken))

    def in_subscription(self, charge: Body) -> bool:
        """Whether a charge pays an invoice of a subscription, by either shape."""
        return _is_of_subscription(self.invoices.get(self._invoice_of.get(charge["id"], "")) or {})

    def subscription_demands(self, visits: Container[str | None]) -> list[tuple[Body, int]]:
        """Return the invoices and credit notes of subscriptions, signed; those of visits and memos count there."""

        def counts(body: Body) -> bool:
            return not _tag(body, "memo_id") and _tag(body, "visit_token") not in visits

        asked = {
            body["id"]: body
            for body in self.invoices.values()
            if body["status"] in FINALISED and _is_of_subscription(body) and counts(body)
        }
        notes = [
            (note, -(note["total"] if note.get("total") is not None else note["amount"]))
            for note in self.kind("credit_note")
            if _reference(note["invoice"]) in asked and note["status"] != "void" and counts(note)
        ]
        return [(body, body["total"]) for body in asked.values()] + notes

    def duplicates_cents(self, hours: int) -> Counter[tuple[str, int]]:
        """By visit token and amount: duplicate charges less their refunds."""
        groups: dict[tuple[str, int], list[Body]] = defaultdict(list)
        for charge in self.charges.values():
            intent = self.intents.get(_reference(charge.get("payment_intent")) or "", {})
            ours = _tag(charge, "memo_id") or _tag(intent, "memo_id")
            token = self.token(charge)
            if charge["status"] == "succeeded" and token and not ours and charge["id"] not in self._invoice_of:
                groups[token, captured_cents(charge)].append(charge)
        found: Counter[tuple[str, int]] = Counter()
        for group, charges in groups.items():
            charges.sort(key=lambda charge: (charge["created"], charge["id"].encode()))
            for position, charge in enumerate(charges):
                if any(_repeats(charge, earlier, hours) for earlier in charges[:position]):
                    found[group] += captured_cents(charge) - self.refunded_cents(charge)
        return found


def _is_of_subscription(invoice: Body) -> bool:
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    return bool(invoice.get("subscription") or details.get("subscription"))


def _repeats(charge: Body, earlier: Body, hours: int) -> bool:
    """Whether a charge follows another intent's charge within the window."""
    mine, theirs = _reference(charge.get("payment_intent")), _reference(earlier.get("payment_intent"))
    return (mine is None or mine != theirs) and charge["created"] - earlier["created"] < hours * _HOUR
