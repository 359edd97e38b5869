"""`trueup era explain`: a remittance as a person would want to read it, from a file or from the archive."""

import contextlib
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands import workspace
from orchestration.commands.errors import PARTLY, WENT_WELL, CannotRun, Misused
from orchestration.commands.output import Json, Output, counted, example, printable
from orchestration.commands.remittance_files import files_at, parts_of

if TYPE_CHECKING:
    import psycopg

    from ingestion.era835 import Remittances
    from ingestion.era835.explain.gathering import Asked, Gathered
    from ingestion.era835.explain.model import Standing, Transaction
    from ingestion.era835.explain.text import Line, Page

EPILOG = example(
    "trueup era explain remit.835",
    "trueup era explain remit.835.gz --st 2 | less",
    "trueup era explain inbox/ --claim 7K2M9QX4T1ZBW3CV5",
    "trueup era explain 3f1c09ab",
)
HASH = re.compile(r"[0-9a-f]{8,64}")
NARROWEST, WIDEST = 72, 120
COUNTED = "Transactions, claims and lines are counted from 0."
ALONE = "Verdicts are of the file alone; trueup era explain SHA-256 asks the books."

LOADED = "select file_sha256 from raw.file where kind = 'era' and starts_with(file_sha256, %s) order by 1 limit 2"
STANDING = """
    select st_index, verdict, settlement, replaced_by, settled_by, settled_at, why
    from raw.era_standing where file_sha256 = %s
"""


@dataclass(frozen=True)
class Source:
    """A file to explain: its tables part by part, and how the books have its transactions (null: not asked)."""

    name: str
    parts: "Iterable[Remittances]"
    standings: "Mapping[int, Standing] | None" = None


@dataclass
class Told:
    """What was found to tell, over all files."""

    documents: list[dict[str, object]] = field(default_factory=list)
    files: int = 0
    claims: int = 0
    matched: int = 0
    errors: int = 0
    refused: list[str] = field(default_factory=list)
    by_books: bool = False


