"""Files as they came in: .gz and .zip opened to any reasonable depth, every byte hashed, memory bounded."""

from __future__ import annotations

import os
import stat
import zlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from gzip import BadGzipFile, GzipFile
from hashlib import sha256
from io import BytesIO
from typing import IO, TYPE_CHECKING, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from ingestion.era835.findings import Place, finding
from ingestion.era835.remittances import READ_BYTES, Remittances, read, refused
from ingestion.landing import FeedUnreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path
    from zipfile import ZipInfo

HELD_BYTES = 64 << 20
"""Content up to this size stays in memory from the reading that hashes it; larger is read a second time."""

LARGEST_CONTENT = 4 << 30
"""Bytes of one file, packed or not: more is no remittance."""

FREE_BYTES, LARGEST_RATIO = 1 << 30, 100
"""All that comes out of one file, at every depth together, is at most the larger of FREE_BYTES and LARGEST_RATIO times
the file. Remittances shrink to a tenth or a twentieth; an archive made to fill a machine to a thousandth."""

DEEPEST = 4
"""Archives within archives."""

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_BLOCK = 1 << 20
_LOCKED = 1  # APPNOTE.TXT 4.4.4, bit 0: encrypted
_METHODS = {ZIP_STORED, ZIP_DEFLATED}  # the others can be made to take any amount of memory before a byte comes out


class _Refused(Exception):  # noqa: N818 - it says what happened to the content
    """Content is not taken; the text goes on from its name: `is locked by a password`."""


_UNREADABLE = (_Refused, BadZipFile, BadGzipFile, EOFError, zlib.error, NotImplementedError, ValueError, OSError)


@dataclass(frozen=True)
class Received:
    """One file as it was received, decompressed.

    `name` is for people at a terminal: the path as given, then what is inside (`inbox/a.zip/x/1.835`). `sha256` and
    `byte_count` are of the decompressed bytes. `readable` is false for an archive that does not open, or not wholly;
    then they are of its own bytes.
    """

    name: str
    sha256: str
    byte_count: int
    readable: bool
    _held: bytes | None = field(repr=False, compare=False)
    _again: Callable[[], AbstractContextManager[IO[bytes]]] = field(repr=False, compare=False)

    def blocks(self, size: int = 1 << 23) -> Iterator[bytes]:
        """Give the bytes in blocks of at most `size`, as often as wanted; at most HELD_BYTES are in memory.

        Raises FeedUnreadable when they are no longer those that were hashed, at the end.
        """
        try:
            yield from self._read(size)
        except _UNREADABLE:  # what opened when it was hashed no longer does
            raise FeedUnreadable(
                f"{self.name}: changed while it was read. Load it again when nobody writes to it."
            ) from None

    def _read(self, size: int) -> Iterator[bytes]:
        digest = sha256()
        with self.opened() as file:
            while block := file.read(size):
                if self._held is None:
                    digest.update(block)
                yield block
        if self._held is None and digest.hexdigest() != self.sha256:
            raise _Refused("changed while it was read")

    def opened(self) -> AbstractContextManager[IO[bytes]]:
        """Open the bytes to be read from the start."""
        return self._again() if self._held is None else BytesIO(self._held)

    def parts(self, progress: Callable[[int], None] | None = None) -> Iterator[Remittances]:
        """Give the tables of the file part by part; of an archive that does not open, empty ones that say so.

        `progress` is told how many bytes were read so far.
        """
        if self.readable:
            yield from read(self._counted(progress), self.sha256)
        else:
            yield refused(self.sha256, [finding("era.archive_unreadable", Place())])

    def _counted(self, progress: Callable[[int], None] | None) -> Iterator[bytes]:
        done = 0
        for block in self.blocks(READ_BYTES):
            yield block
            done += len(block)
            if progress is not None:
                progress(done)


@dataclass
class _Allowance:
    """How many bytes may still come out of one file."""

    left: int

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise _Refused("opens to far more than remittances do (an archive made to fill the machine?)")


def unpacked(path: Path, told: Callable[[str], None]) -> Iterator[Received]:
    """Give the file at `path`, or, where it is an archive, each file inside; `told` hears of what does not open.

    Hidden members (a dot in front) are left out. Of an archive that does not open wholly the members that do are given,
    then itself with `readable` false. Raises FeedUnreadable for a file that cannot be read or is too large.
    """
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if found.st_size > LARGEST_CONTENT:
                raise FeedUnreadable(
                    f"{path}: is larger than {LARGEST_CONTENT >> 30} GiB. Split or unpack it yourself."
                )
            # A pipe cannot be read a second time.
            most = LARGEST_CONTENT if stat.S_ISREG(found.st_mode) else HELD_BYTES
            outer = _taken(str(path), file, partial(_file, path), _Allowance(most))
    except _Refused:
        raise FeedUnreadable(
            f"{path}: gives more than {most >> 20:,} MiB and may be endless. Save it as a file and load that."
        ) from None
    except OSError as error:
        raise FeedUnreadable(
            f"{path}: cannot be read ({error.strerror}). Check the name and who may read it."
        ) from None
    yield from _opened(outer, told, _Allowance(max(FREE_BYTES, LARGEST_RATIO * outer.byte_count)), DEEPEST)


