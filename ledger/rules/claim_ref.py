"""Claim references: the patient control number sent as CLM01 and given back as CLP01, with a check character."""

from __future__ import annotations

import secrets

# Crockford's base32 leaves out I, L, O and U, which people misread. The place of a character is its value, 0 to 31.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_LENGTH = 16
LENGTH = RANDOM_LENGTH + 1
SHORTEST_BEGINNING = 12
"""From so many characters on the beginning of a reference names its claim."""
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_FIELD_SIZE = 32
_FIELD_POLYNOMIAL = 0b100101


def issue() -> str:
    """Return a new claim reference: 16 random characters (80 bits, no meaning) and their check character."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return body + check_character(body)


def verify(claim_ref: str) -> bool:
    """Say whether this is a claim reference as `issue` makes them.

    One wrong character, or two characters that changed places, are always found.
    """
    body, check = claim_ref[:-1], claim_ref[-1:]
    return len(claim_ref) == LENGTH and set(body) <= set(ALPHABET) and check == check_character(body)


def check_character(body: str) -> str:
    """Return the check character of a text over `ALPHABET`; KeyError for a character outside it.

    The values are digits of a polynomial over GF(32), evaluated at its generator: each place has another weight that is
    not zero (up to 31 places), so no single change and no exchange of two places leaves the sum as it was.
    """
    checksum = 0
    for character in body:
        checksum = _times_generator(checksum ^ _VALUE[character])
    return ALPHABET[checksum]


def _times_generator(element: int) -> int:
    doubled = element << 1
    return doubled ^ _FIELD_POLYNOMIAL if doubled >= _FIELD_SIZE else doubled


def same(one: str, other: str) -> bool:
    """Say whether two references mean one claim, as payers give them back: in small letters, with dashes, cut off.

    From 12 characters on the beginning is enough, since a payer need keep no more than 20 (X12 RFI 525).
    """
    short, long = sorted((_plain(one), _plain(other)), key=len)
    return bool(short) and (short == long or (len(short) >= SHORTEST_BEGINNING and long.startswith(short)))


def _plain(claim_ref: str) -> str:
    return claim_ref.upper().replace(" ", "").replace("-", "")
