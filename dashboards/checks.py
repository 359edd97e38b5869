"""Sums that must agree, each from two tables that were computed apart."""

from typing import NamedTuple

from dashboards.here import Here
from dashboards.reading import rows

_LABELS = {
    "remits": ("Posted remit claims", "Payer paid on visits + claims without a visit"),
    "memos": ("Memo register, debits less credits", "Memos on visits"),
    "leaks": ("Leak table", "Leaks in the month summaries"),
    "revenue": ("Revenue of every visit", "Revenue in the month summaries"),
}


class Check(NamedTuple):
    """Two sums, in cents, that have to be equal."""

    left: str
    left_cents: int
    right: str
    right_cents: int

    @property
    def difference_cents(self) -> int:
        """What is missing on the right; 0 when the two tie."""
        return self.left_cents - self.right_cents


def checks(here: Here) -> list[Check]:
    """Compare the books over all months."""
    found = {row["name"]: row for row in rows(here, "checks")}
    return [
        Check(left, found[name]["left_cents"], right, found[name]["right_cents"])
        for name, (left, right) in _LABELS.items()
    ]
