"""Every contract there is, and by feed."""

from expectations import fees, payments, remittances, visits
from expectations.contract import Contract, Feed

CONTRACTS: tuple[Contract, ...] = (
    *visits.CONTRACTS,
    *payments.CONTRACTS,
    *remittances.CONTRACTS,
    *fees.CONTRACTS,
)


def of_feed(feed: Feed) -> tuple[Contract, ...]:
    """Return the contracts of one feed, in the order they are told."""
    return tuple(contract for contract in CONTRACTS if contract.feed == feed)
