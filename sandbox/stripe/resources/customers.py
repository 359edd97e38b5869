"""Customers: who is charged, by an opaque id."""

from sandbox.stripe.account import Account
from sandbox.stripe.errors import missing
from sandbox.stripe.lists import matching, page
from sandbox.stripe.registry import Call, handles, merged
from sandbox.stripe.resources.holders import living
from sandbox.stripe.resources.payment_methods import attached, resolved
from sandbox.stripe.values import Obj

_FIELDS = ("address", "description", "email", "name", "phone", "preferred_locales", "shipping")
_TAKES = "address balance description email metadata name phone preferred_locales shipping payment_method"
_SETTINGS = "invoice_settings.default_payment_method"


@handles("PostCustomers", f"{_TAKES} {_SETTINGS} test_clock")
def create(call: Call) -> Obj:
    """Make a customer, on a test clock when one is named."""
    account, params = call.account, call.params
    clock = params.get("test_clock")
    now = account.objects.get("test_helpers.test_clock", clock, "test_clock")["frozen_time"] if clock else account.now()
    made = account.new(
        "customer",
        created=now,
        balance=params.get("balance", 0),
        delinquent=False,
        invoice_prefix=None,
        next_invoice_sequence=1,
        tax_exempt="none",
        preferred_locales=[],
        test_clock=clock,
        invoice_settings=account.objects.part("invoice_setting_customer_setting"),
        metadata=merged({}, params.get("metadata", {})),
        **{name: value for name, value in call.given(*_FIELDS).items() if name != "preferred_locales"},
    )
    made["invoice_prefix"] = made["id"][-8:].upper()
    if "payment_method" in params:
        attached(account, resolved(account, params["payment_method"]), made["id"])
    _settle(account, made, params)
    account.emit("customer.created", made)
    return made


def _settle(account: Account, customer: Obj, params: Obj) -> None:
    method = params.get("invoice_settings", {}).get("default_payment_method")
    if method:
        found = account.objects.get("payment_method", method, "invoice_settings[default_payment_method]")
        if found["customer"] != customer["id"]:
            raise missing("payment_method", method, "invoice_settings[default_payment_method]")
    if method is not None:
        customer["invoice_settings"]["default_payment_method"] = method or None


@handles("GetCustomersCustomer")
def retrieve(call: Call) -> Obj:
    """Return a customer, or that it is deleted."""
    return call.account.objects.get("customer", call.arguments[0])


@handles("PostCustomersCustomer", f"{_TAKES.replace(' payment_method', '')} {_SETTINGS}")
def update(call: Call) -> Obj:
    """Change a customer."""
    found = living(call.account, call.arguments[0], "id")
    _settle(call.account, found, call.params)
    found.update(call.given(*_FIELDS, "balance"))
    found["metadata"] = merged(found["metadata"], call.params.get("metadata", {}))
    call.account.emit("customer.updated", found)
    return found


@handles("DeleteCustomersCustomer")
def delete(call: Call) -> Obj:
    """Delete a customer; its cards go with it."""
    found = living(call.account, call.arguments[0], "id")
    call.account.emit("customer.deleted", found)
    for method in call.account.objects.all("payment_method"):
        if method["customer"] == found["id"]:
            method["customer"] = None
    return call.account.objects.delete(found)


@handles("GetCustomers", "email test_clock")
def listed(call: Call) -> Obj:
    """List customers; those on a test clock only when it is named, as Stripe does."""
    clock = call.params.get("test_clock")
    rows = [row for row in matching(call, call.account.objects.all("customer"), "email") if row["test_clock"] == clock]
    return page(call, rows)
