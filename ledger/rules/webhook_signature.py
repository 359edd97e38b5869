"""Whether a webhook is Stripe's: HMAC-SHA256 over the time and the raw body, with the endpoint's secret.

Our own check and not the SDK's: that one lets a time in the future pass, which a replayed or forged request may have,
and it wants the body as text.
"""

from __future__ import annotations

import hashlib
import hmac
import re

TOLERANCE_SECONDS = 300
"""How far the time of a signature may be from ours, either way: Stripe's own default."""

_LONGEST_HEADER = 4_096
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class NotSigned(ValueError):  # noqa: N818 - named for what is wrong with the request
    """A request is not signed as Stripe signs; the text is a sentence that gives away nothing of the secret."""


def verify(header: str | None, body: bytes, secret: str, now: int, name: str = "Stripe-Signature") -> None:
    """Return when the header called `name` signs the body; `now` is in seconds since 1970.

    While a secret is rolled Stripe signs with the old and the new one: one good signature (v1) of several is enough.
    Raises NotSigned with a sentence otherwise. A blank secret signs nothing.
    """
    signed_at, signatures = _read(header, name)
    if abs(now - int(signed_at)) > TOLERANCE_SECONDS:
        raise NotSigned(
            f"The signature's time is more than {TOLERANCE_SECONDS} seconds from this machine's: a replay, or a clock "
            "that is wrong."
        )
    expected = sign(body, secret, signed_at)
    # Every one is compared, so that the time it takes does not say which was nearly right.
    matches = [hmac.compare_digest(expected, signature) for signature in signatures]
    if not secret or not any(matches):
        raise NotSigned("No signature fits the body: the endpoint's secret is another, or the body was changed.")


def sign(body: bytes, secret: str, signed_at: str) -> str:
    """Return the signature (v1) of a body at a time, in hexadecimal."""
    return hmac.new(secret.encode(), signed_at.encode() + b"." + body, hashlib.sha256).hexdigest()


def _read(header: str | None, name: str) -> tuple[str, list[str]]:
    if header is None:
        raise NotSigned(f"The header {name} is missing.")
    pairs = [part.strip().partition("=") for part in header[: _LONGEST_HEADER + 1].split(",")]
    times = [value for key, _, value in pairs if key == "t" and _TIME.fullmatch(value)]
    signatures = [value for key, _, value in pairs if key == "v1" and _DIGEST.fullmatch(value)]
    if len(header) > _LONGEST_HEADER or len(times) != 1 or not signatures:
        raise NotSigned(f"The header {name} cannot be read: it has no one time (t) or no signature (v1).")
    return times[0], signatures
