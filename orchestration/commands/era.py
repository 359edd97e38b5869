"""`trueup era parse`: 835 files to tables, with no database at all."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands.errors import PARTLY, WENT_WELL
from orchestration.commands.output import Json, Output, example, plain_table, printable

if TYPE_CHECKING:
    from ingestion.era835 import Remittances

SHOWN_OF_FINDINGS = 5

era = typer.Typer(
    help="ERA 835 remittances, without a database.",
    epilog=example("trueup era parse remit.835 --out tables"),
    no_args_is_help=True,
)


@era.callback()
def _era() -> None:
    """ERA 835 remittances, without a database."""


class Format(StrEnum):
    """What the tables can be written as."""

    PARQUET = "parquet"
    CSV = "csv"


@dataclass
class Parsed:
    """What became of the files: one line a file, and how many findings of severity error there are in all."""

    lines: list[dict[str, object]] = field(default_factory=list)
    errors: int = 0

    @property
    def exit_code(self) -> int:
        """Give 1 when anything in a file is in error, else 0."""
        return PARTLY if self.errors else WENT_WELL


@era.command("parse", epilog=example("trueup era parse remit.835 other.835.gz --out tables --format csv"))
def parse(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", exists=True, readable=False, help="835 files or folders; .gz and .zip are opened."
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", file_okay=False, help="One file a table; made if absent.")
    ],
    form: Annotated[Format, typer.Option("--format", help="How the tables are written.")] = Format.PARQUET,
    as_json: Json = False,
) -> int:
    """Turn 835 files into seven tables: transactions, claims, services, adjustments, remarks, findings and more."""
    from ingestion.era835.write import write

    output, parsed = Output(as_json), Parsed()
    with output.progress("files") as progress:
        write(_counted(_read(files, parsed, output), progress), out, form.value)
    columns = ("file", "sha-256", "transactions", "claims", "services", "errors", "warnings")
    output.table(plain_table("Parsed", columns, [_cells(line) for line in parsed.lines]))
    output.line(f"Tables: {out}")
    output.result({"out": str(out), "format": form, "files": parsed.lines})
    return parsed.exit_code


def _counted(files: "Iterator[Remittances]", progress: Callable[[int], None]) -> "Iterator[Remittances]":
    for done, found in enumerate(files, start=1):
        yield found
        progress(done)


def _read(files: Iterable[Path], parsed: Parsed, output: Output) -> "Iterator[Remittances]":
    from ingestion.era835.drop_folder import received

    known: set[str] = set()
    for path in files:
        for file in received(path):
            found = file.parse()
            if found.file_sha256 in known:
                output.message(f"{printable(path)}: the same bytes as a file before it, left out.")
                continue
            known.add(found.file_sha256)
            _report(str(path), found, parsed, output)
            yield found


def _cells(line: dict[str, object]) -> list[str]:
    file, digest, *figures = line.values()
    return [str(file), str(digest)[:12], *(f"{figure:,}" for figure in figures)]


def _report(name: str, found: "Remittances", parsed: Parsed, output: Output) -> None:
    findings = found.findings.select(["severity", "rule", "byte_offset", "message"]).to_pylist()
    errors = [finding for finding in findings if finding["severity"] == "error"]
    parsed.errors += len(errors)
    parsed.lines.append(
        {
            "file": printable(name),
            "file_sha256": found.file_sha256,
            "transactions": found.transactions.num_rows,
            "claims": found.claims.num_rows,
            "services": found.services.num_rows,
            "errors": len(errors),
            "warnings": len(findings) - len(errors),
        }
    )
    for finding in errors[:SHOWN_OF_FINDINGS]:
        where = "" if finding["byte_offset"] is None else f", byte {finding['byte_offset']}"
        output.message(f"{printable(name)}{where}: {finding['rule']}: {finding['message']}")
    if len(errors) > SHOWN_OF_FINDINGS:
        output.message(f"{printable(name)}: … and {len(errors) - SHOWN_OF_FINDINGS:,} more in the table findings.")
