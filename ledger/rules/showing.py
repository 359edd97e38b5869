"""What may be shown of a value that was refused: a value may be a name, and messages are kept and printed."""

from __future__ import annotations

import re

# What a quarantine may show: an amount or a date, never digits that a member or telephone number could have.
_SHOWABLE = re.compile(
    r"[-+]?\$?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]{1,4})?"
    r"|[-+]?\$?[0-9]{1,8}(\.[0-9]{1,4})?"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
    r"([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?( ?(Z|[-+][0-9]{2}:?[0-9]{2}))?)?"
    r"|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}"
)


class Refused(ValueError):  # noqa: N818 - a value that breaks its contract is refused, which is no fault of ours
    """A value breaks its contract; the text says what it should be, as the rest of a sentence about its column."""


def shown(value: str) -> str:
    """Return an amount or a date as it is, and of anything else only its length and kinds of characters."""
    return value if _SHOWABLE.fullmatch(value) else described(value)


def described(value: str) -> str:
    """Say what may be said of a value that may be a name: `12 characters (letters, blanks)`."""
    kinds = {
        "letters": any(character.isalpha() for character in value),
        "digits": any(character.isdecimal() for character in value),
        "blanks": any(character.isspace() for character in value),
        "signs": any(not (character.isalnum() or character.isspace()) for character in value),
    }
    named = [kind for kind, present in kinds.items() if present]
    if not named:
        return "nothing" if not value else f"{len(value)} characters"
    if len(value) == 1:
        return f"one character ({named[0]})"
    return f"{len(value)} characters ({', '.join(named)})"
