"""`trueup era parse`: 835 files to tables, with no database at all."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands.errors import PARTLY, WENT_WELL
from orchestration.commands.export import written_whole
from orchestration.commands.output import Json, Output, example, plain_table, printable

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import csv, parquet

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

    out: Path
    lines: list[dict[str, object]] = field(default_factory=list)
    errors: int = 0

    @property
    def exit_code(self) -> int:
        """Give 1 when anything in a file is in error, else 0."""
        return PARTLY if self.errors else WENT_WELL


@era.command("parse", epilog=example("trueup era parse remit.835 other.835 --out tables --format csv"))
def parse(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", exists=True, readable=False, help="835 files."),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", file_okay=False, help="One file a table; made if absent.")
    ],
    form: Annotated[Format, typer.Option("--format", help="How the tables are written.")] = Format.PARQUET,
    as_json: Json = False,
) -> int:
    """Turn 835 files into the tables transactions, claims, services, adjustments, provider_adjustments, remarks, findings."""
    output = Output(as_json)
    out.mkdir(parents=True, exist_ok=True)
    parsed = Parsed(out)
    with _tables(out, form) as tables:
        for name, found in _read(files, output):
            tables.add(found)
            _report(name, found, parsed, output)
    output.table(
        plain_table(
            "Parsed",
            ("file", "transactions", "claims", "services", "errors", "warnings"),
            [[str(value) for value in line.values()] for line in parsed.lines],
        )
    )
    output.line(f"Tables: {out}")
    output.result({"out": str(out), "format": form, "files": parsed.lines})
    return parsed.exit_code


class _Writers:
    """Seven files, each written batch by batch as drafts that take their places together at the end."""

    def __init__(self, out: Path, form: Format, drafts: contextlib.ExitStack) -> None:
        self._out, self._form, self._drafts = out, form, drafts
        self._open: dict[str, csv.CSVWriter | parquet.ParquetWriter] = {}

    def add(self, found: "Remittances") -> None:
        """Append the tables of one file."""
        for name, table in found.tables():
            if name not in self._open:
                self._open[name] = self._writer(name, table.schema)
            self._open[name].write_table(table)

    def _writer(self, name: str, schema: "pa.Schema") -> "csv.CSVWriter | parquet.ParquetWriter":
        from pyarrow import csv, parquet

        sink = self._drafts.enter_context(written_whole(self._out / f"{name}.{self._form}"))
        writer = csv.CSVWriter if self._form is Format.CSV else parquet.ParquetWriter
        return self._drafts.enter_context(writer(sink, schema))


@contextlib.contextmanager
def _tables(out: Path, form: Format) -> Iterator[_Writers]:
    with contextlib.ExitStack() as drafts:
        yield _Writers(out, form, drafts)


def _read(files: Iterable[Path], output: Output) -> "Iterator[tuple[str, Remittances]]":
    from ingestion.era835 import parse as parse_835

    known: set[str] = set()
    for path in files:
        found = parse_835(path.read_bytes())
        if found.file_sha256 in known:
            output.message(f"{printable(path)}: the same bytes as a file before it, left out.")
            continue
        known.add(found.file_sha256)
        yield str(path), found


def _report(name: str, found: "Remittances", parsed: Parsed, output: Output) -> None:
    findings = found.findings.select(["severity", "rule", "byte_offset", "message"]).to_pylist()
    errors = [finding for finding in findings if finding["severity"] == "error"]
    parsed.errors += len(errors)
    parsed.lines.append(
        {
            "file": printable(name),
            "transactions": found.transactions.num_rows,
            "claims": found.claims.num_rows,
            "services": found.services.num_rows,
            "errors": len(errors),
            "warnings": len(findings) - len(errors),
        }
    )
    for finding in errors[:SHOWN_OF_FINDINGS]:
        output.message(f"{printable(name)}, byte {finding['byte_offset']}: {finding['rule']}: {finding['message']}")
    if len(errors) > SHOWN_OF_FINDINGS:
        output.message(f"{printable(name)}: … and {len(errors) - SHOWN_OF_FINDINGS:,} more in the table findings.")
