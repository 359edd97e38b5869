"""`trueup backfill`: the partitions of a range of days made anew; the same command again goes on after a kill."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands import reconcile, workspace
from orchestration.commands.errors import WENT_WELL, Misused
from orchestration.commands.output import Json, Output, counted, example
from orchestration.days import Days, NoSuchRange

if TYPE_CHECKING:
    from orchestration.backfill import Done

EPILOG = example(
    "trueup backfill --from 2026-09-01 --to 2026-10-31",
    "trueup backfill --from 2026-09-01 --to 2026-09-30 --only era",
)


class Feed(StrEnum):
    """What is cut into partitions."""

    VISITS = "visits"
    STRIPE = "stripe"
    ERA = "era"


def backfill(  # noqa: PLR0913, PLR0917 - the words of the command
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="The first day.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE", help="The last day.")],
    only: Annotated[Feed | None, typer.Option("--only", help="One feed only. Default: all three.")] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Also what is unchanged since it was last made.")] = False,
    as_of: reconcile.AsOf = None,
    as_json: Json = False,
) -> int:
    """Make the days of a range anew from what is loaded, then reconcile once: nothing is sent, no memo comes twice.

    Visits go by the day of their state change, Stripe objects by that of their version, remittance files by the day
    they paid on. A day or file that is what it was when it was last made is left out. Killed or stopped, the same
    command goes on where it was.
    """
    output = Output(as_json)
    with workspace.opened() as books:
        today = reconcile.today(books.settings.timezone)
        days = checked(Days(first.date(), last.date()), today)
        until = as_of.date() if as_of else today
        done = _run(days, only, anew, until, output)
    output.result(_document(done, days, until))
    return WENT_WELL


def checked(days: Days, today: date) -> Days:
    """Return a range that a person asked for. Raises Misused with what is wrong with it."""
    try:
        return days.checked(today)
    except NoSuchRange as wrong:
        raise Misused(str(wrong)) from None


def _run(days: Days, only: Feed | None, anew: bool, as_of: date, output: Output) -> "Done":
    from orchestration import backfill as clock
    from orchestration import patience

    feeds = (only.value,) if only else clock.FEEDS

    def attempt() -> "Done":
        # Opened once more: an embedded server that died is started again.
        with workspace.opened() as books, output.steps("backfill") as step:
            return clock.backfill(
                books.settings, books.database, days, only=feeds, anew=anew, as_of=as_of, on_step=step
            )

    done = patience.persistently(attempt, output.message)
    if done.reconciled is None:
        there = f"What is loaded reaches from {done.loaded.first} to {done.loaded.last}." if done.loaded else ""
        output.line(f"Nothing of {', '.join(feeds)} is loaded for {days}: nothing was done. {there}".rstrip())
        return done
    for feed in feeds:
        noun = "file" if feed == Feed.ERA else "day"
        output.line(f"{feed}: {counted(done.made[feed], noun)} made anew, {done.unchanged[feed]:,} unchanged.")
    reconcile.tell(done.reconciled, as_of, output)
    return done


def _document(done: "Done", days: Days, as_of: date) -> dict[str, object]:
    return {
        "from": days.first,
        "to": days.last,
        "made": done.made,
        "unchanged": done.unchanged,
        "loaded": done.loaded and {"from": done.loaded.first, "to": done.loaded.last},
        "reconcile": done.reconciled and reconcile.document(done.reconciled, as_of),
    }
