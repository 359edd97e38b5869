"""`trueup export`: a table of the books to stdout or, whole or not at all, to a file."""

import contextlib
import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from orchestration import dbt_project
from orchestration.commands import exports, workspace
from orchestration.commands.errors import WENT_WELL, CannotRun, Misused
from orchestration.commands.output import Output, counted, example

EPILOG = example(
    "trueup export month_summary",
    "trueup export visit_revenue --format parquet --out visit_revenue.parquet",
    "trueup export memos --out memos.xlsx",
)


class Format(StrEnum):
    """What a table can be written as."""

    CSV = "csv"
    PARQUET = "parquet"
    JSON = "json"
    XLSX = "xlsx"


BINARY = frozenset({Format.PARQUET, Format.XLSX})


def export(
    name: Annotated[str, typer.Argument(help="The table: memos, visit_revenue, leaks, month_summary, quarantine, …")],
    form: Annotated[
        Format | None,
        typer.Option("--format", help="Default: what the ending of --out says, else csv.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Written whole or not at all. Default: stdout.")
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="To stdout: as --format json. With --out: what was written, as JSON on stdout."),
    ] = False,
) -> int:
    """Export a table of the books. Rows come in one fixed order, amounts as integer cents, times in ISO-8601."""
    output = Output(as_json)
    chosen = form or _implied(out, as_json)
    if out is None and chosen in BINARY and sys.stdout.isatty():
        raise Misused(f"{chosen} is not for a terminal: name a file with --out, or send it through a pipe.")
    if out is not None:
        _checked(out)
    with workspace.opened() as books, books.connection() as connection:
        table = _table(exports.tables(connection), name)
        with _sink(out) as sink:
            rows = exports.FORMATS[chosen](connection, table, sink)
    if out is not None:
        output.line(f"{out}: {counted(rows, 'row')} of {name} as {chosen}.")
        output.result({"name": name, "format": chosen, "out": str(out), "rows": rows})
    return WENT_WELL


def _implied(out: Path | None, as_json: bool) -> Format:
    if out is None:
        return Format.JSON if as_json else Format.CSV
    ending = out.suffix.removeprefix(".").lower()
    return Format(ending) if ending in set(Format) else Format.CSV


def _table(found: dict[str, exports.Table], name: str) -> exports.Table:
    if name in found:
        return found[name]
    published = dbt_project.marts()
    if name in published:
        raise CannotRun(f"There is no table {name} yet: run `trueup reconcile` first.")
    raise Misused(f"There is no table {name}. There are: {', '.join(published)}.")


def _checked(out: Path) -> None:
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
