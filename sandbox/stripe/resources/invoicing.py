"""What an invoice is worth: its lines, the sums, finalising, the customer's balance, being paid."""

from decimal import Decimal

from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid
from sandbox.stripe.lists import whole
from sandbox.stripe.resources.customer_balance import moved
from sandbox.stripe.resources.payment_intents import LEAST_CENTS, demanded
from sandbox.stripe.resources.prices import amount_of
from sandbox.stripe.values import Obj

# Stripe finalises a draft that may advance by itself about an hour after it was made.
DRAFT_SECONDS = 3600
MOST_LINES = 250
_SHOWN_LINES = 10


def drafted(account: Account, customer: Obj, **fields: object) -> Obj:
    """Make a draft without lines; fields are as the invoice shows them."""
    now, part = account.now(customer["id"]), account.objects.part
    same = ("address", "email", "name", "phone", "shipping", "tax_exempt")
    made = account.new(
        "invoice",
        customer=customer["id"],
        currency="usd",
        account_name="Sandbox",
        account_country="US",
        amount_overpaid=0,
        amount_paid=0,
        amount_paid_off_stripe=0,
        amount_shipping=0,
        attempt_count=0,
        attempted=False,
        automatic_tax=part("automatic_tax", enabled=False),
        issuer={"type": "self"},
        payment_settings=part("invoices_payment_settings"),
        post_payment_credit_notes_amount=0,
        pre_payment_credit_notes_amount=0,
        starting_balance=0,
        status="draft",
        status_transitions=part("invoices_resource_status_transitions"),
        test_clock=customer["test_clock"],
        lines=whole([], ""),
        **{"period_start": now, "period_end": now, "default_tax_rates": [], "discounts": []}
        | {f"customer_{name}": customer[name] for name in same}
        | fields,
    )
    account.objects.notes[made["id"]]["lines"] = []
    summed(account, made)
    return made


def lines_of(account: Account, invoice: Obj) -> list[Obj]:
    """Return all lines of an invoice, in the order they were added."""
    found: list[Obj] = account.objects.notes[invoice["id"]]["lines"]
    return found


def line_added(account: Account, invoice: Obj, amount_cents: int, quantity: int, **fields: object) -> Obj:
    """Add a line to a draft and sum it anew."""
    editable(invoice)
    if len(lines_of(account, invoice)) >= MOST_LINES:
        raise invalid(f"Invoices have at most {MOST_LINES} items.", "invoice", "invoice_upcoming_too_many_items")
    made = account.objects.loose(
        "line_item",
        amount=amount_cents,
        subtotal=amount_cents,
        currency="usd",
        discountable=True,
        invoice=invoice["id"],
        quantity=quantity,
        quantity_decimal=str(Decimal(quantity)),
        discount_amounts=[],
        pretax_credit_amounts=[],
        taxes=[],
        **fields,
    )
    lines_of(account, invoice).append(made)
    summed(account, invoice)
    return made


def editable(invoice: Obj) -> None:
    """Refuse what only a draft allows: money is fixed when an invoice is finalised."""
    if invoice["status"] != "draft":
        message = f"Invoice {invoice['id']} is no longer a draft and can't be changed."
        raise invalid(message, "invoice", "invoice_not_editable")


def summed(account: Account, invoice: Obj) -> None:
    """Work out a draft's sums from its lines; metered ones count anew, the balance is as it would be applied now."""
    for line, price, counted in account.objects.notes[invoice["id"]].get("metered", []):
        line.update(quantity=counted(), quantity_decimal=str(counted()))
        line.update(amount=amount_of(price, line["quantity"]), subtotal=amount_of(price, line["quantity"]))
    lines = lines_of(account, invoice)
    total = sum(line["amount"] for line in lines)
    url = f"/v1/invoices/{invoice['id']}/lines"
    invoice["lines"] = whole(lines[:_SHOWN_LINES], url) | {"has_more": len(lines) > _SHOWN_LINES}
    invoice.update(subtotal=total, subtotal_excluding_tax=total, total=total, total_excluding_tax=total)
    invoice.update(total_discount_amounts=[], total_pretax_credit_amounts=[], total_taxes=[])
    balance: int = account.objects.get("customer", invoice["customer"])["balance"]
    invoice["starting_balance"] = balance
    due_now(invoice, max(total + balance, 0))


