"""Invoice payments: which payment intent paid which invoice, and how much of it."""

from sandbox.stripe.lists import matching, page
from sandbox.stripe.registry import Call, handles
from sandbox.stripe.values import Obj


@handles("GetInvoicePaymentsInvoicePayment")
def retrieve(call: Call) -> Obj:
    """Return an invoice payment."""
    return call.account.objects.get("invoice_payment", call.arguments[0])


@handles("GetInvoicePayments", "invoice payment status")
def listed(call: Call) -> Obj:
    """List invoice payments, of an invoice or of a payment intent."""
    rows = matching(call, call.account.objects.all("invoice_payment"), "invoice", "status")
    wanted = call.params.get("payment")
    return page(call, [row for row in rows if wanted is None or _is(row["payment"], wanted)])


def _is(payment: Obj, wanted: Obj) -> bool:
    return all(payment.get(name) == value for name, value in wanted.items())
