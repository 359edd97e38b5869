"""The calls of one attempt at Stripe, and what each way of failing means."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import stripe

from ledger.gateways import egress
from ledger.rules.declines import advice
from ledger.rules.outcome import Declined, Later, Outcome, Refused, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

TOO_MANY = 429
CONFLICT = 409
FAILURES = 500
PAGE = 100
# Stripe knows a key, and the identifier of a meter event, for a day at least; an hour is left for the call itself.
REMEMBERED = timedelta(hours=23)


class KeyRefused(Exception):  # noqa: N818 - named for what happened
    """Stripe refuses the key, or it lacks a right: a sentence for whoever runs the installation."""


class LeaseOver(Exception):  # noqa: N818 - named for what happened
    """Somebody else may have taken the row over; this attempt makes no further call."""


@dataclass(frozen=True)
class Beside:
    """Other usage of the same customer, category and minute: how much was tried at all, and how much surely counts."""

    tried: int = 0
    counted: int = 0


@dataclass(frozen=True)
class Attempt:
    """One attempt at a request. `tried_since` is when the first of the earlier ones was made, None where there is none.

    Every call of an attempt has the key `<outbox id>:<step>`, the same in every attempt, until Stripe itself has
    answered one with a failure: it would answer the same to the same key for a day. `until` is the monotonic second
    after which no further call is made.
    """

    outbox_id: UUID
    tried_since: datetime | None = None
    failures: int = 0
    until: float = field(default=float("inf"))
    beside: Beside = Beside()

    def key(self, step: str) -> str:
        """Return the idempotency key of a step."""
        return f"{self.outbox_id}:{step}" + (f":{self.failures}" if self.failures else "")


@dataclass(frozen=True)
class Calls:
    """The calls of one attempt, each admitted by the egress table before the SDK sees it."""

    client: stripe.StripeClient
    attempt: Attempt
    now: datetime

    @property
    def are_remembered(self) -> bool:
        """Whether Stripe still knows the keys of the earlier attempts, and the identifiers they sent."""
        since = self.attempt.tried_since
        return since is None or self.now - since < REMEMBERED

    def post(self, step: str, path: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Change something at Stripe, under the key of the step."""
        return self._send("post", path, fields, idempotency_key=self.attempt.key(step))

    def get(self, path: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
        """Read an object."""
        return self._send("get", path, fields or {})

    def delete(self, path: str, fields: dict[str, Any]) -> dict[str, Any]:
        """End an object. Stripe knows no key of such a call: whoever tries again looks first."""
        return self._send("delete", path, fields)

    def each(self, path: str, fields: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Read a list, page by page, newest first."""
        after: str | None = None
        while True:
            page = self.get(path, fields | {"limit": PAGE, "starting_after": after})
            yield from page["data"]
            if not page["has_more"]:
                return
            after = page["data"][-1]["id"]

    def _send(self, method: str, path: str, fields: dict[str, Any], **options: str) -> dict[str, Any]:
        egress.admit(method, path, egress.on_the_wire(fields))
        if time.monotonic() > self.attempt.until:
            raise LeaseOver
        given = {name: value for name, value in fields.items() if value is not None}
        found: dict[str, Any] = self.client.raw_request(method, path, **given, **options).data
        return found


def ended(error: Exception) -> Outcome:
    """Say how an attempt ended that an error broke off.

    Raises KeyRefused when the key is refused, and the error itself when it is no way a call ends.
    """
    if isinstance(error, stripe.CardError):
        return declined(error, "")
    if isinstance(error, stripe.APIConnectionError):
        return Unknown("Stripe did not answer.", answered=False)
    if isinstance(error, (stripe.AuthenticationError, stripe.PermissionError)):
        raise KeyRefused(
            "Stripe refuses TRUEUP_STRIPE_KEY, or it lacks a right: give another one. Nothing more was sent."
        ) from None
    if isinstance(error, stripe.StripeError):
        return _failed(error)
    if isinstance(error, egress.NotAdmitted):
        return Refused("not_admitted", str(error))
    if isinstance(error, LeaseOver):
        return Unknown("This took too long; another dispatcher goes on.", answered=False)
    raise error


def declined(error: stripe.CardError, object_id: str) -> Declined:
    """Classify a declined card; `object_id` is the demand that stands."""
    said = error.error
    code = str((said and said.decline_code) or error.code or "card_declined")
    advised = getattr(said, "advice_code", None) if said else None
    return Declined(object_id, code, advice(code, advised))


def _failed(error: stripe.StripeError) -> Outcome:
    status = error.http_status or FAILURES
    if status in {TOO_MANY, CONFLICT}:
        return Later("Stripe asks to slow down." if status == TOO_MANY else "Another call with this key is under way.")
    if status >= FAILURES:
        return Unknown("Stripe failed.", answered=True)
    if isinstance(error, stripe.IdempotencyError):
        return Unknown("Stripe knows the key of this call with other fields.", answered=True)
    if not isinstance(error, stripe.InvalidRequestError):
        return Unknown("What Stripe answered cannot be read.", answered=False)
    parameter = getattr(error, "param", None)
    return Refused(str(error.code or "invalid_request"), f"Stripe refuses it: {parameter or 'see its log'}.")
