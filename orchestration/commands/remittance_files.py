"""Remittance files on their way into a command: bytes counted on a bar, tables part by part."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.commands.output import Output, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.era835 import Remittances
    from ingestion.era835.drop_folder import Received

COMPILED_ONCE = "Compiling the reader, which is done once after an install or an upgrade …"
LONG_FILE = 4 << 20  # bytes; a shorter one is read before a bar could be looked at


def files_at(path: Path, output: Output, refused: list[str]) -> "Iterator[Received]":
    """Give the remittance files at a path; what cannot be read is told, put into `refused`, and keeps no other out."""
    from ingestion.era835.drop_folder import received
    from ingestion.landing import FeedUnreadable

    try:
        yield from received(path, output.hint)
    except FeedUnreadable as refusal:
        refused.append(printable(refusal))
        output.hint(str(refusal))


def parts_of(file: "Received", output: Output) -> "Iterator[Remittances]":
    """Read a file to its tables, part by part; a long one shows how many of its bytes are read."""
    is_long = file.byte_count >= LONG_FILE
    with output.progress(printable(file.name), file.byte_count) if is_long else nullcontext() as progress:
        parts = file.parts(progress)
        with output.patience(COMPILED_ONCE):
            first = next(parts)
        yield first
        yield from parts
