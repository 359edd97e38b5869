"""Passwords of staff: Argon2id, and nothing that says whether an account has one."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 200
_hasher = PasswordHasher()  # RFC 9106's second recommended choice: 64 MiB, three passes


def objection(password: str, *about: str) -> str:
    """Return why a password will not do, '' when it will. `about`: words that must not be what it is made of."""
    if len(password) < SHORTEST:
        return f"A password has {SHORTEST} characters or more; a few words in a row are good."
    if len(password) > LONGEST:
        return f"A password has {LONGEST} characters at most."
    rest = password.lower()
    for word in about:
        rest = rest.replace(word.lower(), "") if word else rest
    if len(set(rest)) < SHORTEST // 2:
        return "This password is too easy to guess: use more different characters, and neither your name nor ours."
    return ""


def hashed(password: str) -> str:
    """Return the hash to keep."""
    return _hasher.hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Tell whether it is the password; without one it takes as long to say no."""
    try:
        return _hasher.verify(kept or _nobodys(), password[:LONGEST]) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody has this password")
