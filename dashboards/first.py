"""What to do first in a month: what waits for somebody, by the money at stake, in words that need no accounting."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dashboards.leak_guide import guide

AT_MOST = 6


class Task(NamedTuple):
    """A thing to do: what is at stake in cents (None where nobody knows), of how many, and the path of its page."""

    title: str
    why: str
    action: str
    found: int
    amount_cents: int | None
    path: str | None
    anchor: str

    @property
    def at_stake(self) -> int:
        """The amount whatever its sign, -1 where nobody knows it."""
        return -1 if self.amount_cents is None else abs(self.amount_cents)


class First(NamedTuple):
    """The tasks in the order to do them, and how many more there are."""

    tasks: tuple[Task, ...]
    more: int


def what_first(
    period: str, leaks: Iterable[Mapping[str, Any]], waiting: Mapping[str, int] | None, differing: int
) -> First:
    """Order what is to be done in a month.

    `leaks`: category, count and amount_cents each; `waiting`: the row of waiting.sql, None for who sees one practice;
    `differing`: how many checks of the books do not tie, which comes before all else.
    """
    tasks = [*_of_leaks(period, leaks), *(_of_waiting(waiting) if waiting else ())]
    tasks.sort(key=lambda task: (-task.at_stake, task.title))
    if differing:
        tasks.insert(0, _differing(differing))
    return First(tuple(tasks[:AT_MOST]), max(0, len(tasks) - AT_MOST))


def _of_leaks(period: str, leaks: Iterable[Mapping[str, Any]]) -> Iterable[Task]:
    for leak in leaks:
        about = guide(leak["category"])
        path = f"/months/{period}/leaks/{leak['category']}"
        yield Task(about.title, about.why, about.action, leak["count"], leak["amount_cents"], path, leak["category"])


def _of_waiting(waiting: Mapping[str, int]) -> Iterable[Task]:
    known = {
        "held": (
            "Remittances held back, all months",
            "A payer's payment notice does not add up, or says another thing than one before. Nothing of it counts.",
            "Ask the payer for a corrected file, or settle it by hand with a reason.",
        ),
        "memos_pending": (
            "Memos not sent yet",
            "What patients were asked for differs from what they owe; the memos that put it right are not sent.",
            "Send them with the command “trueup send”; the patients' balances follow.",
        ),
        "quarantine": (
            "Rows refused at the door, all months",
            "Something in a file could not be read, so it is not in these figures.",
            "Mend the rows as it says beside each, and load the file again.",
        ),
    }
    for name, (title, why, action) in known.items():
        if count := waiting[f"{name}_count"]:
            yield Task(title, why, action, count, waiting.get(f"{name}_cents"), _WHERE[name], "ties")


_WHERE = {"held": "/remits", "memos_pending": "/memos", "quarantine": "/quarantine"}


def _differing(count: int) -> Task:
    return Task(
        "The books do not tie",
        "Two sums that must be equal are not, so a figure of this page may be wrong.",
        "Find out why before you rely on the page or close the month.",
        count,
        None,
        None,
        "ties",
    )
