"""`trueup era release`, `replace` and `match`: a person settles a remittance, or says whose a claim is."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands import workspace
from orchestration.commands.errors import WENT_WELL, Misused
from orchestration.commands.explain import HASH
from orchestration.commands.output import Json, Output, example, printable
from orchestration.commands.staff import person, said

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingestion.era835.matching import ClaimName, Match
    from ingestion.era835.settlement import Name
    from ingestion.landing import Connection
    from orchestration.settling import Settled

RELEASE_EPILOG = example(
    "trueup era release 9f2c41d07ab3#0 --why 'The payer confirmed the amount, call of 3 November'",
    "trueup era release inbox/remit-0412.835#2 --why 'Interest is in the deposit'",
)
REPLACE_EPILOG = example(
    "trueup era replace 9f2c41d07ab3#0 --by 51e07d3388ac#0 --why 'The payer sent it corrected'",
    "trueup era replace old.835#0 --by new.835#0 --why 'The first file was cut off'",
)
MATCH_EPILOG = example(
    "trueup era match 9f2c41d07ab3#0/3 --visit 8a5f00c0-ffee-4000-b000-000000000130 --why 'Mistyped by the payer'",
    "trueup era match 9f2c41d07ab3#0/3 --visit 0X1Y2Z3W4V5T6S7R8 --why 'The payer says so, call of 3 November'",
    "trueup era match 9f2c41d07ab3#0/3 --none --instead-of 0X1Y2Z3W4V5T6S7R8 --why 'It was another patient'",
)

Transaction = Annotated[
    str,
    typer.Argument(
        metavar="FILE#ST",
        help="The file by its path, its SHA-256 or the beginning of that (8 characters or more); then the transaction "
        "in it, from 0, as `trueup export era_tieout` and `quarantine` show it.",
    ),
]
Claim = Annotated[
    str,
    typer.Argument(
        metavar="FILE#ST/CLAIM",
        help="The claim: file and transaction as for `trueup era release`, then its place in that, from 0, as "
        "`trueup export unmatched_remits` shows it.",
    ),
]
Visit = Annotated[
    str | None,
    typer.Option("--visit", metavar="TOKEN", help="The visit it is about: its token, or our claim reference."),
]
NoVisit = Annotated[bool, typer.Option("--none", help="Take an earlier match back: the claim is nobody's again.")]
InsteadOf = Annotated[
    str | None,
    typer.Option("--instead-of", metavar="TOKEN", help="The visit it is matched to now, to change that."),
]
Other = Annotated[
    str, typer.Option("--by", metavar="FILE#ST", help="The transaction that stands in its place; loaded already.")
]
Why = Annotated[
    str,
    typer.Option(
        "--why",
        metavar="TEXT",
        help="The reason, kept for ever and shown in era_tieout or hand_matches. No patient names in it.",
    ),
]
SettledBy = Annotated[
    str | None, typer.Option("--settled-by", metavar="NAME", help="Who settles it. Default: the user of the system.")
]


def release(transaction: Transaction, why: Why, settled_by: SettledBy = None, as_json: Json = False) -> int:
    """Let a held or conflicting remittance post as it is; the next reconcile posts it. It cannot be taken back."""
    from orchestration import settling

    def settle(connection: "Connection") -> "Settled":
        name = named(connection, transaction)
        return settling.release(connection, name, said(why, "--why"), person(settled_by, "--settled-by"))

    return _settle(settle, Output(as_json))


def replace(transaction: Transaction, by: Other, why: Why, settled_by: SettledBy = None, as_json: Json = False) -> int:
    """Let another remittance stand in the place of a held, conflicting or posted one. It cannot be taken back."""
    from orchestration import settling

    def settle(connection: "Connection") -> "Settled":
        name, other = named(connection, transaction), named(connection, by)
        return settling.replace(connection, name, other, said(why, "--why"), person(settled_by, "--settled-by"))

    return _settle(settle, Output(as_json))


def match(  # noqa: PLR0913, PLR0917 - the options of the command
    claim: Claim,
    why: Why,
    visit: Visit = None,
    none: NoVisit = False,
    instead_of: InsteadOf = None,
    settled_by: SettledBy = None,
    as_json: Json = False,
) -> int:
    """Say which visit a posted claim is about that no reference leads to one; the next reconcile goes by it."""
    from orchestration import settling

    if none is (visit is not None):
        raise Misused("Say whose the claim is with --visit, or --none to take an earlier match back.")
    output = Output(as_json)
    with workspace.opened() as books, books.connection() as connection:
        which = named_claim(connection, claim)
        words, name = said(why, "--why"), person(settled_by, "--settled-by")
        done = settling.match(connection, which, visit, words, name, instead_of=instead_of)
    output.line(settling.said_of(done))
    output.result(_matched(done))
    return WENT_WELL


def _settle(settle: "Callable[[Connection], Settled]", output: Output) -> int:
    """Settle in one transaction of the database and say how it went."""
    with workspace.opened() as books, books.connection() as connection:
        settled = settle(connection)
    output.line(settled.said)
    for warning in settled.warnings:
        output.message(f"warning: {warning}")
    output.result(_document(settled))
    return WENT_WELL


def named_claim(connection: "Connection", text: str) -> "ClaimName":
    """Return the loaded claim that FILE#ST/CLAIM names."""
    from ingestion.era835 import matching

    transaction, _, number = text.rpartition("/")
    file, _, place = transaction.rpartition("#")
    if not file or not _is_place(place) or not _is_place(number):
        raise Misused(
            f"{printable(text)} names no claim. Write FILE#ST/CLAIM: the file by its path or SHA-256, then # and the "
            "transaction's place in the file, then / and the claim's place in that, both from 0."
        )
    return matching.named_claim(connection, _hash_of(file), int(place), int(number))


