"""Invoices: drafts, what they become, and the end of each."""

from sandbox.stripe.account import Account, when
from sandbox.stripe.errors import invalid
from sandbox.stripe.expand import on_request
from sandbox.stripe.lists import matching, page, whole
from sandbox.stripe.registry import Call, handles, merged
from sandbox.stripe.resources.holders import living
from sandbox.stripe.resources.invoice_paying import attempted, may_advance
from sandbox.stripe.resources.invoiceitems import pending_taken_in, released
from sandbox.stripe.resources.invoicing import (
    ask_withdrawn,
    balance_given_back,
    drafted,
    editable,
    finalized,
    intent_of,
    lines_of,
    settled,
    summed,
)
from sandbox.stripe.values import Obj

_DAY = 24 * 3600
_TEXTS = "custom_fields default_payment_method description footer statement_descriptor"
_TAKES = f"auto_advance collection_method days_until_due due_date effective_at metadata {_TEXTS}"
# All that a finalised invoice lets anyone change; its money and its texts stay as issued.
_ALWAYS = frozenset({"auto_advance", "default_payment_method", "metadata", "expand"})


@handles("PostInvoices", f"{_TAKES} automatically_finalizes_at currency customer pending_invoice_items_behavior")
def create(call: Call) -> Obj:
    """Make a draft; pending items come in only when asked for."""
    account, params = call.account, call.params
    if "customer" not in params:
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = living(account, params["customer"])
    _check(account, customer, params)
    method = params.get("collection_method", "charge_automatically")
    made = drafted(
        account,
        customer,
        auto_advance=False,
        billing_reason="manual",
        collection_method=method,
        due_date=_due(account, customer, method, params),
        metadata=merged({}, params.get("metadata", {})),
        **call.given("effective_at", *_TEXTS.split()),
    )
    if params.get("pending_invoice_items_behavior") == "include":
        pending_taken_in(account, made)
    may_advance(account, made, by_itself=params.get("auto_advance", False))
    if at := params.get("automatically_finalizes_at"):
        made["automatically_finalizes_at"] = at
    account.emit("invoice.created", made)
    return made


def _due(account: Account, customer: Obj, method: str, params: Obj) -> int | None:
    if method == "charge_automatically":
        if "due_date" in params or "days_until_due" in params:
            message = "`due_date` and `days_until_due` are for invoices with `collection_method` set to `send_invoice`."
            raise invalid(message, "due_date")
        return None
    if not customer["email"]:
        raise invalid("Missing email. To send an invoice the customer must have an email address.", "customer")
    if "due_date" not in params and "days_until_due" not in params:
        raise invalid("You must pass `days_until_due` or `due_date` to send an invoice.", "days_until_due")
    due: int = params.get("due_date") or account.now(customer["id"]) + params["days_until_due"] * _DAY
    return due


def _check(account: Account, customer: Obj, params: Obj) -> None:
    if params.get("currency", "usd") != "usd":
        raise invalid("The sandbox holds US dollars only.", "currency")
    chosen = params.get("default_payment_method")
    if chosen and account.objects.get("payment_method", chosen, "default_payment_method")["customer"] != customer["id"]:
        raise invalid("The customer does not have this payment method.", "default_payment_method", "resource_missing")


def _get(call: Call) -> Obj:
    found = call.account.objects.get("invoice", call.arguments[0])
    if found["status"] == "draft":
        summed(call.account, found)  # what was used is counted until the invoice is final
    return found


@handles("GetInvoicesInvoice")
def retrieve(call: Call) -> Obj:
    """Return an invoice."""
    return _get(call)


@handles("PostInvoicesInvoice", _TAKES)
def update(call: Call) -> Obj:
    """Change a draft; of a finalised invoice only what moves no money."""
    found, params = _get(call), call.params
    if params.keys() - _ALWAYS:
        editable(found)
    found.update(call.given("effective_at", *_TEXTS.split()))
    if params.keys() & {"collection_method", "days_until_due", "due_date"}:
        customer = living(call.account, found["customer"])
        found["collection_method"] = params.get("collection_method", found["collection_method"])
        found["due_date"] = _due(call.account, customer, found["collection_method"], params)
    found["metadata"] = merged(found["metadata"], params.get("metadata", {}))
    if "auto_advance" in params:
        may_advance(call.account, found, by_itself=params["auto_advance"])
    call.account.emit("invoice.updated", found)
    return found


@handles("DeleteInvoicesInvoice")
def delete(call: Call) -> Obj:
    """Delete a draft; its items are pending again."""
    found = _get(call)
    editable(found)
    released(call.account, found)
    call.account.emit("invoice.deleted", found)
    return call.account.objects.delete(found)


