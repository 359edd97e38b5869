"""A month as it is named on the command line."""

from orchestration.commands.errors import Misused
from orchestration.commands.output import printable


def month(text: str) -> str:
    """Return a month that was named as YYYY-MM."""
    from ledger.rules.months import is_month

    if not is_month(text):
        raise Misused(f"{printable(text)} is no month: write YYYY-MM, as in 2026-10.")
    return text
