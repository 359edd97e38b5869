"""The balance: transactions that sum to it."""

from collections.abc import Iterator

from sandbox.stripe.account import DUE, Account, Job
from sandbox.stripe.lists import matching, page
from sandbox.stripe.registry import Call, handles
from sandbox.stripe.values import Obj

_DAY = 24 * 3600
# Stripe's standard price for cards in the United States: 2.9 % and 30 cents.
_FEE_PER_MILLE, _FEE_FIXED_CENTS = 29, 30
_SETTLING_DAYS = 2
_CATEGORIES = {"adjustment": "dispute", "payout_cancel": "payout_reversal"}


def card_fee(amount_cents: int) -> int:
    """Return the fee of a charge in cents, half up."""
    return (amount_cents * _FEE_PER_MILLE + 500) // 1000 + _FEE_FIXED_CENTS


def booked(account: Account, kind: str, amount_cents: int, source: Obj, fee_cents: int = 0) -> Obj:
    """Book a balance transaction; card money is available on the second day after, all other at once."""
    now, at_once = account.clock.now(), kind != "charge"
    said = "Stripe processing fees"
    fees = [account.objects.part("fee", amount=fee_cents, currency="usd", type="stripe_fee", description=said)]
    made = account.new(
        "balance_transaction",
        created=now,
        amount=amount_cents,
        fee=fee_cents,
        net=amount_cents - fee_cents,
        fee_details=fees if fee_cents else [],
        currency="usd",
        type=kind,
        reporting_category=_CATEGORIES.get(kind, kind),
        balance_type="payments",
        source=source["id"],
        status="available" if at_once else "pending",
        available_on=now if at_once else (now // _DAY + _SETTLING_DAYS) * _DAY,
        description=source.get("description"),
    )
    if not at_once:
        account.pending_money[made["id"]] = made
    return made


def _becoming_available(account: Account) -> Iterator[Job]:
    soonest = min((found["available_on"] for found in account.pending_money.values()), default=None)
    if soonest is not None:
        yield Job(soonest, None, lambda: _become_available(account, soonest))


def _become_available(account: Account, now: int) -> None:
    for found in list(account.pending_money.values()):
        if found["available_on"] <= now:
            found["status"] = "available"
            del account.pending_money[found["id"]]


DUE.append(_becoming_available)


def available_cents(account: Account) -> int:
    """Return what can be paid out, in cents."""
    return sum(row["net"] for row in account.objects.all("balance_transaction") if row["status"] == "available")


@handles("GetBalance")
def balance(call: Call) -> Obj:
    """Return the balance: the sum of all balance transactions, by whether they are available."""
    account = call.account
    total = sum(row["net"] for row in account.objects.all("balance_transaction"))
    ready = available_cents(account)

    def shown(cents: int) -> list[Obj]:
        return [{"amount": cents, "currency": "usd", "source_types": {"card": cents}}]

    return {"object": "balance", "livemode": False, "available": shown(ready), "pending": shown(total - ready)}


@handles("GetBalanceTransactionsId")
def retrieve(call: Call) -> Obj:
    """Return a balance transaction."""
    return call.account.objects.get("balance_transaction", call.arguments[0])


@handles("GetBalanceTransactions", "type source currency payout")
def listed(call: Call) -> Obj:
    """List balance transactions; those of a payout only when it is an automatic one."""
    account = call.account
    rows = matching(call, account.objects.all("balance_transaction"), "type", "source", "currency")
    if "payout" in call.params:
        payout = account.objects.get("payout", call.params["payout"], "payout")
        in_it = account.objects.notes[payout["id"]].get("transactions", set())
        rows = [row for row in rows if row["id"] in in_it]
    return page(call, rows)