@handles("PostInvoicesInvoiceFinalize", "auto_advance")
def finalize(call: Call) -> Obj:
    """Fix the money of a draft."""
    found = finalized(call.account, _get(call))
    by_itself: bool = found["auto_advance"]
    may_advance(call.account, found, by_itself=call.params.get("auto_advance", by_itself))
    return found


@handles("PostInvoicesInvoicePay", "off_session paid_out_of_band payment_method")
def pay(call: Call) -> Obj:
    """Take the money now; a draft is finalised first. A decline is a card error, and the invoice stays open."""
    found, params = _get(call), call.params
    if found["status"] == "draft":
        finalized(call.account, found)
        if found["status"] == "paid":
            return found
    if found["status"] not in {"open", "uncollectible"}:
        code = "invoice_already_paid" if found["status"] == "paid" else "invoice_not_open"
        raise invalid(f"Invoice is already {found['status']}", "invoice", code)
    if params.get("paid_out_of_band"):
        ask_withdrawn(call.account, found)
        found["amount_paid_off_stripe"] = found["amount_remaining"]
        found["amount_paid"] += found["amount_remaining"]
        settled(call.account, found)
        return found
    return attempted(call.account, found, params.get("payment_method"), off_session=params.get("off_session", True))


@handles("PostInvoicesInvoiceSend")
def send(call: Call) -> Obj:
    """Mail the invoice; a draft is finalised first."""
    found = _get(call)
    if not found["customer_email"]:
        raise invalid("Missing email. To send an invoice the customer must have an email address.", "customer")
    if found["status"] == "draft":
        finalized(call.account, found)
    call.account.emit("invoice.sent", found)
    return found


@handles("PostInvoicesInvoiceVoid")
def void(call: Call) -> Obj:
    """Void an open or uncollectible invoice; it is owed no more."""
    found = _ended(call, {"open", "uncollectible"}, "void", "voided_at")
    ask_withdrawn(call.account, found)
    balance_given_back(call.account, found)
    call.account.emit("invoice.voided", found)
    return found


@handles("PostInvoicesInvoiceMarkUncollectible")
def mark_uncollectible(call: Call) -> Obj:
    """Give an open invoice up; it can still be paid."""
    found = _ended(call, {"open"}, "uncollectible", "marked_uncollectible_at")
    call.account.emit("invoice.marked_uncollectible", found)
    return found


def _ended(call: Call, allowed: set[str], status: str, transition: str) -> Obj:
    found = _get(call)
    if found["status"] not in allowed:
        raise invalid(f"You can only do this to an invoice that is {' or '.join(sorted(allowed))}.", "invoice")
    found.update(status=status, next_payment_attempt=None, auto_advance=False)
    found["status_transitions"][transition] = call.account.now(found["customer"])
    return found


@handles("GetInvoicesInvoiceLines")
def lines(call: Call) -> Obj:
    """List the lines of an invoice, in their order."""
    return page(call, lines_of(call.account, _get(call)), ordered=True)


@handles("GetInvoices", "collection_method customer status subscription due_date")
def listed(call: Call) -> Obj:
    """List invoices."""
    rows = matching(call, call.account.objects.all("invoice"), "collection_method", "customer", "status", "due_date")
    wanted = call.params.get("subscription")
    return page(call, [row for row in rows if wanted is None or _subscription(row) == wanted])


def _subscription(invoice: Obj) -> str | None:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return details.get("subscription")


@when("customer.deleted")
def _left(account: Account, customer: Obj) -> None:
    """Drop what no longer asks anyone: the drafts and the pending items of a customer that is deleted."""
    for invoice in account.objects.all("invoice"):
        if invoice["customer"] == customer["id"] and invoice["status"] == "draft":
            released(account, invoice)
            account.objects.delete(invoice)
    for item in account.objects.all("invoiceitem"):
        if item["customer"] == customer["id"] and not item["invoice"]:
            account.objects.delete(item)


@on_request("invoice", "payments")
def _payments(account: Account, invoice: Obj) -> Obj:
    rows = [row for row in account.objects.all("invoice_payment") if row["invoice"] == invoice["id"]]
    return whole(rows, f"/v1/invoices/{invoice['id']}/payments")


@on_request("invoice", "confirmation_secret")
def _secret(account: Account, invoice: Obj) -> Obj | None:
    intent = intent_of(account, invoice)
    return {"type": "payment_intent", "client_secret": intent["client_secret"]} if intent else None
