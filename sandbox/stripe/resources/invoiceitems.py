"""Invoice items: what waits for the next invoice, or stands on a draft."""

from decimal import Decimal

from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid
from sandbox.stripe.lists import page
from sandbox.stripe.registry import Call, handles, merged
from sandbox.stripe.resources.holders import living
from sandbox.stripe.resources.invoicing import editable, line_added, lines_of, summed
from sandbox.stripe.resources.prices import amount_of, cents, priced
from sandbox.stripe.values import Obj

_MORE = "description discountable invoice metadata period subscription"
_MONEY = "amount pricing.price quantity unit_amount_decimal"


@handles(
    "PostInvoiceitems", f"{_MONEY} currency customer description discountable invoice metadata period subscription"
)
def create(call: Call) -> Obj:
    """Make an item: on a draft when one is named, else pending for the customer's next invoice."""
    account, params = call.account, call.params
    invoice = account.objects.get("invoice", params["invoice"], "invoice") if "invoice" in params else None
    owner = params.get("customer") or (invoice or {}).get("customer")
    if owner is None:
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = living(account, owner)
    if invoice and invoice["customer"] != customer["id"]:
        raise invalid("The invoice belongs to another customer.", "invoice")
    now = account.now(customer["id"])
    period = params.get("period") or {"start": now, "end": now}
    made = account.new(
        "invoiceitem",
        customer=customer["id"],
        currency="usd",
        date=now,
        description=params.get("description"),
        discountable=params.get("discountable", True),
        invoice=None,
        metadata=merged({}, params.get("metadata", {})),
        parent=_parent(params),
        period=period,
        proration=False,
        test_clock=customer["test_clock"],
        tax_rates=[],
        discounts=[],
        **_money(account, params),
    )
    account.emit("invoiceitem.created", made)
    if invoice:
        taken_in(account, invoice, made)
    return made


def _parent(params: Obj) -> Obj | None:
    if "subscription" not in params:
        return None
    return {"type": "subscription_details", "subscription_details": {"subscription": params["subscription"]}}


def _money(account: Account, params: Obj) -> Obj:
    quantity = params.get("quantity", 1)
    ways = [way for way in ("amount", "unit_amount_decimal", "pricing") if way in params]
    if len(ways) != 1:
        raise invalid("Give one of amount, unit_amount_decimal and pricing[price].", "amount", "parameter_missing")
    pricing: Obj | None = None
    if "pricing" in params:
        price = account.objects.get("price", params["pricing"]["price"], "pricing[price]")
        amount, pricing = amount_of(price, quantity), priced(price)
    elif "amount" in params:
        amount, quantity = params["amount"], 1
    else:
        amount = cents(Decimal(str(params["unit_amount_decimal"])) * quantity)
    return {"amount": amount, "quantity": quantity, "quantity_decimal": str(quantity), "pricing": pricing}


def taken_in(account: Account, invoice: Obj, item: Obj) -> None:
    """Put an item on a draft, as a line of it."""
    _shown(account, invoice, item)
    item["invoice"] = invoice["id"]


def _shown(account: Account, invoice: Obj, item: Obj) -> None:
    parent = {
        "type": "invoice_item_details",
        "invoice_item_details": {
            "invoice_item": item["id"],
            "proration": False,
            "proration_details": None,
            "subscription": None,
        },
        "subscription_item_details": None,
    }
    line_added(
        account,
        invoice,
        item["amount"],
        item["quantity"],
        description=item["description"],
        metadata=dict(item["metadata"]),
        parent=parent,
        period=dict(item["period"]),
        pricing=item["pricing"],
    )


def pending(account: Account, customer: str, subscription: str | None = None) -> list[Obj]:
    """Return the items of a customer that stand on no invoice; those of a subscription only for its own."""
    rows = [row for row in account.objects.all("invoiceitem") if row["customer"] == customer and not row["invoice"]]
    return [row for row in rows if _subscription(row) in {None, subscription}]


def _subscription(item: Obj) -> str | None:
    return item["parent"]["subscription_details"]["subscription"] if item["parent"] else None


def pending_taken_in(account: Account, invoice: Obj, subscription: str | None = None) -> None:
    """Put every pending item on a draft."""
    for item in pending(account, invoice["customer"], subscription):
        taken_in(account, invoice, item)


def pending_shown(account: Account, invoice: Obj, subscription: str | None = None) -> None:
    """Show every pending item on a draft that is a preview; they stay pending."""
    for item in pending(account, invoice["customer"], subscription):
        _shown(account, invoice, item)


def released(account: Account, invoice: Obj) -> None:
    """Make the items of a draft pending again."""
    for item in account.objects.all("invoiceitem"):
        if item["invoice"] == invoice["id"]:
            item["invoice"] = None


def _draft_of(account: Account, item: Obj) -> Obj | None:
    if item["invoice"] is None:
        return None
    invoice = account.objects.get("invoice", item["invoice"])
    editable(invoice)
    return invoice


def _without(account: Account, invoice: Obj, item: Obj) -> None:
    lines = lines_of(account, invoice)
    lines[:] = [line for line in lines if _item_of(line) != item["id"]]
    summed(account, invoice)


def _item_of(line: Obj) -> str | None:
    details = line["parent"].get("invoice_item_details") or {}
    return details.get("invoice_item")


@handles("GetInvoiceitemsInvoiceitem")
def retrieve(call: Call) -> Obj:
    """Return an item."""
    return call.account.objects.get("invoiceitem", call.arguments[0])


@handles("PostInvoiceitemsInvoiceitem", f"{_MONEY} description metadata period")
def update(call: Call) -> Obj:
    """Change an item that is pending or on a draft."""
    account, found = call.account, call.account.objects.get("invoiceitem", call.arguments[0])
    invoice = _draft_of(account, found)
    found.update(call.given("description", "period"))
    if call.params.keys() & {"amount", "pricing", "unit_amount_decimal"}:
        found.update(_money(account, call.params))
    found["metadata"] = merged(found["metadata"], call.params.get("metadata", {}))
    if invoice:
        _without(account, invoice, found)
        taken_in(account, invoice, found)
    return found


@handles("DeleteInvoiceitemsInvoiceitem")
def delete(call: Call) -> Obj:
    """Delete an item that is pending or on a draft."""
    account, found = call.account, call.account.objects.get("invoiceitem", call.arguments[0])
    invoice = _draft_of(account, found)
    if invoice:
        _without(account, invoice, found)
    account.emit("invoiceitem.deleted", found)
    return account.objects.delete(found)


@handles("GetInvoiceitems", "customer invoice pending")
def listed(call: Call) -> Obj:
    """List items."""
    asked = call.given("customer", "invoice")
    rows = [row for row in call.account.objects.all("invoiceitem") if all(row[name] == asked[name] for name in asked)]
    if "pending" in call.params:
        rows = [row for row in rows if (row["invoice"] is None) is call.params["pending"]]
    return page(call, rows)
