"""`trueup export`: a table of the books to stdout or, whole or not at all, to a file."""

import contextlib
import os
import sys
from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from orchestration import dbt_project
from orchestration.commands import workspace
from orchestration.commands.errors import WENT_WELL, CannotRun, Misused
from orchestration.commands.months import month
from orchestration.commands.output import Output, counted, example

if TYPE_CHECKING:
    import psycopg

    from orchestration import published

EPILOG = example(
    "trueup export month_summary",
    "trueup export visit_revenue --format parquet --out visit_revenue.parquet",
    "trueup export memos --out memos.xlsx",
    "trueup export leaks --where category=denied --where payer_id=AETNA --where payer_id=CIGNA",
    "trueup export month_summary --period 2026-10",
    "trueup export trial_balance --as-of 2026-10-31",
    "trueup export visit_revenue --period 2026-10 --version 1 --out october-as-first-closed.csv",
)


class Format(StrEnum):
    """What a table can be written as."""

    CSV = "csv"
    PARQUET = "parquet"
    JSON = "json"
    XLSX = "xlsx"


BINARY = frozenset({Format.PARQUET, Format.XLSX})


def export(  # noqa: PLR0913, PLR0917 - the options of the command
    name: Annotated[str, typer.Argument(help="The table: memos, visit_revenue, leaks, month_summary, quarantine, …")],
    form: Annotated[
        Format | None,
        typer.Option("--format", help="Default: what the ending of --out says, else csv.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Written whole or not at all. Default: stdout.")
    ] = None,
    period: Annotated[
        str | None,
        typer.Option("--period", metavar="YYYY-MM", help="What is of a month; of a closed one, as it was published."),
    ] = None,
    version: Annotated[
        int | None,
        typer.Option(
            "--version", min=1, help="With --period: which closing of the month. Default: the one that stands."
        ),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of",
            formats=["%Y-%m-%d"],
            metavar="DATE",
            help="As it was known at the end of that day: memos, month_summary, revenue_feed, trial_balance.",
        ),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="COLUMN=VALUE",
            help="Only such rows; again for another column, or for another value of the same. Empty: none; *: any;"
            " A..B: from and to; !VALUE: every other.",
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="To stdout: as --format json. With --out: what was written, as JSON on stdout."),
    ] = False,
) -> int:
    """Export a table of the books. Rows come in one fixed order, amounts as integer cents, times in ISO-8601."""
    output = Output(as_json)
    if version is not None and period is None:
        raise Misused("--version is of a month: name it with --period.")
    if as_of is not None and period is not None:
        raise Misused("--period and --as-of exclude each other: a month as it was closed is its --version.")
    chosen = form or _implied(out, as_json)
    if out is None and chosen in BINARY and sys.stdout.isatty():
        raise Misused(f"{chosen} is not for a terminal: name a file with --out, or send it through a pipe.")
    if out is not None:
        checked(out)
    with workspace.opened() as books, books.connection() as connection:
        if period:
            table = _of_month(connection, name, month(period), version)
        elif as_of:
            table = _as_known(connection, name, as_of.date(), books.settings.timezone)
        else:
            table = _table(connection, name)
        with _sink(out) as sink:
            rows = _written(connection, table, where or [], chosen, sink)
    if out is not None:
        output.line(f"{out}: {counted(rows, 'row')} of {name} as {chosen}.")
        output.result({"name": name, "format": chosen, "out": str(out), "rows": rows})
    return WENT_WELL


def _written(
    connection: "psycopg.Connection", table: "published.Table", where: list[str], form: Format, sink: BinaryIO
) -> int:
    """Write the rows that have the values asked for, each as COLUMN=VALUE, and give their number."""
    import psycopg

    from dashboards import cutting
    from orchestration import exports, published

    asked: dict[str, list[str]] = {}
    for each in where:
        column, equals, value = each.partition("=")
        if not equals:
            raise Misused(f"--where {each}: write COLUMN=VALUE, such as kind=credit.")
        asked.setdefault(column, []).append(value)
    try:
        return exports.FORMATS[form](connection, published.chosen(table, asked), sink)
    except (psycopg.DataError, psycopg.errors.UndefinedFunction) as wrong:
        if not where:
            raise
        raise Misused(f"--where: {wrong.diag.message_primary}.") from None
    except cutting.NoSuchColumn as wrong:
        raise Misused(f"--where: {wrong}") from None


def _implied(out: Path | None, as_json: bool) -> Format:
    if out is None:
        return Format.JSON if as_json else Format.CSV
    ending = out.suffix.removeprefix(".").lower()
    return Format(ending) if ending in set(Format) else Format.CSV


def _table(connection: "psycopg.Connection", name: str) -> "published.Table":
    from orchestration import published

    found = published.tables(connection)
    if name in found:
        return found[name]
    known = dbt_project.marts()
    if name in known:
        raise CannotRun(f"There is no table {name} yet: run `trueup reconcile` first.")
    raise Misused(f"There is no table {name}. There are: {', '.join(known)}.")


def _of_month(connection: "psycopg.Connection", name: str, period: str, version: int | None) -> "published.Table":
    """Give a table of a month: as a closing kept it, or, of an open month, what its closing would keep now."""
    from ledger.store import periods
    from orchestration import published

    closings = periods.closings(connection, period)
    standing = periods.closed(connection).get(period)
    if version is not None and version not in closings:
        raise Misused(f"{period} has no version {version}. It was closed {counted(len(closings), 'time')}.")
    chosen = version or (standing.version if standing else None)
    found = published.as_closed(connection, period, chosen) if chosen else published.of_month(connection, period)
    if name not in found:
        _table(connection, name)  # says what is wrong with a name that is no table at all
        raise Misused(f"{name} is not kept by month. Of {period} there are: {', '.join(sorted(found))}.")
    if chosen and not published.is_sound(connection, period, chosen, found[name]):
        raise CannotRun(f"{name} of {period} is not what was sealed at its closing (version {chosen}): call for help.")
    return found[name]


def _as_known(connection: "psycopg.Connection", name: str, day: date, timezone: str) -> "published.Table":
    from orchestration import as_known

    found = as_known.as_known(connection, day, timezone)
    if name not in found:
        _table(connection, name)
        raise Misused(f"{name} cannot be given as of a day. These can: {', '.join(as_known.QUERIES)}.")
    return found[name]


def checked(out: Path) -> None:
    """Raise Misused for a file that cannot be written where it is named."""
    if out.is_dir():
        raise Misused(f"--out {out} is a folder: name a file in it.")
    if not out.absolute().parent.is_dir():
        raise Misused(f"--out {out}: the folder {out.absolute().parent} is not there. Make it first.")


@contextlib.contextmanager
def _sink(out: Path | None) -> Iterator[BinaryIO]:
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif out.exists() and not out.is_file():
        # A device or a named pipe is written to, never replaced.
        with out.open("wb") as sink:
            yield sink
    else:
        with written_whole(out) as sink:
            yield sink


@contextlib.contextmanager
def written_whole(out: Path) -> Iterator[BinaryIO]:
    """Give a file beside `out` that takes its place when the block ends well and vanishes otherwise."""
    place = out.resolve()  # a link stays a link: what it points to is replaced
    draft = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        with draft.open("xb") as sink:
            yield sink
            sink.flush()
            os.fsync(sink.fileno())
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