def named(connection: "Connection", text: str) -> "Name":
    """Return the loaded transaction that FILE#ST names."""
    from ingestion.era835 import settlement

    file, _, number = text.rpartition("#")
    if not file or not _is_place(number):
        raise Misused(
            f"{printable(text)} names no transaction. Write FILE#ST: the file by its path or SHA-256, then # and the "
            "transaction's place in the file, from 0."
        )
    return settlement.named(connection, _hash_of(file), int(number))


def _is_place(number: str) -> bool:
    return re.fullmatch(r"[0-9]{1,9}", number) is not None


def _hash_of(file: str) -> str:
    """Return the SHA-256, or the beginning of one, that FILE stands for; a file on disk is opened as `load` does."""
    path = Path(file)
    if not path.is_file():
        if HASH.fullmatch(file.lower()):
            return file.lower()
        raise Misused(
            f"{printable(file)} is no file here, and no SHA-256 or beginning of one (8 to 64 of 0-9 and a-f)."
        )
    from ingestion.era835.drop_folder import received

    hashes = [found.sha256 for found in received(path)]
    if len(hashes) != 1:
        raise Misused(f"{printable(file)} holds {len(hashes)} files. Name the one you mean by its SHA-256.")
    return hashes[0]


def _document(settled: "Settled") -> dict[str, object]:
    """Give the result for a machine."""
    done = settled.done
    return {
        "settlement_id": done.settlement_id,
        "action": "replace" if done.replaced_by else "release",
        "transaction": done.transaction._asdict(),
        "replaced_by": done.replaced_by._asdict() if done.replaced_by else None,
        "why": done.why,
        "settled_by": done.settled_by,
        "settled_at": done.settled_at.isoformat(),
        "changed": done.is_new,
        "posted_beside": [twin._asdict() for twin in settled.beside],
    }


def _matched(done: "Match") -> dict[str, object]:
    return {
        "match_id": done.match_id,
        "claim": done.claim._asdict(),
        "visit_token": str(done.visit_token) if done.visit_token else None,
        "why": done.why,
        "settled_by": done.settled_by,
        "settled_at": done.settled_at.isoformat(),
        "changed": done.is_new,
    }
