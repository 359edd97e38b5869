"""What Stripe holds, read and never changed: lists of objects by time of creation, and single objects."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import stripe

from ledger.gateways import egress, transport
from ledger.gateways.stripe_calls import CONFLICT, FAILURES, PAGE, TOO_MANY
from ledger.gateways.stripe_gateway import URL
from ledger.rules.opaque import OBJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Object = dict[str, Any]

PATHS: Mapping[str, str] = {
    "product": "products",
    "price": "prices",
    "customer": "customers",
    "subscription": "subscriptions",
    "invoice": "invoices",
    "invoice_payment": "invoice_payments",
    "payment_intent": "payment_intents",
    "charge": "charges",
    "refund": "refunds",
    "dispute": "disputes",
    "credit_note": "credit_notes",
    "balance_transaction": "balance_transactions",
    "payout": "payouts",
}
"""The types of objects that are listed, in the order in which they refer to each other."""
_READ_ALONE: Mapping[str, str] = {"payment_method": "payment_methods", "setup_intent": "setup_intents"}
TRIES = 6
LONGEST_WAIT = 30.0
_GONE = 404


class CannotList(Exception):  # noqa: N818 - named for what happened
    """Stripe's lists cannot be read: a sentence for whoever runs the installation."""


@dataclass(frozen=True)
class StripeListing:
    """Stripe at an address, by a secret key of a mode; `pause` waits some seconds between two tries of a call."""

    key: str = field(repr=False)
    url: str = URL
    is_live: bool = False
    pause: Callable[[float], None] = time.sleep
    _client: stripe.StripeClient = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Make the client, which keeps the pace."""
        object.__setattr__(self, "_client", transport.client(self.key, self.url))

    def window(self, object_type: str, since: int, before: int | None, most: int | None) -> list[Object] | None:
        """Return the objects created from `since` on and before `before` (seconds; None: no end), newest first.

        None when there are more than `most`, or when a page ends in an id that may not leave (a product's can be chosen
        freely): ask for a shorter window. Raises CannotList.
        """
        fields: Object = {"created": {"gte": since} | ({} if before is None else {"lt": before})}
        if object_type == "subscription":
            fields["status"] = "all"  # those that ended, too
        return self._each(PATHS[object_type], fields, most)

    def transactions(self, payout_id: str) -> list[Object]:
        """Return the balance transactions of an automatic payout that is reconciled. Raises CannotList."""
        return self._each(PATHS["balance_transaction"], {"payout": payout_id}, None) or []

    def events(self, since: int, *, undelivered: bool) -> Iterator[list[Object]]:
        """Yield events created from `since` on (seconds), newest first, a page at a time; Stripe keeps 30 days of them.

        `undelivered`: only those that an endpoint has not taken. Raises CannotList.
        """
        fields: Object = {"created": {"gte": since}, "limit": PAGE} | (
            {"delivery_success": False} if undelivered else {}
        )
        page = self._get("/v1/events", fields) or {"data": [], "has_more": False}
        while page["data"]:
            yield page["data"]
            if not page["has_more"]:
                return
            page = self._get("/v1/events", fields | {"starting_after": page["data"][-1]["id"]}) or {"data": []}

    def read(self, object_type: str, object_id: str) -> Object | None:
        """Return an object as it is now; None when there is none, or it cannot be read. Raises CannotList."""
        path = PATHS.get(object_type) or _READ_ALONE.get(object_type)
        return self._get(f"/v1/{path}/{object_id}", {}) if path and OBJECT.admits(object_id) else None

    def _each(self, path: str, fields: Object, most: int | None) -> list[Object] | None:
        found: list[Object] = []
        page: Object = {"has_more": True}
        after: Object = {}
        while page["has_more"]:
            page = self._get(f"/v1/{path}", fields | {"limit": PAGE} | after) or {"data": [], "has_more": False}
            found += page["data"]
            if page["has_more"]:
                after = {"starting_after": found[-1]["id"]}
                if most is None and not OBJECT.admits(found[-1]["id"]):
                    raise CannotList(
                        f"More than {PAGE} of Stripe's {path} were made in one second, with ids of your own, which are "
                        "not sent: load them from a file. What was landed is kept."
                    )
                if most is not None and (len(found) >= most or not OBJECT.admits(found[-1]["id"])):
                    return None
        return found

    def _get(self, path: str, fields: Object) -> Object | None:
        egress.admit("get", path, egress.on_the_wire(fields))
        for tried in range(1, TRIES + 1):
            try:
                answer: Object = self._client.raw_request("get", path, **fields).data
            except stripe.StripeError as error:
                if error.http_status == _GONE and not fields:
                    return None
                if tried == TRIES or not _may_pass(error):
                    raise CannotList(_sentence(error)) from None
                self.pause(_wait(error, tried))
            else:
                self._is_of_the_mode(answer)
                return answer
        raise AssertionError("the last try returns or raises")

    def _is_of_the_mode(self, answer: Object) -> None:
        for one in answer["data"] if answer.get("object") == "list" else [answer]:
            if one.get("livemode", self.is_live) is not self.is_live:
                mode, other = ("live", "test") if self.is_live else ("test", "live")
                raise CannotList(
                    f"Stripe answers with {other} objects, and TRUEUP_STRIPE_MODE is {mode}: correct the mode or the "
                    "key. None of them is kept."
                )


def _may_pass(error: stripe.StripeError) -> bool:
    status = error.http_status or FAILURES
    return isinstance(error, stripe.APIConnectionError) or status in {TOO_MANY, CONFLICT} or status >= FAILURES


def _wait(error: stripe.StripeError, tried: int) -> float:
    """Give the seconds to wait: what Stripe asks for, else twice as long each time; scattered, so that none collide."""
    asked = {name.lower(): text for name, text in (error.headers or {}).items()}.get("retry-after", "")
    longest = min(LONGEST_WAIT, 2.0 ** (tried - 1))
    scattered = longest * random.uniform(0.5, 1)  # noqa: S311 - no secret
    return min(LONGEST_WAIT, int(asked)) + scattered if asked.isascii() and asked.isdigit() else scattered


def _sentence(error: stripe.StripeError) -> str:
    again = "What was landed is kept; run the command again and it goes on from there."
    if isinstance(error, (stripe.AuthenticationError, stripe.PermissionError)):
        return f"Stripe refuses TRUEUP_STRIPE_KEY, or it lacks the right to read: give another one. {again}"
    if isinstance(error, stripe.APIConnectionError):
        return f"Stripe does not answer: look at the network. {again}"
    if error.http_status == TOO_MANY:
        return f"Stripe goes on asking to slow down. {again}"
    if (error.http_status or FAILURES) >= FAILURES:
        return f"Stripe failed again and again. {again}"
    return f"Stripe refuses to be read ({error.http_status}, {error.code or 'no code'}). {again}"
