"""Codes of an authenticator app (RFC 6238), each good once, and recovery codes for when the phone is gone."""

from __future__ import annotations

import hmac
import io
import secrets
from typing import TYPE_CHECKING

import pyotp
import segno

if TYPE_CHECKING:
    from datetime import datetime

STEP_SECONDS = 30
RECOVERY_CODES = 10
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another


def new_secret() -> str:
    """Return a secret of 160 bits in base 32, as apps take it."""
    return pyotp.random_base32()


def step_of(secret: str, code: str, now: datetime, last_step: int | None) -> int | None:
    """Return the time step whose code it is: this one, the one before or after, and later than the last one used."""
    here = int(now.timestamp()) // STEP_SECONDS
    digits = "".join(sign for sign in code if sign.isascii() and sign.isdigit())
    for step in (here, here - 1, here + 1):
        if (last_step is None or step > last_step) and hmac.compare_digest(
            pyotp.TOTP(secret).generate_otp(step), digits
        ):
            return step
    return None


def address(secret: str, email: str, practice: str) -> str:
    """Return the address of scheme otpauth that apps read."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=practice)


def qr_code(secret: str, email: str, practice: str) -> str:
    """Return its picture, as an SVG element."""
    drawn = io.BytesIO()
    segno.make(address(secret, email, practice), error="m").save(
        drawn, kind="svg", xmldecl=False, omitsize=True, border=4, light="#ffffff", title="QR code", nl=False
    )
    return drawn.getvalue().decode()


def new_recovery_codes() -> list[str]:
    """Return codes of 49 bits, each to be used once."""
    return [
        "-".join("".join(secrets.choice(_SIGNS) for _ in range(5)) for _ in range(2)) for _ in range(RECOVERY_CODES)
    ]


def plain(code: str) -> str:
    """Return a recovery code as it is hashed, however it was typed."""
    return "".join(sign for sign in code.lower() if sign in _SIGNS)
