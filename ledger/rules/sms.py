"""The sentences that may be sent to a telephone: fixed words with a code, a time or a link, and no room for health."""

from __future__ import annotations

import re
from enum import StrEnum

from ledger.rules.opaque import PHONE, Kind

# As a person reads it: Tuesday, March 3, 2026, 3:30 PM EST.
_MOMENT = r"[A-Z][a-z]{5,8}, [A-Z][a-z]{2,8} [0-9]{1,2}, 20[0-9]{2}, [0-9]{1,2}:[0-9]{2} [AP]M [A-Z0-9+-]{2,6}"
_SLOTS = {
    "code": r"[0-9]{4} ?[0-9]{2,4}",
    "when": _MOMENT,
    "until": _MOMENT,
    # No query and no fragment, where anything could be said.
    "link": r"https?://[a-z0-9._-]{1,253}(?::[0-9]{1,5})?(?:/[A-Za-z0-9_-]{1,64}){0,4}/?",
}


class Sms(StrEnum):
    """Every text message there is."""

    CODE = "Your code is {code}. It works once, for ten minutes."
    REMINDER = "You have an appointment on {when}. Details: {link}"
    CHANGED = "Your appointment was changed. Details: {link}"
    CANCELLED = "Your appointment was cancelled. Details: {link}"
    OFFER = "A time has come free. It is held for you until {until}: {link}"
    MESSAGE = "There is a new message for you: {link}"


class NotASentence(ValueError):  # noqa: N818 - named for what is wrong with the words
    """Something in a text message is not of its kind; the text names the slot and never what stood there."""


def number(written: str) -> str | None:
    """Return a telephone number as it is called (+16175550117), of the United States unless it says otherwise."""
    digits = re.sub(r"[\s().-]", "", written)
    called = digits if digits.startswith("+") else f"+1{digits.removeprefix('1')}"
    is_one = PHONE.admits(called) and (not called.startswith("+1") or len(called) == len("+16175550117"))
    return called if is_one else None


def said(sentence: Sms, **slots: str) -> str:
    """Return a sentence with its slots filled. Raises NotASentence for a slot that is missing, unknown or not so."""
    wanted = set(re.findall(r"{(\w+)}", sentence))
    for name in wanted | slots.keys():
        if name not in wanted or name not in slots or not re.fullmatch(_SLOTS[name], slots[name], re.ASCII):
            raise NotASentence(f"{sentence.name} cannot be said: its {name} is missing, unknown or not of its kind.")
    return sentence.format(**slots)


def _pattern(sentence: Sms) -> str:
    pieces = re.split(r"{(\w+)}", sentence)
    return "".join(_SLOTS[piece] if place % 2 else re.escape(piece) for place, piece in enumerate(pieces))


SENTENCE = Kind("one of our text messages", re.compile("|".join(map(_pattern, Sms)), re.ASCII))
