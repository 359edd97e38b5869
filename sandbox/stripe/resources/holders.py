"""Customers as others need them: alive."""

from sandbox.stripe.account import Account
from sandbox.stripe.errors import missing
from sandbox.stripe.values import Obj


def living(account: Account, customer: str, param: str = "customer") -> Obj:
    """Return a customer that is not deleted; raise Stripe's error else."""
    found = account.objects.get("customer", customer, param)
    if found.get("deleted"):
        raise missing("customer", customer, param)
    return found
