"""Where remittance files lie: folders are walked, .gz and .zip opened, one file's bytes at a time."""

from __future__ import annotations

import gzip
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple
from zipfile import BadZipFile, ZipFile

from ingestion.era835.findings import Place, finding
from ingestion.era835.remittances import Remittances, parse, refused
from ingestion.landing import FeedUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_MOST_BYTES = 1 << 30  # of one file when opened: more is no remittance but a trap
_UNREADABLE = (BadZipFile, gzip.BadGzipFile, EOFError, zlib.error, NotImplementedError, RuntimeError, OSError)


class Received(NamedTuple):
    """One file: its decompressed bytes; `readable` is false for an archive that does not open, with its own bytes."""

    data: bytes
    readable: bool = True

    def parse(self) -> Remittances:
        """Return the tables of the file; of an archive that does not open, empty ones with a finding that says so."""
        return parse(self.data) if self.readable else refused(self.data, [finding("era.archive_unreadable", Place())])


def received(path: Path) -> Iterator[Received]:
    """Every remittance file at `path`, in the order of the names: a file, an archive, or a folder with all below it.

    Hidden files (a dot in front) are left out. Raises FeedUnreadable for what cannot be read; of a folder only after
    all that can be read was given.
    """
    if path.is_dir():
        yield from _of_folder(path)
        return
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FeedUnreadable(
            f"{path}: cannot be read ({error.strerror}). Check the name and who may read it."
        ) from None
    yield from _opened(data)


def _of_folder(path: Path) -> Iterator[Received]:
    unread: list[str] = []
    for below in sorted(below for below in path.rglob("*") if below.is_file()):
        if not any(part.startswith(".") for part in below.relative_to(path).parts):
            try:
                yield from received(below)
            except FeedUnreadable as refusal:
                unread.append(str(refusal))
    if unread:
        raise FeedUnreadable(" ".join(unread))


def _opened(data: bytes) -> Iterator[Received]:
    if data.startswith(_GZIP):
        yield from _gunzipped(data)
    elif data.startswith(_ZIP):
        yield from _unzipped(data)
    else:
        yield Received(data)


def _gunzipped(data: bytes) -> Iterator[Received]:
    try:
        with gzip.open(BytesIO(data)) as file:
            content = file.read(_MOST_BYTES + 1)
    except _UNREADABLE:
        content = None
    if content is None or len(content) > _MOST_BYTES:
        yield Received(data, readable=False)
    else:
        yield from _opened(content)


def _unzipped(data: bytes) -> Iterator[Received]:
    """Every member that opens; then, once, the archive itself if any did not."""
    whole = True
    try:
        with ZipFile(BytesIO(data)) as archive:
            for member in archive.infolist():
                content = None if member.is_dir() else _member(archive, member.filename, member.file_size)
                if content is not None:
                    yield from _opened(content)
                whole = whole and (member.is_dir() or content is not None)
    except _UNREADABLE:
        whole = False
    if not whole:
        yield Received(data, readable=False)


def _member(archive: ZipFile, name: str, size: int) -> bytes | None:
    """Return a member's bytes; null where it does not open."""
    if size > _MOST_BYTES:
        return None
    try:
        return archive.read(name)
    except _UNREADABLE:
        return None
