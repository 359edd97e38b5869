"""What was answered under an idempotency key, for a day."""

import hashlib
import json
from dataclasses import dataclass

from sandbox.stripe.errors import StripeError
from sandbox.stripe.values import Obj

# Stripe may forget a key once it is at least this old; the sandbox does so at once.
REMEMBERED_SECONDS = 24 * 3600
_LONGEST = 255


@dataclass(frozen=True)
class Kept:
    """An answer as it was first given, and the call it answered."""

    fingerprint: str
    at: int
    status: int
    body: Obj
    request_id: str


def fingerprint(method: str, path: str, params: Obj) -> str:
    """Return what makes two calls the same call."""
    return hashlib.sha256(json.dumps([method, path, params], sort_keys=True).encode()).hexdigest()


class Keys:
    """Idempotency keys of the account."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    def look_up(self, key: str, asked: str, now: int) -> Kept | None:
        """Return the first answer under the key; raise when the key was used for another call."""
        if len(key) > _LONGEST:
            raise StripeError(400, "invalid_request_error", "Idempotency keys have at most 255 characters.")
        kept = self._kept.get(key)
        if kept is None or now - kept.at >= REMEMBERED_SECONDS:
            self._kept.pop(key, None)
            return None
        if kept.fingerprint != asked:
            raise StripeError(
                400,
                "idempotency_error",
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request.",
            )
        return kept

    def keep(self, key: str, answered: Kept) -> None:
        """Keep the answer, errors of the server included, as Stripe does."""
        self._kept[key] = answered
