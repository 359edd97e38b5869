"""A dispatcher in a process of its own, for tests that kill it: its database, Stripe, the time, and where to die."""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from ledger.dispatch import Dispatcher
from ledger.gateways.stripe_gateway import StripeGateway
from ledger.store.database import Database

if TYPE_CHECKING:
    from ledger.gateways.stripe_calls import Attempt
    from ledger.rules.outcome import Outcome
    from ledger.rules.requests import Request


class Mortal:
    """Dies as by kill -9 when the row is claimed and nothing called, or when all is called and nothing recorded."""

    def __init__(self, gateway: StripeGateway, point: str) -> None:
        self._gateway, self._point = gateway, point

    def perform(self, request: Request, attempt: Attempt) -> Outcome:
        """Perform, or die before or after."""
        self._die("claimed")
        outcome = self._gateway.perform(request, attempt)
        self._die("called")
        return outcome

    def _die(self, point: str) -> None:
        if point == self._point:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    database, stripe, moment, point = sys.argv[1:]
    at = datetime.fromisoformat(moment)
    gateway = StripeGateway("sk_test_x", stripe, lambda: at)
    for _ in Dispatcher(Database(database), Mortal(gateway, point), lambda: at).deliver_due():
        pass
