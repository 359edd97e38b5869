"""What a list can be cut by: plain fields of a form whose answer is an address."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Choice(NamedTuple):
    """A filter: the values there are, and the one that was asked for; None is all of them."""

    name: str
    label: str
    values: tuple[str, ...]
    value: str | None

    @classmethod
    def among(cls, name: str, label: str, values: Iterable[str | None], asked: Mapping[str, str]) -> "Choice":
        """Offer the values there are, and the one that was asked for, though nothing has it any more."""
        value = asked.get(name) or None
        there = {each for each in values if each} | ({value} if value else set())
        return cls(name, label, tuple(sorted(there, reverse=name == "period")), value)


def chosen(choices: Iterable[Choice]) -> dict[str, str | None]:
    """Return what a list is cut by, by filter."""
    return {choice.name: choice.value for choice in choices}
