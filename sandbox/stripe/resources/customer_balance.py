"""A customer's balance with the practice: negative is credit, positive is owed; the next invoice takes it up."""

from sandbox.stripe.account import Account
from sandbox.stripe.errors import missing
from sandbox.stripe.lists import page
from sandbox.stripe.registry import Call, handles, merged
from sandbox.stripe.resources.holders import living
from sandbox.stripe.values import Obj


def moved(account: Account, customer: Obj, amount_cents: int, kind: str, **fields: object) -> Obj:
    """Change the balance by that many cents and book the transaction."""
    customer["balance"] += amount_cents
    made = account.new(
        "customer_balance_transaction",
        customer=customer["id"],
        amount=amount_cents,
        currency="usd",
        ending_balance=customer["balance"],
        type=kind,
        **fields,
    )
    account.emit("customer.updated", customer, {"balance": customer["balance"] - amount_cents})
    return made


@handles("PostCustomersCustomerBalanceTransactions", "amount currency description metadata")
def create(call: Call) -> Obj:
    """Change the balance by hand."""
    customer, params = living(call.account, call.arguments[0], "id"), call.params
    metadata = merged({}, params.get("metadata", {}))
    more = call.given("description")
    return moved(call.account, customer, params["amount"], "adjustment", metadata=metadata, **more)


@handles("GetCustomersCustomerBalanceTransactionsTransaction")
def retrieve(call: Call) -> Obj:
    """Return one transaction of a customer's balance."""
    found = call.account.objects.get("customer_balance_transaction", call.arguments[1])
    if found["customer"] != call.arguments[0]:
        raise missing("customer_balance_transaction", call.arguments[1])
    return found


@handles("GetCustomersCustomerBalanceTransactions", "invoice")
def listed(call: Call) -> Obj:
    """List the transactions of a customer's balance."""
    living(call.account, call.arguments[0], "id")
    rows = call.account.objects.all("customer_balance_transaction")
    mine = [row for row in rows if row["customer"] == call.arguments[0]]
    wanted = call.params.get("invoice")
    return page(call, [row for row in mine if wanted is None or row["invoice"] == wanted])
