"""What a reader of the leaks asked for: what to add them up by, and which of them to look at."""

from dataclasses import asdict, dataclass, replace
from typing import Any

DIMENSIONS = {
    "category": "Category",
    "payer": "Payer",
    "provider": "Provider",
    "practice": "Practice",
    "age": "Age",
    "period": "Month",
}
WORK = {
    "": "All",
    "nobody": "Nobody has it",
    "waiting": "Taken up",
    "resolved": "Resolved",
    "dismissed": "Dismissed",
}
_COLUMNS = {name: name for name in DIMENSIONS} | {
    "payer": "payer_id",
    "provider": "provider_id",
    "practice": "practice_id",
    "age": "bucket",
}
NONE = "-"
"""What an address says of leaks that have none of a dimension: self-pay, no visit of ours, no day."""


@dataclass(frozen=True)
class Choice:
    """A value of a dimension is what its leaks have in common, `NONE` that they have none; empty is all.

    `work`: only those of which this is so, a key of WORK.
    """

    by: str = "category"
    category: str = ""
    payer: str = ""
    provider: str = ""
    practice: str = ""
    age: str = ""
    period: str = ""
    work: str = ""

    @property
    def path(self) -> str:
        """The page's path: leaks of one month have one of their own, as that month's closings keep them."""
        return f"/months/{self.period}/leaks" if self.period else "/leaks"

    @property
    def query(self) -> dict[str, str]:
        """What stands in the address beside the path."""
        asked = {name: value for name, value in asdict(self).items() if value and name != "period"}
        return {name: value for name, value in asked.items() if (name, value) != ("by", "category")}

    @property
    def values(self) -> dict[str, Any]:
        """The choice as queries take it: every dimension's value, None for all."""
        return {"by": self.by} | {name: getattr(self, name) or None for name in DIMENSIONS}

    @property
    def columns(self) -> dict[str, str]:
        """What is chosen beside a month as values by column, in the words of dashboards.cutting."""
        found = {_COLUMNS[name]: "" if value == NONE else value for name, value in self.narrowed.items()}
        return {name: value for name, value in found.items() if name != "period" or not value}

    @property
    def month(self) -> str | None:
        """The month that is chosen; None for all, and for those of no month."""
        return self.period if self.period not in {"", NONE} else None

    @property
    def narrowed(self) -> dict[str, str]:
        """The dimensions of which one value is chosen."""
        return {name: getattr(self, name) for name in DIMENSIONS if getattr(self, name)}

    def within(self, value: str | None) -> "Choice":
        """Choose one value of what is added up by, and add that up by the next dimension."""
        found = replace(self, **{self.by: value or NONE})
        left = [name for name in DIMENSIONS if name not in found.narrowed]
        return replace(found, by=left[0] if left else self.by)

    def without(self, dimension: str) -> "Choice":
        """Look at all values of a dimension again, and add up by it."""
        return replace(self, **{dimension: ""}, by=dimension)

    def added_up_by(self, dimension: str) -> "Choice":
        """Add the same leaks up by another dimension."""
        return replace(self, by=dimension)

    def worked(self, work: str) -> "Choice":
        """Look at those of which this is so."""
        return replace(self, work=work)
