"""Reads single values of a feed strictly: each function returns the value in its normal form or raises Refused."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache

from ledger.rules.money import MOST_CENTS
from ledger.rules.showing import Refused
from ledger.rules.visit_fields import SERVICE_CODE

_MOST_UNITS = 99_999
_LONGEST_TEXT = 100

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
_CLAIM_REF = re.compile(r"[A-Z0-9]{1,20}")
_MODIFIER = re.compile(r"[A-Z0-9]{2}")
_TWO_DIGITS = re.compile(r"[0-9]{2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def opaque(value: str) -> str:
    """Read an identifier that carries no meaning here: up to 100 printable characters."""
    if len(value) > _LONGEST_TEXT or not value.isprintable():
        raise Refused(
            f"is not UTF-8 text of at most {_LONGEST_TEXT} printable characters; give the identifier as issued"
        )
    return value


def uuid(value: str) -> str:
    """Read a UUID into lower case."""
    if not _UUID.fullmatch(value):
        raise Refused("is no UUID; write 8-4-4-4-12 hexadecimal digits")
    return value.lower()


@lru_cache(maxsize=100_000)  # appointments of many visits begin and end at the same times
def instant(value: str) -> str:
    """Read an ISO-8601 time that carries its offset into the same instant in UTC, as ISO text."""
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise Refused("is no ISO-8601 time; write it like 2026-09-01T14:30:00-04:00") from None
    raise Refused("has no offset from UTC; write it like 2026-09-01T14:30:00-04:00 or with Z")


def day(value: str) -> date:
    """Read an ISO-8601 date."""
    try:
        if _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise Refused("is no date; write it like 2026-09-30")


def signed_cents(value: str) -> int:
    """Read an amount in whole cents, which may be negative."""
    if not _WHOLE_NUMBER.fullmatch(value):
        raise Refused("is not a whole number of cents; write 12.50 dollars as 1250")
    amount = int(value)
    if abs(amount) > MOST_CENTS:
        raise Refused(f"is beyond {MOST_CENTS} cents; check whether it is an amount at all")
    return amount


def cents(value: str) -> int:
    """Read an amount in whole cents, 0 or more."""
    amount = signed_cents(value)
    if amount < 0:
        raise Refused("is negative; it must be 0 cents or more")
    return amount


def units(value: str) -> int:
    """Read the units of a service."""
    if not _WHOLE_NUMBER.fullmatch(value) or not 1 <= int(value) <= _MOST_UNITS:
        raise Refused(f"is not a whole number from 1 to {_MOST_UNITS}; leave it empty for 1")
    return int(value)


def claim_ref(value: str) -> str:
    """Read a patient control number (CLM01, at most 20 characters in 005010X222A1)."""
    if not _CLAIM_REF.fullmatch(value):
        raise Refused("is not 1 to 20 of A-Z and 0-9; give the patient control number as it was sent in CLM01")
    return value


def service_code(value: str) -> str:
    """Read a CPT or HCPCS code: five characters, digits in the middle."""
    if not SERVICE_CODE.fullmatch(value):
        raise Refused("is no CPT or HCPCS code; write five characters like 99213 or G2012")
    return value


def place_of_service(value: str) -> str:
    """Read a place of service: two digits, with their leading zero."""
    if not _TWO_DIGITS.fullmatch(value):
        raise Refused("is not two digits; write 02 or 10 for telehealth, with the leading zero")
    return value


@lru_cache(maxsize=1_000)
def modifiers(value: str) -> str:
    """Read modifiers joined by | into upper case, each once, sorted: their order says nothing here."""
    codes = {code.strip().upper() for code in value.split("|")}
    if not all(map(_MODIFIER.fullmatch, codes)):
        raise Refused("is not a list of two-character modifiers joined by |; write it like 95|GT")
    return "|".join(sorted(codes))
