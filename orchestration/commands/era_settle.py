"""`trueup era release` and `trueup era replace`: a person settles a held or conflicting remittance."""

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

    from ingestion.era835.settlement import Name, Settlement
    from ingestion.landing import Connection

RELEASE_EPILOG = example(
    "trueup era release 9f2c41d07ab3#0 --why 'The payer confirmed the amount, call of 3 November'",
    "trueup era release inbox/remit-0412.835#2 --why 'Interest is in the deposit'",
)
REPLACE_EPILOG = example(
    "trueup era replace 9f2c41d07ab3#0 --by 51e07d3388ac#0 --why 'The payer sent it corrected'",
    "trueup era replace old.835#0 --by new.835#0 --why 'The first file was cut off'",
)

Transaction = Annotated[
    str,
    typer.Argument(
        metavar="FILE#ST",
        help="The file by its path, its SHA-256 or the beginning of that (8 characters or more); then the transaction "
        "in it, from 0, as `trueup export era_tieout` and `quarantine` show it.",
    ),
]
Other = Annotated[
    str, typer.Option("--by", metavar="FILE#ST", help="The transaction that stands in its place; loaded already.")
]
Why = Annotated[
    str,
    typer.Option(
        "--why", metavar="TEXT", help="The reason, kept for ever and shown in era_tieout. No patient names in it."
    ),
]
SettledBy = Annotated[
    str | None, typer.Option("--settled-by", metavar="NAME", help="Who settles it. Default: the user of the system.")
]


def release(transaction: Transaction, why: Why, settled_by: SettledBy = None, as_json: Json = False) -> int:
    """Let a held or conflicting remittance post as it is; the next reconcile posts it. It cannot be taken back."""
    from ingestion.era835 import settlement

    def settle(connection: "Connection") -> "Settlement":
        named = _named(connection, transaction)
        return settlement.release(connection, named, said(why, "--why"), person(settled_by, "--settled-by"))

    return _settle(settle, Output(as_json))


def replace(transaction: Transaction, by: Other, why: Why, settled_by: SettledBy = None, as_json: Json = False) -> int:
    """Let another remittance stand in the place of a held, conflicting or posted one. It cannot be taken back."""
    from ingestion.era835 import settlement

    def settle(connection: "Connection") -> "Settlement":
        named, other = _named(connection, transaction), _named(connection, by)
        return settlement.replace_by(connection, named, other, said(why, "--why"), person(settled_by, "--settled-by"))

    return _settle(settle, Output(as_json))


def _settle(settle: "Callable[[Connection], Settlement]", output: Output) -> int:
    """Settle in one transaction of the database and say how it went."""
    from ingestion.era835.settlement import posted_beside

    with workspace.opened() as books, books.connection() as connection:
        done = settle(connection)
        beside = posted_beside(connection, done.replaced_by or done.transaction)
        connection.commit()
    if done.is_new:
        output.line(f"{done.transaction} is {done.done}. `trueup reconcile` brings the books up to it.")
    else:
        output.line(f"{done.transaction} is already {done.done}, nothing changed.")
    for twin in beside:
        output.message(
            f"warning: {twin} is posted too, with the same payer, payee, trace number, date and amount: both count. "
            "Are they one payment, let one take the other's place (`trueup era replace`)."
        )
    output.result(_document(done, beside))
    return WENT_WELL


def _named(connection: "Connection", text: str) -> "Name":
    """Return the loaded transaction that FILE#ST names."""
    from ingestion.era835 import settlement

    file, _, number = text.rpartition("#")
    if not file or not re.fullmatch(r"[0-9]{1,9}", number):
        raise Misused(
            f"{printable(text)} names no transaction. Write FILE#ST: the file by its path or SHA-256, then # and the "
            "transaction's place in the file, from 0."
        )
    return settlement.named(connection, _hash_of(file), int(number))


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


def _document(done: "Settlement", beside: "list[Name]") -> dict[str, object]:
    """Give the result for a machine."""
    return {
        "settlement_id": done.settlement_id,
        "action": "replace" if done.replaced_by else "release",
        "transaction": done.transaction._asdict(),
        "replaced_by": done.replaced_by._asdict() if done.replaced_by else None,
        "why": done.why,
        "settled_by": done.settled_by,
        "settled_at": done.settled_at.isoformat(),
        "changed": done.is_new,
        "posted_beside": [twin._asdict() for twin in beside],
    }
