"""`trueup close`, `reopen` and `note`: a month's figures become final, open again with a reason, or are explained."""

from typing import TYPE_CHECKING, Annotated

import typer

from dashboards.money import in_dollars
from orchestration.commands import pack, workspace
from orchestration.commands.errors import COULD_NOT_RUN, WENT_WELL
from orchestration.commands.months import month
from orchestration.commands.output import Json, Output, counted, example, plain_table, printable
from orchestration.commands.reconcile import today
from orchestration.commands.staff import person, said

if TYPE_CHECKING:
    from orchestration.checklist import Checked
    from orchestration.closing import Closing

CLOSE_EPILOG = example(
    "trueup close 2026-10", "trueup close 2026-10 --why 'Two deposits are on their way, bank called on 4 November'"
)
REOPEN_EPILOG = example("trueup reopen 2026-10 --why 'The clearinghouse resent a whole day'")
NOTE_EPILOG = example("trueup note eft_tieout 8831207 --why 'Deposit of 2 November' --period 2026-10")
POINTS_SHOWN = 10

Month = Annotated[str, typer.Argument(metavar="YYYY-MM", help="The month.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who does it. Default: the user of the system.")]
WHY_HELP = "kept for ever. No patient names in it."


def close(
    period: Month,
    why: Annotated[
        str | None,
        typer.Option("--why", metavar="TEXT", help=f"Explains every open point that may be explained; {WHY_HELP}"),
    ] = None,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Close a month: run the checklist, keep every published figure, lock. From then on they never change."""
    from orchestration import closing
    from orchestration.pack import making

    output, who = Output(as_json), closing.Person(person(by, "--by"), said(why, "--why") if why is not None else None)
    with workspace.opened() as books:
        done = closing.close(
            books.settings,
            books.database,
            month(period),
            today=today(books.settings.timezone),
            by=who,
            waiting=lambda: output.message("Waiting for another command to finish with the books …"),
        )
        show(period, done, output)
        # After the closing, which stands whatever becomes of this; what is not made now the next call makes.
        found = making.made(books.database, period) if done.closed else None
    output.result({**_document(period, done), "pack": pack.document(found) if found else None})
    if found:
        pack.show(found, output)
    return WENT_WELL if done.closed else COULD_NOT_RUN


def reopen(
    period: Month,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help=f"The reason, {WHY_HELP}")],
    by: By = None,
    as_json: Json = False,
) -> int:
    """Open a closed month again. What was published stays readable (`export --period --version`)."""
    from orchestration import closing

    output, who = Output(as_json), closing.Person(person(by, "--by"), said(why, "--why"))
    with workspace.opened() as books:
        stood = closing.reopen(
            books.database, month(period), by=who, waiting=lambda: output.message("Waiting for the books …")
        )
    output.result({"period": period, "reopened_version": stood.version, "why": who.why, "by": who.name})
    output.line(
        f"{period} is open again; version {stood.version} of its figures stays readable "
        f"(trueup export NAME --period {period} --version {stood.version})."
    )
    return WENT_WELL


def note(  # noqa: PLR0913, PLR0917 - the options of the command
    check: Annotated[str, typer.Argument(metavar="CHECK", help="The check, as `trueup close` names it.")],
    key: Annotated[str, typer.Argument(metavar="KEY", help="The point, as `trueup close` names it.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help=f"The explanation, {WHY_HELP}")],
    period: Annotated[
        str | None, typer.Option("--period", metavar="YYYY-MM", help="The month to close. Default: the last one over.")
    ] = None,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Explain an open point of the checklist; the explanation holds while the point is what it is."""
    from ledger.rules.months import month_before
    from orchestration import closing

    output, who = Output(as_json), closing.Person(person(by, "--by"), said(why, "--why"))
    with workspace.opened() as books:
        day = today(books.settings.timezone)
        point = closing.note(
            books.settings,
            books.database,
            (check, key),
            period=month(period) if period else month_before(day),
            today=day,
            by=who,
            waiting=lambda: output.message("Waiting for the books …"),
        )
    output.result({"check": check, "key": key, "found": point.found, "why": who.why, "by": who.name})
    output.line(f"Explained: {printable(in_dollars(point.found))}")
    return WENT_WELL


def show(period: str, done: "Closing", output: Output) -> None:
    """Tell a person how the closing went: the checklist, its points in dollars, and what there is to do."""
    if done.checked:
        rows = [
            (checked.check.name, checked.check.asks, checked.state, str(len(checked.points) or ""))
            for checked in done.checked
        ]
        output.table(plain_table(f"Checklist of {period}", ("check", "what must hold", "state", "found"), rows))
    for checked in done.checked:
        _show_points(checked, output)
    if done.closed is None:
        output.message(f"trueup: {period} stays open, nothing was written: {_left(period, done)}.")
    elif done.is_new:
        output.line(
            f"{period} is closed: version {done.closed.version}, {counted(len(done.tables), 'table')}, "
            f"{counted(sum(table.row_count for table in done.tables), 'row')}. Its figures stay as they are."
        )
    else:
        output.line(
            f"{period} is closed already (version {done.closed.version}, by {printable(done.closed.closed_by)}); "
            "nothing changed."
        )


def _show_points(checked: "Checked", output: Output) -> None:
    points = [point for point in checked.points if point.state != "explained"]
    for point in points[:POINTS_SHOWN]:
        output.line(printable(f"  {point.check} {point.key}: {in_dollars(point.found)}"))
    if len(points) > POINTS_SHOWN:
        output.line(f"  … and {len(points) - POINTS_SHOWN:,} more of {checked.check.name} (--json lists all)")
    if points:
        output.line(f"    → {checked.check.do}")


def _open(done: "Closing") -> int:
    return sum(len(checked.open) for checked in done.checked)


def _left(period: str, done: "Closing") -> str:
    """Say what there is to do, and of explaining only where that helps."""
    left = counted(_open(done), "point")
    if not any(checked.open and checked.check.force == "explainable" for checked in done.checked):
        return f"{left} to settle"
    return f"{left} to settle or explain (`trueup close {period} --why TEXT` explains all that may be)"


def _document(period: str, done: "Closing") -> dict[str, object]:
    """Give the closing for a machine."""
    return {
        "period": period,
        "closed": done.closed is not None,
        "changed": done.is_new and done.closed is not None,
        "version": done.closed.version if done.closed else None,
        "closed_at": done.closed.closed_at.isoformat() if done.closed else None,
        "closed_by": done.closed.closed_by if done.closed else None,
        "checks": [
            {
                "check": checked.check.name,
                "asks": checked.check.asks,
                "state": checked.state,
                "do": checked.check.do,
                "points": [
                    {
                        "key": point.key,
                        "found": point.found,
                        "state": point.state,
                        "why": point.note.why if point.note else None,
                        "by": point.note.made_by if point.note else None,
                    }
                    for point in checked.points
                ],
            }
            for checked in done.checked
        ],
        "tables": [{"name": table.name, "rows": table.row_count, "sha256": table.sha256} for table in done.tables],
    }
