"""`trueup reconcile`: contracts, models, memos and tie-outs over everything loaded, in this process."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from orchestration.commands import workspace
from orchestration.commands.errors import WENT_WELL
from orchestration.commands.output import Json, Output, counted, example

if TYPE_CHECKING:
    from orchestration.reconcile import Outcome

EPILOG = example("trueup reconcile", "trueup reconcile --as-of 2026-11-01", "trueup reconcile --full")
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=["%Y-%m-%d"],
        metavar="DATE",
        help="Ages and the posting month are those of this day (YYYY-MM-DD); it hides no input. Default: today.",
    ),
]

Full = Annotated[
    bool,
    typer.Option("--full", help="Make every table anew, also what nothing touched since the last run. Same figures."),
]


def reconcile(as_of: AsOf = None, full: Full = False, as_json: Json = False) -> int:
    """Make the books true: check contracts, build the models, issue memos, tie out. Nothing new: nothing changes."""
    output = Output(as_json)
    with workspace.opened() as books:
        day = as_of.date() if as_of else today(books.settings.timezone)
        outcome = run(day, output, full=full)
    output.result(document(outcome, day))
    return WENT_WELL  # a broken warning is told and blocks nothing; any other raises Blocked


def run(as_of: date, output: Output, *, full: bool = False) -> "Outcome":
    """Reconcile and say how it went; raises Blocked when a contract is broken (nothing is published then)."""
    outcome = done(as_of, output, full=full)
    tell(outcome, as_of, output)
    return outcome


def done(as_of: date, output: Output, *, full: bool = False) -> "Outcome":
    """Reconcile as `run` does, and leave it to the caller to say how it went."""
    from orchestration import patience
    from orchestration import reconcile as clock

    def attempt() -> "Outcome":
        # Opened once more: an embedded server that died is started again.
        with workspace.opened() as again, output.steps("reconcile") as step:
            return clock.reconcile(again.settings, again.database, as_of=as_of, on_step=step, whole=full)

    return patience.persistently(attempt, output.message)


def tell(outcome: "Outcome", as_of: date, output: Output) -> None:
    """Say how a reconcile went."""
    for warning in outcome.warnings:
        output.message(f"warning: {warning}")
    if outcome.nothing_new:
        output.line(f"Nothing new since the last run: the books as of {as_of} stand.")
    else:
        output.line(f"Reconciled as of {as_of}: {counted(outcome.memos, 'memo')} issued.")


def document(outcome: "Outcome", as_of: date) -> dict[str, object]:
    """Give the outcome for a machine."""
    return {
        "as_of": as_of.isoformat(),
        "nothing_new": outcome.nothing_new,
        "run_id": str(outcome.run_id),
        "memos": outcome.memos,
        "warnings": list(outcome.warnings),
    }


def today(timezone: str) -> date:
    """Give the day it is in an IANA time zone."""
    return datetime.now(UTC).astimezone(ZoneInfo(timezone)).date()
