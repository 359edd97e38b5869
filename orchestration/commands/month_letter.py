"""The words of the month-start mail: a month's figures, what changed since the month before, what wants looking at."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from dashboards.leak_guide import guide
from dashboards.money import MINUS, dollars
from orchestration.commands.output import counted
from orchestration.commands.summary import CASH, HEADLINES, PATIENTS, SOURCES, headline

if TYPE_CHECKING:
    from datetime import date

    from orchestration.commands.summary import Summary

# These are of all months, as of the day of the mail: the month before has no figure of its own.
OF_ALL_MONTHS = ("owed", "owed_over_90_days")
MEASURES = (*CASH, *PATIENTS, ("Patients' balance of these visits", "patient_balance"))
SETTLED = frozenset({"posted", "matched", "duplicate", "replaced", "manual"})
NOBODY_KNOWS = "\N{EN DASH}"
ENDING = """\
The page of the month tells what each figure is made of and what to do first.
Nothing in this mail is of one visit or one person. A month is mailed once.
"""
LABEL, FIGURE = 46, 18


class Letter(NamedTuple):
    """A mail: sums only, no visit and no person."""

    subject: str
    body: str


def letter(now: "Summary", before: "Summary | None", last_month: str, as_of: "date") -> Letter:
    """Write the mail of a month, beside the month before (`last_month`, YYYY-MM) where that has figures."""
    said = "" if before else f"There are no figures of {last_month} to put beside them.\n"
    paragraphs = [
        f"The books of {now.period}, as of {as_of}.\n{said}",
        "\n".join(_figures(now, before, last_month)),
        "\n".join(_owed(now)),
        "\n".join(_leaks(now)),
        "\n".join(_open(now)),
        ENDING,
    ]
    return Letter(f"Trueup: the books of {now.period}", "\n\n".join(part.rstrip() for part in paragraphs) + "\n")


def _figures(now: "Summary", before: "Summary | None", last_month: str) -> Iterator[str]:
    yield _line("", now.period, last_month if before else "", "change" if before else "")
    for label, _, name in HEADLINES:
        if name not in OF_ALL_MONTHS:
            ours = now.headlines.get(name)
            theirs = before.headlines.get(name) if before else None
            yield _line(
                label,
                headline(name, ours),
                headline(name, theirs) if before else "",
                _change(name, ours, theirs) if before else "",
            )
    for label, measure in MEASURES:
        cents, earlier = _cents(now, measure), _cents(before, measure) if before else None
        yield _line(
            label,
            dollars(cents),
            "" if earlier is None else dollars(earlier),
            "" if earlier is None else _signed(cents - earlier),
        )


def _owed(now: "Summary") -> Iterator[str]:
    for label, note, name in HEADLINES:
        if name in OF_ALL_MONTHS:
            yield f"{_line(label, headline(name, now.headlines.get(name)))}   {note.lower()}"


def _leaks(now: "Summary") -> Iterator[str]:
    if not now.leaks:
        yield "Nothing leaks."
        return
    yield "What leaks, the largest first. One visit can leak in several ways: these do not add up."
    for leak in now.leaks:
        found = f"{leak['count']:,} found"
        yield _line(f"  {guide(leak['category']).title}", dollars(leak["amount_cents"]), found)


def _open(now: "Summary") -> Iterator[str]:
    off = [check for check in now.checks if check.difference_cents]
    total = len(now.checks) + 1
    apart = len(off) + bool(now.revenue.residual_cents)
    yield f"{apart} of {total} sums DO NOT TIE: see Tie-outs." if apart else f"All {total} sums tie."
    for tie in now.tie_outs:
        if tie["status"] not in SETTLED:
            what = f"{SOURCES.get(tie['source'], tie['source'])}, {tie['status']}"
            yield _line(f"  {what}", dollars(tie["amount_cents"]), counted(tie["count"], "piece"))


def _line(label: str, *figures: str) -> str:
    return f"{label:<{LABEL}}{''.join(f'{figure:>{FIGURE}}' for figure in figures)}".rstrip()


def _cents(found: "Summary", measure: str) -> int:
    return found.measures.get(measure, {}).get("amount_cents", 0)


def _change(name: str, now: int | str | None, before: int | str | None) -> str:
    if now is None or before is None:
        return NOBODY_KNOWS
    if isinstance(now, int) and isinstance(before, int):
        return _signed(now - before)
    moved = Decimal(now) - Decimal(before)
    if name == "days_in_ar":
        return f"{_sign(moved)}{abs(moved):.1f} days"
    return f"{_sign(moved)}{abs(moved) / 100:.1f} points"


def _signed(cents: int) -> str:
    return f"{_sign(cents)}{dollars(abs(cents))}"


def _sign(moved: Decimal | int) -> str:
    return MINUS if moved < 0 else "+" if moved else ""
