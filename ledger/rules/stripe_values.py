"""Reads single fields of Stripe objects strictly, and makes one function of a shape.

A shape maps a field to how it is read: by a function, by the shape of a nested object, or by a list of one reader for a
list (a plain one or Stripe's `{"data": […]}`). Where Stripe put an object in the place of its id (`expand`), the id is
kept. What a shape does not name is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ledger.rules.money import MOST_CENTS
from ledger.rules.showing import Refused, described, shown

Source: TypeAlias = Mapping[str, Any]
Shape: TypeAlias = Mapping[str, "Reader"]
Reader: TypeAlias = "Callable[[Any], object] | Shape | list[Reader]"

LAST_SECOND = 253_402_300_799  # of the year 9999, where Python's times end
_ID = re.compile(r"[A-Za-z0-9_\-.]{1,255}")
CODE = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class FieldRefused(Exception):  # noqa: N818 - a field that breaks its contract is refused, which is no fault of ours
    """A field breaks its contract: its path, what may be shown of its value, and the rest of a sentence."""

    def __init__(self, field: str, value: str | None, message: str) -> None:
        super().__init__(message)
        self.field, self.value, self.message = field, value, message


def identifier(value: Any) -> str:
    """Read an id; an expanded object stands for its own."""
    if isinstance(value, dict):
        value = value.get("id")
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise Refused("is no id; give it as the API returns it")
    return value


def catalogue_id(value: Any) -> str | None:
    """Read the id of a plan, price or product, which its owner may have chosen: left out where it is free text."""
    try:
        return identifier(value)
    except Refused:
        return None


def whole(value: Any) -> int:
    """Read a whole number: cents or a count."""
    if type(value) is not int or abs(value) > MOST_CENTS:
        raise Refused("is not a whole number (of cents); give it as the API returns it")
    return value


def moment(value: Any) -> int:
    """Read a time: whole seconds since 1970 in UTC, up to the year 9999."""
    if type(value) is not int or not 0 <= value <= LAST_SECOND:
        raise Refused("is no time in whole seconds since 1970; give it as the API returns it")
    return value


def demand(value: Any) -> int:
    """Read what was asked for, taken or given back: whole cents, never below zero."""
    if whole(value) < 0:
        raise Refused(
            "is below zero; Stripe gives such an amount without a sign, so give the object as the API returns it"
        )
    return int(value)


def switch(value: Any) -> bool:
    """Read true or false."""
    if type(value) is not bool:
        raise Refused("is neither true nor false; give it as the API returns it")
    return value


def code(value: Any) -> str:
    """Read a code of Stripe's: a word without blanks."""
    if not isinstance(value, str) or not CODE.fullmatch(value):
        raise Refused("is no code of Stripe's; give it as the API returns it")
    return value


def dollars(value: Any) -> str:
    """Read a currency in any case: only US dollars are in these books."""
    if not isinstance(value, str) or value.lower() != "usd":
        raise Refused("is not usd; the books are in US dollars only")
    return "usd"


def decimal(value: Any) -> str:
    """Read a decimal number that Stripe writes as text: a unit amount may have fractions of a cent."""
    if not _DECIMAL.fullmatch(str(value)):
        raise Refused("is no decimal number; give it as the API returns it")
    return str(value)


def visit_token(value: Any) -> str | None:
    """Read a visit token; what is no UUID cannot be one of ours and may be anything, so it is left out."""
    lowered = value.lower() if isinstance(value, str) else ""
    return lowered if _UUID.fullmatch(lowered) else None


def memo_id(value: Any) -> str | None:
    """Read the id of a memo of ours; empty is how metadata is taken away."""
    return None if value == "" else code(value)


def projection(shape: Shape, path: str = "", *, leniently: bool = False) -> Callable[[Source], dict[str, object]]:
    """Make one function of a shape: what a shape says is looked at once, and not for every object.

    It raises FieldRefused for the first field that breaks its contract. `leniently` it keeps such a field where it is a
    number, a switch or one word, and leaves it out otherwise.
    """
    fields = [(name, _function(reader, path + name, leniently)) for name, reader in shape.items()]

    def project(source: Source) -> dict[str, object]:
        kept: dict[str, object] = {}
        for name, read in fields:
            value = source.get(name)
            if value is not None and (value := read(value)) is not None:
                kept[name] = value
        return kept

    return project


def _function(reader: Reader, path: str, leniently: bool) -> Callable[[Any], object]:
    if isinstance(reader, list):
        return _list_function(_function(reader[0], path, leniently), path, leniently)
    if isinstance(reader, Mapping):
        project = projection(reader, path + ".", leniently=leniently)
        return lambda value: (project(value) or None) if isinstance(value, dict) else None

    def read(value: Any) -> object:
        try:
            return reader(value)
        except Refused as fault:
            if leniently:
                return value if isinstance(value, int) or (isinstance(value, str) and CODE.fullmatch(value)) else None
            raise FieldRefused(path, _shown(reader, value), str(fault)) from None

    return read


def _list_function(read: Callable[[Any], object], path: str, leniently: bool) -> Callable[[Any], object]:
    def read_all(value: Any) -> object:
        elements = value.get("data") if isinstance(value, dict) else value
        if not isinstance(elements, list):
            if leniently:
                return None
            raise FieldRefused(path, None, "is no list; give it as the API returns it")
        return [read(element) for element in elements]

    return read_all


def _shown(reader: Reader, value: Any) -> str:
    if reader is dollars and isinstance(value, str) and _CURRENCY.fullmatch(value):
        return value
    return shown(str(value)) if isinstance(value, str | int | float) else described(str(value))
