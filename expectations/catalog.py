"""Every contract there is, and by feed."""

import hashlib

from expectations import fees, payments, remittances, visits
from expectations.contract import Contract, Feed

CONTRACTS: tuple[Contract, ...] = (
    *visits.CONTRACTS,
    *payments.CONTRACTS,
    *remittances.CONTRACTS,
    *fees.CONTRACTS,
)


def fingerprint() -> str:
    """Return the SHA-256 over all that is demanded: rows that kept one set of contracts were not judged by another."""
    return hashlib.sha256(repr(CONTRACTS).encode()).hexdigest()


def of_feed(feed: Feed) -> tuple[Contract, ...]:
    """Return the contracts of one feed, in the order they are told."""
    return tuple(contract for contract in CONTRACTS if contract.feed == feed)
