"""Long lists in parts."""

from typing import NamedTuple

from starlette.exceptions import HTTPException

SIZE = 100


class Part(NamedTuple):
    """Which part of how many a page shows, counted from 1."""

    number: int
    parts: int
    size: int = SIZE

    @classmethod
    def of(cls, count: int, number: int) -> "Part":
        """Choose part `number` of a list of `count` rows; raises HTTPException 404 when there is no such part."""
        parts = max(1, -(-count // SIZE))
        if not 1 <= number <= parts:
            raise HTTPException(404, f"The list has {parts} parts.")
        return cls(number, parts)

    @property
    def skipped(self) -> int:
        """How many rows stand in the parts before."""
        return (self.number - 1) * self.size
