"""Payouts: the available balance on its way to the bank."""

from collections.abc import Iterator
from functools import partial

from sandbox.stripe.account import DUE, Account, Job
from sandbox.stripe.errors import invalid
from sandbox.stripe.lists import matching, page
from sandbox.stripe.registry import Call, handles, merged
from sandbox.stripe.resources.balance import available_cents, booked
from sandbox.stripe.values import Obj

_ARRIVES_SECONDS = 24 * 3600


def _made(account: Account, amount_cents: int, **fields: object) -> Obj:
    now = account.clock.now()
    made = account.new(
        "payout",
        created=now,
        amount=amount_cents,
        arrival_date=now + _ARRIVES_SECONDS,
        currency="usd",
        method="standard",
        source_type="card",
        status="in_transit",
        type="bank_account",
        **fields,
    )
    made["balance_transaction"] = booked(account, "payout", -amount_cents, made)["id"]
    account.emit("payout.created", made)
    return made


def paid_out(account: Account) -> Obj:
    """Make the automatic payout of all that became available since the last one; it can be itemised once it is paid."""
    done = {row for payout in account.objects.all("payout") for row in _itemised(account, payout)}
    rows = [row for row in account.objects.all("balance_transaction") if _is_due(row) and row["id"] not in done]
    amount = sum(row["net"] for row in rows)
    if amount <= 0:
        raise invalid("Nothing is available to pay out.", "amount", "balance_insufficient")
    made = _made(account, amount, automatic=True, description="STRIPE PAYOUT", reconciliation_status="in_progress")
    itemised = {row["id"] for row in rows} | {made["balance_transaction"]}
    account.objects.notes[made["id"]]["transactions"] = itemised
    return made


def _is_due(row: Obj) -> bool:
    return bool(row["status"] == "available" and not row["type"].startswith("payout"))


def _itemised(account: Account, payout: Obj) -> set[str]:
    found: set[str] = account.objects.notes[payout["id"]].get("transactions", set())
    return found if payout["status"] != "failed" else set()


def _arriving(account: Account) -> Iterator[Job]:
    for payout in account.objects.all("payout"):
        if payout["status"] == "in_transit":
            yield Job(payout["arrival_date"], None, partial(arrived, account, payout))


def arrived(account: Account, payout: Obj) -> None:
    """Note that the bank has the money; an automatic payout's transactions can be listed from now on."""
    payout["status"] = "paid"
    account.emit("payout.paid", payout)
    if payout["automatic"]:
        payout["reconciliation_status"] = "completed"
        account.emit("payout.reconciliation_completed", payout)


def failed(account: Account, payout: Obj) -> Obj:
    """Have the bank send a payout back, even one that was paid; the money is in the balance again."""
    if payout["status"] not in {"in_transit", "paid"}:
        raise invalid(f"The payout is {payout['status']}.", "payout")
    returned = booked(account, "payout_failure", payout["amount"], payout)
    payout.update(status="failed", failure_code="account_closed", failure_balance_transaction=returned["id"])
    payout["failure_message"] = "The bank account has been closed."
    account.emit("payout.failed", payout)
    return payout


@handles("PostPayouts", "amount currency description metadata statement_descriptor")
def create(call: Call) -> Obj:
    """Pay out by hand; such a payout can never be itemised."""
    account, params = call.account, call.params
    if not 0 < params["amount"] <= available_cents(account):
        message = "You have insufficient funds in your Stripe account for this transfer."
        raise invalid(message, "amount", "balance_insufficient")
    metadata = merged({}, params.get("metadata", {}))
    more = call.given("description", "statement_descriptor")
    return _made(
        account,
        params["amount"],
        automatic=False,
        reconciliation_status="not_applicable",
        metadata=metadata,
        **more,
    )


@handles("PostPayoutsPayoutCancel")
def cancel(call: Call) -> Obj:
    """Cancel a payout made by hand that has not arrived."""
    account, found = call.account, retrieve(call)
    if found["automatic"] or found["status"] != "in_transit":
        raise invalid("Payouts can be canceled while they are on their way, and made by hand.", "payout")
    booked(account, "payout_cancel", found["amount"], found)
    found["status"] = "canceled"
    account.emit("payout.canceled", found)
    return found


@handles("GetPayoutsPayout")
def retrieve(call: Call) -> Obj:
    """Return a payout."""
    return call.account.objects.get("payout", call.arguments[0])


@handles("GetPayouts", "arrival_date status")
def listed(call: Call) -> Obj:
    """List payouts."""
    return page(call, matching(call, call.account.objects.all("payout"), "arrival_date", "status"))


DUE.append(_arriving)
