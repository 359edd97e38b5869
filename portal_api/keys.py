"""The portal's one secret, and the keys that are derived from it, each for one purpose."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from ledger.settings import Settings

BYTES = 32
NONCE_BYTES = 12


class Keys:
    """Keys by purpose, made of one secret: whoever has one of them has none of the others."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != BYTES:
            raise ValueError(f"The portal's key has {len(secret)} bytes and must have {BYTES}.")
        self._secret = secret

    def of(self, *purpose: str) -> bytes:
        """Return the 32-byte key for a purpose (HMAC-SHA256 of the secret as a KDF, NIST SP 800-108 in spirit)."""
        return hmac.digest(self._secret, _joined(purpose), hashlib.sha256)

    def mac(self, purpose: str, *parts: str) -> bytes:
        """Return a 32-byte MAC over the parts, by the key of the purpose."""
        return hmac.digest(self.of(purpose), _joined(parts), hashlib.sha256)

    def seal(self, plain: bytes, *place: str) -> bytes:
        """Encrypt what is to be kept at a place (a table, a practice, a row): moved elsewhere it does not open."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.of("seal")).encrypt(nonce, plain, _joined(place))

    def unseal(self, sealed: bytes, *place: str) -> bytes:
        """Decrypt what was kept at the place; raises cryptography's InvalidTag where it was not kept there."""
        return AESGCM(self.of("seal")).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _joined(place))


def found(settings: Settings) -> Keys:
    """Return the keys of TRUEUP_PORTAL_KEY, else of a file under TRUEUP_HOME, made at first use, its owner's alone."""
    if settings.portal_key:
        return Keys(base64.b64decode(settings.portal_key))
    path = settings.home / "portal" / "key"
    if not path.exists():
        make_secret(path)
    return Keys(path.read_bytes())


def make_secret(path: Path) -> None:
    """Write 32 random bytes to a file of its owner's alone, whole or not at all; of two at once one wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()


def _joined(parts: tuple[str, ...]) -> bytes:
    # With their lengths: no two lists of parts join to the same bytes.
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
