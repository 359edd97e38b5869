"""Credit notes: first against what remains of an invoice, then against what was paid, never above the invoice."""

from dataclasses import dataclass

from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.lists import matching, page, whole
from sandbox.stripe.registry import Call, handles, merged
from sandbox.stripe.resources.customer_balance import moved
from sandbox.stripe.resources.invoicing import ask_withdrawn, due_now, intent_of, lines_of, settled
from sandbox.stripe.resources.refunds import refunded
from sandbox.stripe.values import Obj

_SPLIT = ("refund_amount", "credit_amount", "out_of_band_amount")
_TAKES = f"""amount effective_at email_type invoice lines memo metadata reason refunds {" ".join(_SPLIT)}"""


@dataclass(frozen=True)
class Worth:
    """What a credit note comes to, in cents: before the payment, and after it."""

    amount: int
    pre: int
    post: int
    lines: list[Obj]

    @property
    def kind(self) -> str:
        """Return the type Stripe gives it."""
        return "mixed" if self.pre and self.post else "post_payment" if self.post else "pre_payment"


def creditable_cents(account: Account, invoice: Obj) -> int:
    """Return how much of an invoice can still be credited: less its notes, less refunds made outside of them."""
    notes = sum(row["amount"] for row in account.objects.all("credit_note") if _live(row, invoice))
    intent = intent_of(account, invoice)
    outside = sum(
        row["amount"]
        for row in account.objects.all("refund")
        if intent and row["payment_intent"] == intent["id"] and not account.objects.notes[row["id"]].get("credit_note")
    )
    return int(invoice["total"] - notes - outside)


def _live(note: Obj, invoice: Obj) -> bool:
    return bool(note["invoice"] == invoice["id"] and note["status"] == "issued")


def _worth(account: Account, invoice: Obj, params: Obj) -> Worth:
    if invoice["status"] not in {"open", "paid", "uncollectible"}:
        raise invalid(f"Credit notes are for finalized invoices; this one is {invoice['status']}.", "invoice")
    if ("amount" in params) is ("lines" in params):
        raise invalid("Give exactly one of amount and lines.", "amount", "parameter_missing")
    lines = _lines(account, invoice, params)
    amount = sum(line["amount"] for line in lines)
    if amount <= 0:
        raise invalid("A credit note is above zero.", "amount", "parameter_invalid_integer")
    most = creditable_cents(account, invoice)
    if amount > most:
        message = f"The credit note of {amount} is above what can still be credited of the invoice: {most}."
        raise invalid(message, "amount", "credit_note_amount_too_large")
    pre = 0 if invoice["status"] == "paid" else min(amount, invoice["amount_remaining"])
    return Worth(amount, pre, amount - pre, lines)


def _lines(account: Account, invoice: Obj, params: Obj) -> list[Obj]:
    asked = params.get("lines") or [{"type": "custom_line_item", "amount": params["amount"], "description": "Credit"}]
    return [_line(account, invoice, line, f"lines[{place}]") for place, line in enumerate(asked)]


def _line(account: Account, invoice: Obj, asked: Obj, param: str) -> Obj:
    unit, quantity = asked.get("unit_amount"), asked.get("quantity")
    if "amount" in asked and quantity is not None:
        raise invalid("Give an amount or a quantity, not both.", f"{param}[amount]")
    if asked["type"] == "invoice_line_item":
        known = {line["id"]: line for line in lines_of(account, invoice)}
        if asked.get("invoice_line_item") not in known:
            raise invalid("No such line on the invoice.", f"{param}[invoice_line_item]", "resource_missing")
        of = known[asked["invoice_line_item"]]
        if quantity is not None:
            unit = of["amount"] // max(of["quantity"] or 1, 1)
    amount = asked.get("amount", (unit or 0) * (1 if quantity is None else quantity))
    more = {"invoice_line_item": asked["invoice_line_item"]} if "invoice_line_item" in asked else {}
    return account.objects.loose(
        "credit_note_line_item",
        type=asked["type"],
        amount=amount,
        description=asked.get("description"),
        discount_amount=0,
        quantity=quantity,
        unit_amount=unit,
        unit_amount_decimal=None if unit is None else str(unit),
        metadata=asked.get("metadata", {}),
        taxes=[],
        **more,
    )


def _check_split(params: Obj, worth: Worth) -> None:
    linked = sum(row.get("amount_refunded", 0) for row in params.get("refunds", []))
    given = linked + sum(params.get(name, 0) for name in _SPLIT)
    if given != worth.post:
        message = (
            f"The sum of refunds, credit_amount and out_of_band_amount ({given}) must equal the post payment amount "
            f"({worth.post})."
        )
        raise invalid(message, "refund_amount")


def _shown(account: Account, invoice: Obj, params: Obj, worth: Worth) -> Obj:
    count = sum(1 for row in account.objects.all("credit_note") if row["invoice"] == invoice["id"]) + 1
    return {
        "amount": worth.amount,
        "amount_shipping": 0,
        "currency": "usd",
        "customer": invoice["customer"],
        "discount_amount": 0,
        "effective_at": params.get("effective_at") or account.now(invoice["customer"]),
        "invoice": invoice["id"],
        "memo": params.get("memo"),
        "metadata": merged({}, params.get("metadata", {})),
        "number": f"{invoice['number']}-CN-{count:02d}",
        "out_of_band_amount": params.get("out_of_band_amount"),
        "pdf": f"https://invoice.example/{invoice['id']}/{count}.pdf",
        "post_payment_amount": worth.post,
        "pre_payment_amount": worth.pre,
        "reason": params.get("reason"),
        "status": "issued",
        "subtotal": worth.amount,
        "subtotal_excluding_tax": worth.amount,
        "total": worth.amount,
        "total_excluding_tax": worth.amount,
        "total_taxes": [],
        "type": worth.kind,
    }


