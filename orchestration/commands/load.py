"""`trueup load`: takes files in, one transaction a file, and says what was kept and what was quarantined."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands import load_live, workspace
from orchestration.commands.errors import COULD_NOT_RUN, PARTLY, WENT_WELL, Misused
from orchestration.commands.output import Json, Output, counted, example, printable

if TYPE_CHECKING:
    from ingestion.landing import Connection, Quarantined, Receipt

SHOWN_OF_QUARANTINE = 5  # lines a file; the rest is one command away
SHOWN_OF_WARNINGS = 5  # files
SHOWN_OF_HASH = 12

load = typer.Typer(
    help="Takes files in. A file is known by its bytes: loading it again says so and changes nothing.",
    epilog=example("trueup load visits visits.csv"),
    no_args_is_help=True,
)
Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...", exists=True, dir_okay=False, readable=False, help="Each file is kept or refused whole."
    ),
]
Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH...", exists=True, readable=False, help="835 files or folders of them; .gz and .zip are opened."
    ),
]


@dataclass
class Loaded:
    """What a load command did so far: receipts of files kept, reasons of files refused."""

    receipts: "list[tuple[Path, Receipt]]" = field(default_factory=list)
    refused: list[tuple[Path, str]] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """Give 3 when not one file was kept, 1 when a file or a row was refused, else 0."""
        if self.refused and not self.receipts:
            return COULD_NOT_RUN
        if self.refused or any(receipt.quarantined for _, receipt in self.receipts):
            return PARTLY
        return WENT_WELL

    def document(self) -> dict[str, object]:
        """Give the result for a machine."""
        return {
            "files": [_receipt_document(path, receipt) for path, receipt in self.receipts],
            "refused": [{"path": str(path), "reason": reason} for path, reason in self.refused],
            "rows": sum(receipt.rows for _, receipt in self.receipts),
            "quarantined": sum(len(receipt.quarantined) for _, receipt in self.receipts),
        }


@load.command("visits", epilog=example("trueup load visits visits-2026-09.csv"))
def visits(files: Files, as_json: Json = False) -> int:
    """Load the visit ledger: CSV or Parquet, one row an observation of a visit."""
    return run("visits", files, Output(as_json))


@load.command("stripe", epilog=example("trueup load stripe stripe-2026-09.jsonl", "trueup load stripe --live"))
def stripe(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...", exists=True, dir_okay=False, readable=False, help="Each is kept or refused whole."
        ),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Read Stripe's API itself; needs TRUEUP_STRIPE_KEY, changes nothing there.")
    ] = False,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since", formats=["%Y-%m-%d"], help="With --live: read again what was created from that day on (UTC)."
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Load Stripe API objects: JSON Lines, one object a line as the API returns it; or straight from the API.

    --live goes on where the last one ended, and reads again what is open or younger than TRUEUP_STRIPE_LOOKBACK_DAYS.
    Run it as often as you like, and again after a crash: what is known is not loaded twice.
    """
    if live == bool(files) or (since and not live):
        raise Misused("Name files, or say --live; --since goes with --live.")
    return load_live.run(Output(as_json), since) if live else run("stripe", files or (), Output(as_json))


@load.command("era", epilog=example("trueup load era inbox/ remit-0412.835.gz"))
def era(paths: Paths, as_json: Json = False) -> int:
    """Load ERA 835 files, or folders of them; the bytes are kept encrypted under TRUEUP_HOME."""
    return run("era", paths, Output(as_json))


@load.command("fees", epilog=example("trueup load fees fees-2026.csv"))
def fees(files: Files, as_json: Json = False) -> int:
    """Load payers' fee schedules: CSV; the newest load of a row wins."""
    return run("fees", files, Output(as_json))


@load.command("practices", epilog=example("trueup load practices practices.csv"))
def practices(files: Files, as_json: Json = False) -> int:
    """Load the practices' billing policies: CSV; what their visits bill is worked out anew."""
    return run("practices", files, Output(as_json))


@load.command("bank", epilog=example("trueup load bank deposits-2026-09.csv"))
def bank(files: Files, as_json: Json = False) -> int:
    """Load bank deposits: CSV; the newest load of a deposit wins."""
    return run("bank", files, Output(as_json))


def run(kind: str, paths: Iterable[Path], output: Output) -> int:
    """Load the files in the workspace of the environment and give the exit code."""
    with workspace.opened() as books:
        loaded = Loaded()
        take_in(books, kind, paths, output, loaded)
    output.result(loaded.document())
    return loaded.exit_code


