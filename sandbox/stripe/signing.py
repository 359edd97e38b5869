"""Stripe's signature of a webhook: HMAC-SHA256 over the time and the raw body."""

import hashlib
import hmac


def signature(secret: str, body: bytes, at: int) -> str:
    """Return the header `Stripe-Signature` of the body, signed at that time in seconds."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"