def explain(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="An 835 file, .gz, .zip or folder; or the SHA-256 (8 characters are enough) of a loaded one.",
        ),
    ],
    claim: Annotated[
        str | None, typer.Option("--claim", metavar="REF", help="Only the claims of this reference (CLP01 or CLP07).")
    ] = None,
    st: Annotated[
        int | None, typer.Option("--st", metavar="N", min=0, help="Only this transaction, counted from 0.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Tell what a remittance says: payment, claims, adjustments in words, and what does not balance and where."""
    from ingestion.era835.explain.gathering import Asked, gathered

    output, asked, told = Output(as_json), Asked(st, claim), Told()
    with _sources(file, output, told.refused) as sources:
        for source in _single(sources, file) if st is not None else sources:
            found = gathered(source.parts, asked)
            _check_transaction(found, asked, source.name)
            told.claims += found.claim_count
            if claim is None or found.shown_count:
                told.matched += found.shown_count
                _tell(found, source, output, told)
    if claim is not None and not told.matched:
        raise Misused(_unknown_claim(claim, file, told.claims))
    if not as_json:
        output.lines([("", ""), (COUNTED, "dim"), *([] if told.by_books else [(ALONE, "dim")])])
    output.result({"files": told.documents, "refused": told.refused})
    return PARTLY if told.errors or told.refused else WENT_WELL


@contextlib.contextmanager
def _sources(file: str, output: Output, refused: list[str]) -> Iterator[Iterator[Source]]:
    path = Path(file)
    if path.exists():
        yield _of_path(path, output, refused)
    elif HASH.fullmatch(file.lower()):
        with workspace.opened() as books, books.connection() as connection:
            yield iter([_of_archive(file.lower(), books, connection)])
    else:
        raise Misused(f"{printable(file)} is neither a file that is there nor the SHA-256 of a loaded one.")


def _of_path(path: Path, output: Output, refused: list[str]) -> Iterator[Source]:
    found = False
    for file in files_at(path, output, refused):
        found = True
        yield Source(file.name, parts_of(file, output))
    if not found:
        raise CannotRun("There is nothing to explain." if refused else f"{printable(path)}: an empty folder.")


def _of_archive(beginning: str, books: workspace.Workspace, connection: "psycopg.Connection") -> Source:
    from ingestion.era835.archive import Archive
    from ingestion.era835.explain.model import Standing
    from ingestion.era835.remittances import read

    loaded = [file_sha256 for (file_sha256,) in connection.execute(LOADED, (beginning,))]
    if not loaded:
        raise Misused(
            f"No loaded 835 file has a SHA-256 that begins with {beginning}. `trueup era explain` reads paths too."
        )
    if len(loaded) > 1:
        raise Misused(f"More than one loaded 835 file has a SHA-256 that begins with {beginning}: give more of it.")
    settings = books.settings
    archive = Archive.at(settings.home, settings.archive_key, settings.archive_key_command)
    standings = {st_index: Standing(*stands) for st_index, *stands in connection.execute(STANDING, (loaded[0],))}
    return Source(loaded[0], read(archive.blocks(loaded[0]), loaded[0]), standings)


def _single(sources: Iterator[Source], file: str) -> Iterator[Source]:
    """Give the one file there is: a transaction's number means nothing without its file."""
    first = next(sources)
    if next(sources, None) is not None:
        raise Misused(f"{printable(file)} holds several files: name the one that --st is about.")
    return chain([first], sources)


def _check_transaction(found: "Gathered", asked: "Asked", name: str) -> None:
    numbers = [row["st_index"] for row in found.transactions]
    if asked.st_index is not None and asked.st_index not in numbers:
        last = f", the last of them ST {numbers[-1]}" if numbers else ""
        raise Misused(
            f"{printable(name)} has no ST {asked.st_index}: it has {counted(len(numbers), 'transaction')}{last}."
        )


def _unknown_claim(claim: str, file: str, claims: int) -> str:
    from ledger.rules import claim_ref

    said = f"None of the {counted(claims, 'claim')} of {printable(file)} has the reference {printable(claim)}."
    if len(claim) == claim_ref.LENGTH and not claim_ref.verify(claim):
        said += " Its last character does not check: was it mistyped?"
    return said


def _tell(found: "Gathered", source: Source, output: Output, told: Told) -> None:
    from ingestion.era835.explain import reading

    told.by_books = source.standings is not None
    told.errors += sum(
        count for key, count in found.finding_counts.items() if found.findings[key][0]["severity"] == "error"
    )
    if output.as_json:
        told.documents.append(_document(found, source))
        return
    transactions = [
        transaction
        for transaction in reading.transactions(found, source.standings)
        if found.asked.st_index in {None, transaction.st_index}
    ]
    if told.files:
        output.line()
    told.files += 1
    width = min(max(shutil.get_terminal_size().columns, NARROWEST), WIDEST)
    output.lines(_lines(found, source, transactions, width))


def _lines(found: "Gathered", source: Source, transactions: "list[Transaction]", width: int) -> "Iterator[Line]":
    from ingestion.era835.explain import reading
    from ingestion.era835.explain.text import Page

    page, summary = Page(width), reading.summary(found, source.name)
    yield from page.summary(summary)
    if found.asked.claim_ref is None and len(transactions) > 1:
        yield from page.overview(transactions)
    if found.claims_shown or len(transactions) == 1:
        for transaction in transactions:
            yield from _transaction(found, transaction, page)
    else:
        yield from page.findings(reading.all_findings(found), of_all=True)
    yield from page.footer(summary)


def _transaction(found: "Gathered", transaction: "Transaction", page: "Page") -> "Iterator[Line]":
    from ingestion.era835.explain import reading

    st_index, whole = transaction.st_index, found.asked.claim_ref is None
    claims = reading.claims(found, st_index) if found.claims_shown else iter(())
    first = next(claims, None)
    if first is None and not whole:
        return
    yield from page.payment(transaction) if whole else page.heading(transaction)
    if first is not None:
        for claim in chain([first], claims):
            yield from page.claim(claim)
    elif transaction.claim_count:
        yield from page.reasons(reading.reasons(found, st_index))
    if whole:
        yield from page.closing(transaction, reading.totals(found, st_index))


def _document(found: "Gathered", source: Source) -> dict[str, object]:
    from ingestion.era835.explain import reading

    transactions = []
    for transaction in reading.transactions(found, source.standings):
        st_index = transaction.st_index
        if found.asked.st_index in {None, st_index}:
            claims = [asdict(claim) for claim in reading.claims(found, st_index)] if found.claims_shown else None
            totals = asdict(reading.totals(found, st_index))
            transactions.append({**asdict(transaction), "totals": totals, "claims": claims})
    return {**asdict(reading.summary(found, source.name)), "transactions": transactions}