def take_in(books: workspace.Workspace, kind: str, paths: Iterable[Path], output: Output, loaded: Loaded) -> None:
    """Load every file in a transaction of its own; a refused file leaves nothing and does not keep the others out."""
    from ingestion.landing import FeedUnreadable

    with books.connection() as connection:
        for path in paths:
            taken: list[Receipt] = []
            try:
                for receipt in _receipts(books, connection, kind, path, output):
                    connection.commit()
                    taken.append(receipt)
                    loaded.receipts.append((path, receipt))
            except FeedUnreadable as refusal:
                connection.rollback()
                loaded.refused.append((path, str(refusal)))
                output.message(f"Refused, nothing of it is kept: {refusal}")
            _report(path, taken, output)


def _receipts(
    books: workspace.Workspace, connection: "Connection", kind: str, path: Path, output: Output
) -> "Iterator[Receipt]":
    with output.progress(printable(path.name)) as progress:
        if kind == "era":
            yield from _remittances(books, connection, path, progress, output)
        else:
            yield _rows(connection, kind, path, progress)


def _remittances(
    books: workspace.Workspace, connection: "Connection", path: Path, progress: Callable[[int], None], output: Output
) -> "Iterator[Receipt]":
    # pyarrow takes half a second to import: only remittances pay for it.
    from ingestion.era835 import load as remittances
    from ingestion.era835.archive import Archive

    settings = books.settings
    archive = Archive.at(settings.home, settings.archive_key, settings.archive_key_command)
    yield from remittances.load(connection, path, archive, progress, output.hint)


def _rows(connection: "Connection", kind: str, path: Path, progress: Callable[[int], None]) -> "Receipt":
    from ingestion import bank_deposits, fee_schedule, practices, stripe_objects, visit_ledger

    loaders = {
        "visits": visit_ledger.load,
        "stripe": stripe_objects.load,
        "fees": fee_schedule.load,
        "practices": practices.load,
        "bank": bank_deposits.load,
    }
    return loaders[kind](connection, path, progress=progress)


def _report(path: Path, taken: "Sequence[Receipt]", output: Output) -> None:
    new = [receipt for receipt in taken if not receipt.already_loaded]
    # A folder or an archive brings many files: one line for all of them.
    files = f" ({counted(len(taken), 'file')})" if len(taken) > 1 else ""
    name = f"{printable(path)}{files}"
    if taken and not new:
        output.line(f"{name}: already loaded, nothing changed.")
    elif taken:
        output.line(f"{name}: {_kept(taken, new)}.")
    elif path.is_dir():
        output.line(f"{name}: an empty folder, nothing to load.")
    if len(taken) == 1:
        for note in new and new[0].notes:
            output.message(f"  {note}")
    _report_warnings([receipt for receipt in new if receipt.warnings], output)
    _report_quarantine([(receipt, item) for receipt in new for item in receipt.quarantined], output)


def _kept(taken: "Sequence[Receipt]", new: "Sequence[Receipt]") -> str:
    noun = "transaction" if new[0].kind == "era" else "row"
    said = f"{counted(sum(receipt.rows for receipt in new), noun)} kept"
    refused = sum(len(receipt.quarantined) for receipt in new)
    if refused:
        said += f", {counted(refused, 'piece')} quarantined"
    if len(new) < len(taken):
        said += f"; {counted(len(taken) - len(new), 'file')} already loaded, nothing changed"
    return said


def _report_warnings(warned: "Sequence[Receipt]", output: Output) -> None:
    for receipt in warned[:SHOWN_OF_WARNINGS]:
        said = f"{counted(receipt.warnings, 'warning')}; see `trueup era explain {receipt.file_sha256[:SHOWN_OF_HASH]}`"
        output.message(f"  {_file(receipt) if len(warned) > 1 else ''}{said}")
    if len(warned) > SHOWN_OF_WARNINGS:
        output.message(f"  … and warnings in {counted(len(warned) - SHOWN_OF_WARNINGS, 'more file')}.")


def _file(receipt: "Receipt") -> str:
    return f"{printable(receipt.name or f'file {receipt.file_sha256[:SHOWN_OF_HASH]}')}, "


def _report_quarantine(refused: "Sequence[tuple[Receipt, Quarantined]]", output: Output) -> None:
    for receipt, item in refused[:SHOWN_OF_QUARANTINE]:
        file = _file(receipt) if len({other.file_sha256 for other, _ in refused}) > 1 else ""
        output.message(f"  {file}{item.position}: {item.rule}: {item.message}")
    if len(refused) > SHOWN_OF_QUARANTINE:
        output.message(f"  … and {len(refused) - SHOWN_OF_QUARANTINE:,} more: see all with `trueup export quarantine`.")


def _receipt_document(path: Path, receipt: "Receipt") -> dict[str, object]:
    return {
        "path": str(path),
        "kind": receipt.kind,
        "file_sha256": receipt.file_sha256,
        "already_loaded": receipt.already_loaded,
        "rows": receipt.rows,
        "quarantined": [item._asdict() for item in receipt.quarantined],
        "notes": list(receipt.notes),
        "name": receipt.name,
        "warnings": receipt.warnings,
    }
