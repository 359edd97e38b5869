"""`trueup era`: 835 files to tables with no database at all, to words, and settled by a person."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands import era_settle
from orchestration.commands.errors import PARTLY, WENT_WELL, CannotRun
from orchestration.commands.explain import EPILOG, explain
from orchestration.commands.output import Json, Output, counted, example, plain_table, printable
from orchestration.commands.remittance_files import files_at, parts_of

if TYPE_CHECKING:
    from ingestion.era835 import Remittances

era = typer.Typer(
    help="ERA 835 remittances: to tables, to words, and settled by a person.",
    epilog=example("trueup era explain remit.835", "trueup era parse remit.835 --out tables"),
    no_args_is_help=True,
)
era.command("explain", epilog=EPILOG)(explain)
era.command("release", epilog=era_settle.RELEASE_EPILOG)(era_settle.release)
era.command("replace", epilog=era_settle.REPLACE_EPILOG)(era_settle.replace)
era.command("match", epilog=era_settle.MATCH_EPILOG)(era_settle.match)


@era.callback()
def _era() -> None:
    """ERA 835 remittances: to tables, to words, and settled by a person."""


class Format(StrEnum):
    """What the tables can be written as."""

    PARQUET = "parquet"
    CSV = "csv"


@dataclass
class Figures:
    """A file in figures. `paid_cents` is BPR02 of its transactions with the verdict posted."""

    file: str
    file_sha256: str = ""
    transactions: int = 0
    claims: int = 0
    services: int = 0
    paid_cents: int = 0
    held: int = 0
    errors: int = 0
    warnings: int = 0

    def add(self, part: "Remittances") -> None:
        """Take in a part of the file."""
        self.file_sha256 = part.file_sha256
        self.transactions += part.transactions.num_rows
        self.claims += part.claims.num_rows
        self.services += part.services.num_rows
        for row in part.transactions.select(["verdict", "bpr_cents"]).to_pylist():
            self.paid_cents += (row["bpr_cents"] or 0) if row["verdict"] == "posted" else 0
            self.held += row["verdict"] == "held"
        severities = part.findings["severity"].to_pylist()
        self.errors += severities.count("error")
        self.warnings += severities.count("warning")


@dataclass
class Failure:
    """Errors of one kind: the sentence once, where the first stands, how many there are and in how many files."""

    message: str
    first: str
    count: int = 0
    files: set[str] = field(default_factory=set)


@dataclass
class Parsed:
    """What became of the files, and their errors by rule."""

    files: list[Figures] = field(default_factory=list)
    failures: dict[str, Failure] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """Give 1 when anything in a file is in error or a file could not be read, else 0."""
        return PARTLY if self.failures or self.refused else WENT_WELL

    def note(self, part: "Remittances", name: str) -> None:
        """Take in the errors of a part of a file."""
        for found in part.findings.to_pylist():
            if found["severity"] == "error":
                where = "" if found["byte_offset"] is None else f", byte {found['byte_offset']:,}"
                failure = self.failures.setdefault(found["rule"], Failure(found["message"], f"{name}{where}"))
                failure.count += 1
                failure.files.add(part.file_sha256)


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
    """Turn 835 files into tables: transactions, claims, services, adjustments, remarks, findings and more."""
    from ingestion.era835.write import write

    output, parsed = Output(as_json), Parsed()
    write(_read(files, parsed, output), out, form.value)
    _report(parsed, output)
    output.line(f"Tables: {printable(out)}")
    files_read = [asdict(figures) for figures in parsed.files]
    output.result({"out": str(out), "format": form, "files": files_read, "refused": parsed.refused})
    return parsed.exit_code


def _read(paths: Iterable[Path], parsed: Parsed, output: Output) -> "Iterator[Remittances]":
    known: set[str] = set()
    for path in paths:
        for file in files_at(path, output, parsed.refused):
            name = printable(file.name)
            if file.sha256 in known:
                output.message(f"{name}: the same bytes as a file before it, left out.")
                continue
            known.add(file.sha256)
            parsed.files.append(Figures(name))
            for part in parts_of(file, output):
                parsed.files[-1].add(part)
                parsed.note(part, name)
                yield part
    if parsed.refused and not parsed.files:
        raise CannotRun("None of the files could be read; no table is written.")


def _report(parsed: Parsed, output: Output) -> None:
    for rule, failure in parsed.failures.items():
        times = f"{counted(failure.count, 'time')} in {counted(len(failure.files), 'file')}, first in "
        where = failure.first if failure.count == 1 else f"{times}{failure.first}"
        output.message(f"{where}: {rule}: {failure.message}")
    columns = ("file", "ST", "claims", "lines", "paid", "held", "errors", "warnings")
    folder = os.path.commonpath([Path(figures.file).parent for figures in parsed.files]) if parsed.files else ""
    lines = [_cells(replace(figures, file=os.path.relpath(figures.file, folder or "."))) for figures in parsed.files]
    if len(lines) > 1:
        lines.append(_cells(_total(parsed.files)))
    output.table(plain_table("Parsed", columns, lines))
    if parsed.failures:
        output.line("What is in error, in words: trueup era explain FILE")


def _total(files: list[Figures]) -> Figures:
    names = ("transactions", "claims", "services", "paid_cents", "held", "errors", "warnings")
    return Figures("total", **{name: sum(getattr(figures, name) for figures in files) for name in names})


def _cells(figures: Figures) -> list[str]:
    from dashboards.money import dollars

    counts = (figures.transactions, figures.claims, figures.services)
    remarks = (figures.held, figures.errors, figures.warnings)
    return [
        figures.file,
        *(f"{count:,}" for count in counts),
        dollars(figures.paid_cents),
        *(f"{count:,}" for count in remarks),
    ]