def _opened(file: Received, told: Callable[[str], None], allowance: _Allowance, depth: int) -> Iterator[Received]:
    with file.opened() as content:
        mark = content.read(len(_ZIP))
    if not mark.startswith((_GZIP, _ZIP)):
        yield file
    elif not depth:
        told(f"{file.name}: is an archive more than {DEEPEST} archives deep, and was left out. Unpack it yourself.")
        yield replace(file, readable=False)
    elif mark.startswith(_GZIP):
        yield from _gunzipped(file, told, allowance, depth)
    else:
        yield from _unzipped(file, told, allowance, depth)


def _gunzipped(file: Received, told: Callable[[str], None], allowance: _Allowance, depth: int) -> Iterator[Received]:
    again = partial(_gunzip, file)
    try:
        with again() as content:
            inner = _taken(file.name, content, again, allowance)
    except _UNREADABLE as error:
        told(f"{file.name}: {_why(error)}, and was left out. Ask the sender for it again.")
        yield replace(file, readable=False)
        return
    yield from _opened(inner, told, allowance, depth - 1)


def _unzipped(file: Received, told: Callable[[str], None], allowance: _Allowance, depth: int) -> Iterator[Received]:
    left_out: list[str] = []
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(ZipFile(stack.enter_context(file.opened())))
        except _UNREADABLE as error:
            told(f"{file.name}: {_why(error)}, and was left out. Ask the sender for it again.")
            yield replace(file, readable=False)
            return
        # In the order in which they lie there, or each would be sought from the start of an archive within an archive.
        for member in sorted(archive.infolist(), key=lambda member: member.header_offset):
            if member.filename.endswith("/") or any(part.startswith(".") for part in member.filename.split("/")):
                continue
            try:
                inner = _member(file, archive, member, allowance)
            except _UNREADABLE as error:
                left_out.append(f"{file.name}/{member.filename}: {_why(error)}")
            else:
                yield from _opened(inner, told, allowance, depth - 1)
    if left_out:
        more = f" (and {len(left_out) - 1:,} more files of this archive)" if len(left_out) > 1 else ""
        told(f"{left_out[0]}, and was left out{more}. Unpack it yourself, or ask the sender for it again.")
        yield replace(file, readable=False)


def _member(file: Received, archive: ZipFile, member: ZipInfo, allowance: _Allowance) -> Received:
    if member.flag_bits & _LOCKED:
        raise _Refused("is locked by a password")
    if member.compress_type not in _METHODS:
        raise _Refused(f"is packed by method {member.compress_type}, which is not read here")
    with archive.open(member) as content:
        return _taken(f"{file.name}/{member.filename}", content, partial(_unzip, file, member), allowance)


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, _Refused) else "is damaged"


def _file(path: Path) -> IO[bytes]:
    return path.open("rb")


@contextmanager
def _gunzip(file: Received) -> Iterator[IO[bytes]]:
    with file.opened() as packed, GzipFile(fileobj=packed) as content:
        yield cast("IO[bytes]", content)


@contextmanager
def _unzip(file: Received, member: ZipInfo) -> Iterator[IO[bytes]]:
    with file.opened() as packed, ZipFile(packed) as archive, archive.open(member) as content:
        yield content


def _taken(
    name: str, content: IO[bytes], again: Callable[[], AbstractContextManager[IO[bytes]]], allowance: _Allowance
) -> Received:
    """Read content to its end, once, and hold it where it is small enough. Raises _Refused when it is too large."""
    digest, count, held = sha256(), 0, BytesIO()
    while block := content.read(_BLOCK):
        count += len(block)
        allowance.spend(len(block))
        if count > LARGEST_CONTENT:
            raise _Refused(f"is larger than {LARGEST_CONTENT >> 30} GiB")
        digest.update(block)
        if count <= HELD_BYTES:
            held.write(block)
        elif held.tell():
            held = BytesIO()
    small = held.getvalue() if count <= HELD_BYTES else None
    return Received(name, digest.hexdigest(), count, readable=True, _held=small, _again=again)