@handles("PostCreditNotes", _TAKES)
def create(call: Call) -> Obj:
    """Issue a credit note on a finalised invoice."""
    account, params = call.account, call.params
    invoice = account.objects.get("invoice", params["invoice"], "invoice")
    worth = _worth(account, invoice, params)
    _check_split(params, worth)
    linked = [_linked(account, invoice, row) for row in params.get("refunds", [])]
    refunds = linked + _refund(account, invoice, params.get("refund_amount", 0))
    made = account.new("credit_note", **_shown(account, invoice, params, worth))
    made["lines"] = whole(worth.lines, f"/v1/credit_notes/{made['id']}/lines")
    for row in refunds:
        account.objects.notes[row["id"]]["credit_note"] = made["id"]
        made["refunds"].append({"amount_refunded": row["amount"], "refund": row["id"], "type": "refund"})
    if credit := params.get("credit_amount"):
        customer = account.objects.get("customer", invoice["customer"])
        booked = moved(account, customer, -credit, "credit_note", credit_note=made["id"], invoice=invoice["id"])
        made["customer_balance_transaction"] = booked["id"]
    account.emit("credit_note.created", made)
    _lower(account, invoice, worth)
    return made


def _lower(account: Account, invoice: Obj, worth: Worth) -> None:
    invoice["pre_payment_credit_notes_amount"] += worth.pre
    invoice["post_payment_credit_notes_amount"] += worth.post
    if worth.pre:
        due_now(invoice, invoice["amount_due"] - worth.pre)
        intent = intent_of(account, invoice)
        if invoice["amount_remaining"] == 0:
            ask_withdrawn(account, invoice)
            settled(account, invoice)
        elif intent:
            intent["amount"] = invoice["amount_remaining"]
    account.emit("invoice.updated", invoice)


def _linked(account: Account, invoice: Obj, row: Obj) -> Obj:
    if "refund" not in row or "amount_refunded" not in row:
        raise invalid("Give refunds[][refund] and refunds[][amount_refunded].", "refunds", "parameter_missing")
    found = account.objects.get("refund", row["refund"], "refunds[0][refund]")
    intent = intent_of(account, invoice)
    if intent is None or found["payment_intent"] != intent["id"] or found["amount"] != row["amount_refunded"]:
        raise invalid("The refund is not one of the invoice's payment, or not of that amount.", "refunds")
    return found


def _refund(account: Account, invoice: Obj, amount_cents: int) -> list[Obj]:
    if not amount_cents:
        return []
    intent = intent_of(account, invoice)
    if intent is None or not intent["latest_charge"]:
        raise invalid("The invoice has no payment to refund.", "refund_amount")
    return [refunded(account, account.objects.get("charge", intent["latest_charge"]), amount_cents, metadata={})]


@handles("GetCreditNotesPreview", _TAKES)
def preview(call: Call) -> Obj:
    """Return the credit note that would be issued; without a split given, it says what there is to split."""
    account, params = call.account, call.params
    invoice = account.objects.get("invoice", params["invoice"], "invoice")
    worth = _worth(account, invoice, params)
    if params.keys() & {*_SPLIT, "refunds"}:
        _check_split(params, worth)
    shown = account.objects.loose("credit_note", created=account.now(), **_shown(account, invoice, params, worth))
    shown["lines"] = whole(worth.lines, "/v1/credit_notes/preview/lines")
    return shown


@handles("GetCreditNotesId")
def retrieve(call: Call) -> Obj:
    """Return a credit note."""
    return call.account.objects.get("credit_note", call.arguments[0])


@handles("PostCreditNotesId", "memo metadata")
def update(call: Call) -> Obj:
    """Change the words of a credit note; its money never."""
    found = call.account.objects.get("credit_note", call.arguments[0])
    found.update(call.given("memo"))
    found["metadata"] = merged(found["metadata"], call.params.get("metadata", {}))
    call.account.emit("credit_note.updated", found)
    return found


@handles("PostCreditNotesIdVoid")
def void(call: Call) -> Obj:
    """Void a credit note while its invoice is open; what it took off is due again."""
    account, found = call.account, call.account.objects.get("credit_note", call.arguments[0])
    invoice = account.objects.get("invoice", found["invoice"])
    if found["status"] == "void" or invoice["status"] != "open":
        message = f"Credit note {found['id']} can only be voided while its invoice is open."
        raise StripeError(400, "invalid_request_error", message, code="resource_not_voidable")
    found.update(status="void", voided_at=account.now(found["customer"]))
    invoice["pre_payment_credit_notes_amount"] -= found["pre_payment_amount"]
    due_now(invoice, invoice["amount_due"] + found["pre_payment_amount"])
    account.emit("credit_note.voided", found)
    return found


@handles("GetCreditNotesCreditNoteLines")
def lines(call: Call) -> Obj:
    """List the lines of a credit note."""
    return page(call, call.account.objects.get("credit_note", call.arguments[0])["lines"]["data"], ordered=True)


@handles("GetCreditNotes", "customer invoice")
def listed(call: Call) -> Obj:
    """List credit notes."""
    return page(call, matching(call, call.account.objects.all("credit_note"), "customer", "invoice"))
