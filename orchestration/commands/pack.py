"""`trueup pack`: the files of a closed month, as they were kept, each with its SHA-256."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands import workspace
from orchestration.commands.errors import PARTLY, WENT_WELL, CannotRun, Misused
from orchestration.commands.export import checked, written_whole
from orchestration.commands.months import month
from orchestration.commands.output import Json, Output, example, plain_table

if TYPE_CHECKING:
    import psycopg

    from orchestration.pack.making import Pack

EPILOG = example(
    "trueup pack 2026-10",
    "trueup pack 2026-10 --out packs",
    "trueup pack 2026-10 --version 1 --format pdf --out october-as-first-closed.pdf",
)


class Format(StrEnum):
    """The files of a pack; csv is a zip of every table."""

    HTML = "html"
    PDF = "pdf"
    XLSX = "xlsx"
    CSV = "csv"


def pack(
    period: Annotated[str, typer.Argument(metavar="YYYY-MM", help="The closed month.")],
    version: Annotated[
        int | None, typer.Option("--version", min=1, help="Which closing of it. Default: the one that stands.")
    ] = None,
    form: Annotated[
        Format | None,
        typer.Option("--format", help="One file of it; csv is a zip of every table. Default: all.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="PATH", help="With --format a file, else a folder, made where it is not there."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Show or write the close pack of a month: page, PDF, workbook, all tables as CSV; the same bytes each time."""
    from orchestration.pack import making

    output = Output(as_json)
    if out is None and form and (as_json or sys.stdout.isatty()):
        raise Misused("--format without --out is for a pipe or a file: name one with --out.")
    if out is not None:
        _checked(out, form)
    with workspace.opened() as books:
        with output.patience("Making the pack of what the closing kept …"):
            found = making.made(books.database, month(period), version)
        with books.connection() as connection:
            if form:
                _one(connection, found, form, out)
            elif out:
                _all(connection, found, out)
    if out or not form:
        output.result(document(found, out))
        show(found, output, out)
    return PARTLY if found.without else WENT_WELL


def show(found: "Pack", output: Output, out: Path | None = None) -> None:
    """Print the files of a pack with their SHA-256, and what it lacks."""
    rows = [(found.name(form), f"{kept.byte_count:,}", kept.sha256) for form, kept in found.files.items()]
    place = f", written to {out}" if out else ""
    title = f"Close pack of {found.period}, version {found.version}{place}"
    output.table(plain_table(title, ("file", "bytes", "SHA-256"), rows))
    for sentence in found.without.values():
        output.message(f"trueup: {sentence}")


def document(found: "Pack", out: Path | None = None) -> dict[str, object]:
    """Give the pack for a machine."""
    return {
        "period": found.period,
        "version": found.version,
        "out": str(out) if out else None,
        "files": [
            {"name": found.name(form), "format": form, "bytes": kept.byte_count, "sha256": kept.sha256}
            for form, kept in found.files.items()
        ],
        "without": found.without,
    }


def _checked(out: Path, form: Format | None) -> None:
    if form:
        checked(out)
    elif out.exists() and not out.is_dir():
        raise Misused(f"--out {out} is a file: name a folder for the whole pack, or one file of it with --format.")


def _one(connection: "psycopg.Connection", found: "Pack", form: Format, out: Path | None) -> None:
    from ledger.store import closed_packs

    if form in found.without:
        raise CannotRun(found.without[form])
    content = closed_packs.content(connection, found.period, found.version, form)
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        with written_whole(out) as sink:
            sink.write(content)


def _all(connection: "psycopg.Connection", found: "Pack", out: Path) -> None:
    """Write every file, and SHA256SUMS, which `sha256sum -c` checks."""
    from ledger.store import closed_packs

    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    for form in found.files:
        with written_whole(out / found.name(form)) as sink:
            sink.write(closed_packs.content(connection, found.period, found.version, form))
    sums = "".join(f"{kept.sha256}  {found.name(form)}\n" for form, kept in found.files.items())
    with written_whole(out / f"trueup-close-{found.period}-v{found.version}.sha256") as sink:
        sink.write(sums.encode())
