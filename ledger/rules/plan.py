"""What a practice asks of its subscribers: one flat price a month, and one price a visit for each metered category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.rules.opaque import LARGEST_CENTS
from ledger.rules.service_category import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

# An event shows the first ten lines of its invoice: more prices could not be compared when it is made.
MOST_PRICES = 9


class NoPlan(ValueError):  # noqa: N818 - named for what is wrong
    """A plan that cannot be; the text is a sentence that says how to mend it."""


@dataclass(frozen=True)
class Plan:
    """A plan in cents: `flat_cents` a month in advance, `visit_cents` by category for a visit, billed in arrears."""

    flat_cents: int
    visit_cents: Mapping[int, int]

    def __post_init__(self) -> None:
        """Refuse a plan that Stripe could not hold, or whose prices are of no category."""
        if unknown := sorted(set(self.visit_cents) - set(NAMES)):
            known = ", ".join(f"{number} ({name})" for number, name in NAMES.items())
            raise NoPlan(f"There is no category {unknown[0]} of visits. There are {known}.")
        if not 1 <= len(self.visit_cents) <= MOST_PRICES:
            raise NoPlan(f"A plan prices 1 to {MOST_PRICES} categories of visits, not {len(self.visit_cents)}.")
        for cents in (self.flat_cents, *self.visit_cents.values()):
            if not 1 <= cents <= LARGEST_CENTS:
                raise NoPlan(f"A price is 1 to {LARGEST_CENTS:,} cents, not {cents:,}.")

    @property
    def written(self) -> str:
        """The prices of visits in one text, `2=7500,5=9000`."""
        return ",".join(f"{number}={cents}" for number, cents in sorted(self.visit_cents.items()))


def prices_of(written: str) -> dict[int, int]:
    """Read the prices of visits as `Plan.written` gives them."""
    pairs = (pair.split("=") for pair in written.split(","))
    return {int(number): int(cents) for number, cents in pairs}
