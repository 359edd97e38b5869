"""One file on its way in: opened, known by its SHA-256, taken in whole or not at all, and receipted."""

from __future__ import annotations

import hashlib
import io
import os
import select
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from ingestion import landing
from ingestion.landing import FeedUnreadable, Quarantined, Receipt

if TYPE_CHECKING:
    from pathlib import Path

Content: TypeAlias = io.BufferedReader | io.BytesIO
# Is told, now and then, how many rows of a file were read.
Progress: TypeAlias = Callable[[int], None]
_ROWS_BETWEEN_REPORTS = 5_000
_SECONDS_BETWEEN_LOOKS = 0.5
_Row = TypeVar("_Row")


@dataclass(frozen=True)
class FeedFile:
    """An open file; `content` stands at its first byte and can be read again from there."""

    name: str
    content: Content
    sha256: str
    byte_count: int


@dataclass
class Load:
    """A file being taken in: what its loader refuses and remarks is gathered here."""

    connection: landing.Connection
    kind: str
    file: FeedFile
    load_id: int
    progress: Progress | None
    refused: list[Quarantined] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def watched(self, rows: Iterable[_Row]) -> Iterator[_Row]:
        """Pass the rows of the file on, telling `progress` now and then, and at the end, how many were read."""
        count = 0
        for count, row in enumerate(rows, start=1):
            if self.progress and count % _ROWS_BETWEEN_REPORTS == 0:
                self.progress(count)
            yield row
        if self.progress:
            self.progress(count)


def load_file(
    connection: landing.Connection,
    kind: str,
    path: Path,
    keep: Callable[[Load], int],
    progress: Progress | None,
) -> Receipt:
    """Take one file in by `keep`, which writes its rows and returns how many are new; commit nothing.

    Raises FeedUnreadable when the file cannot be read or `keep` refuses it whole: then nothing is written.
    """
    with opened(path) as file:
        return take_in(connection, kind, file, keep, progress)


def take_in(
    connection: landing.Connection,
    kind: str,
    file: FeedFile,
    keep: Callable[[Load], int],
    progress: Progress | None,
) -> Receipt:
    """Take in what is open already, as `load_file` does."""
    with _whole(connection):
        load_id = landing.receive(connection, kind, file.sha256, file.byte_count)
        if load_id is None:
            note = f"{file.name} was loaded before; nothing changed."
            return Receipt(kind, file.sha256, already_loaded=True, rows=0, quarantined=(), notes=(note,))
        load = Load(connection, kind, file, load_id, progress)
        kept = keep(load)
        landing.quarantine(connection, load_id, kind, file.sha256, load.refused)
        landing.finish(connection, load_id, kept, len(load.refused))
    refused, notes = tuple(load.refused), tuple(load.notes)
    return Receipt(kind, file.sha256, already_loaded=False, rows=kept, quarantined=refused, notes=notes)


@contextmanager
def opened(path: Path) -> Iterator[FeedFile]:
    """Open a file and work out its SHA-256. Raises FeedUnreadable when it is no readable file or is empty."""
    try:
        handle = path.open("rb")
    except FileNotFoundError:
        raise FeedUnreadable(f"{path.name}: there is no such file. Check the path.") from None
    except IsADirectoryError:
        raise FeedUnreadable(f"{path.name} is a directory. Name the files in it.") from None
    except OSError as error:
        raise FeedUnreadable(f"{path.name} cannot be opened: {error.strerror}. Check who may read it.") from None
    with handle:
        # A pipe can be read only once, and the bytes are needed twice.
        content: Content = handle if handle.seekable() else io.BytesIO(_drained(handle))
        digest = hashlib.file_digest(content, "sha256")
        byte_count = content.seek(0, io.SEEK_END)
        if not byte_count:
            raise FeedUnreadable(f"{path.name} is empty. Export it again.")
        content.seek(0)
        yield FeedFile(path.name, content, digest.hexdigest(), byte_count)


def _drained(pipe: io.BufferedReader) -> bytes:
    # A signal that comes just before a read blocks is heard only after it; so none blocks for long.
    chunks: list[bytes] = []
    while not chunks or chunks[-1]:
        if select.select([pipe], [], [], _SECONDS_BETWEEN_LOOKS)[0]:
            chunks.append(os.read(pipe.fileno(), 1 << 20))
    return b"".join(chunks)


@contextmanager
def _whole(connection: landing.Connection) -> Iterator[None]:
    """Undo what was written of a file that turns out to be unreadable, and only that."""
    connection.execute("savepoint whole_file")
    try:
        yield
    except FeedUnreadable:
        connection.execute("rollback to savepoint whole_file")
        raise
    connection.execute("release savepoint whole_file")