def due_now(invoice: Obj, due_cents: int) -> None:
    """Set what is due; what remains is what is due less what is paid."""
    invoice.update(amount_due=due_cents, amount_remaining=due_cents - invoice["amount_paid"])


def finalized(account: Account, invoice: Obj) -> Obj:
    """Fix the money, take up the customer's balance, give a number, and ask for what is due."""
    editable(invoice)
    summed(account, invoice)
    customer = account.objects.get("customer", invoice["customer"])
    now = account.now(customer["id"])
    _take_up_balance(account, invoice, customer)
    invoice["number"] = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1
    invoice.update(status="open", automatically_finalizes_at=None)
    invoice["effective_at"] = invoice["effective_at"] or now
    invoice["status_transitions"]["finalized_at"] = now
    invoice["hosted_invoice_url"] = f"https://invoice.example/{invoice['id']}"
    if invoice["amount_due"]:
        _ask(account, invoice)
    account.emit("invoice.finalized", invoice)
    if not invoice["amount_due"]:
        settled(account, invoice)
    return invoice


def _take_up_balance(account: Account, invoice: Obj, customer: Obj) -> None:
    balance, total = customer["balance"], invoice["total"]
    due = max(total + balance, 0)
    used = due - total
    if 0 < due < LEAST_CENTS:
        # Too small to charge: owed on, to be taken up by the next invoice. The invoice looks paid and is not.
        used, due = due - total, 0
        _move(account, invoice, customer, -balance if balance else 0, "applied_to_invoice")
        _move(account, invoice, customer, total + balance, "invoice_too_small")
    else:
        _move(account, invoice, customer, -used, "applied_to_invoice")
    due_now(invoice, due)
    invoice["ending_balance"] = customer["balance"]


def _move(account: Account, invoice: Obj, customer: Obj, amount_cents: int, kind: str) -> None:
    if amount_cents and not customer.get("deleted"):
        moved(account, customer, amount_cents, kind, invoice=invoice["id"])


def balance_given_back(account: Account, invoice: Obj) -> None:
    """Undo what a void invoice took of the customer's balance."""
    rows = [row for row in account.objects.all("customer_balance_transaction") if row["invoice"] == invoice["id"]]
    taken = sum(row["amount"] for row in rows if row["type"] == "applied_to_invoice")
    _move(account, invoice, account.objects.get("customer", invoice["customer"]), -taken, "unapplied_from_invoice")


def _ask(account: Account, invoice: Obj) -> None:
    """Make the payment intent and the invoice payment that ties it to the invoice."""
    due = invoice["amount_due"]
    intent = demanded(account, due, invoice["customer"], description=invoice["description"])
    account.objects.notes[intent["id"]]["invoice"] = invoice["id"]
    payment = account.new(
        "invoice_payment",
        created=account.now(invoice["customer"]),
        amount_requested=due,
        currency="usd",
        invoice=invoice["id"],
        is_default=True,
        payment={"type": "payment_intent", "payment_intent": intent["id"]},
        status="open",
        status_transitions={"paid_at": None, "canceled_at": None},
    )
    account.objects.notes[invoice["id"]].update(intent=intent["id"], payment=payment["id"])


def intent_of(account: Account, invoice: Obj) -> Obj | None:
    """Return the payment intent that asks for the invoice; None when nothing was ever due."""
    asked = account.objects.notes[invoice["id"]].get("intent")
    return account.objects.get("payment_intent", asked) if asked else None


def settled(account: Account, invoice: Obj) -> None:
    """Note that nothing remains to be paid."""
    invoice.update(status="paid", next_payment_attempt=None, attempted=True, amount_remaining=0)
    invoice["status_transitions"]["paid_at"] = account.now(invoice["customer"])
    account.emit("invoice.paid", invoice)


def ask_withdrawn(account: Account, invoice: Obj) -> None:
    """Cancel what asks for an invoice that is void, paid elsewhere or credited away."""
    intent = intent_of(account, invoice)
    if intent is None or intent["status"] in {"succeeded", "canceled"}:
        return
    now = account.now(invoice["customer"])
    intent.update(status="canceled", canceled_at=now, cancellation_reason="void_invoice", next_action=None)
    account.emit("payment_intent.canceled", intent)
    payment = account.objects.get("invoice_payment", account.objects.notes[invoice["id"]]["payment"])
    payment["status"], payment["status_transitions"]["canceled_at"] = "canceled", now
