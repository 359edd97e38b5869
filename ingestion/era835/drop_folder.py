"""Where remittance files lie: folders are walked, what is still being written is left for later."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ingestion.era835.unpacking import Received, unpacked
from ingestion.landing import FeedUnreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Received", "Standing", "listed", "received", "settled"]

QUIET_SECONDS = 2.0
"""A file of a folder whose last change is younger is looked at twice, that long apart."""

UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".crdownload")
"""Ends of the names under which programs write a file that is not whole yet."""


class Standing(NamedTuple):
    """A file as it stands in a folder: bytes, and nanoseconds since 1970 of its last change."""

    path: Path
    size: int
    changed: int


class Found(NamedTuple):
    """The files of a folder in the order of the names, and a sentence for each file or folder that cannot be read."""

    files: list[Standing]
    unread: list[str]


def received(path: Path, told: Callable[[str], None] | None = None) -> Iterator[Received]:
    """Every remittance file at `path`, in the order of the names: a file, an archive, or a folder with all below it.

    A file named by `path` itself is read as it is. Of a folder hidden files (a dot in front) are left out, and `told`
    hears a sentence for each file left for later, link not followed, or archive that does not open. Raises
    FeedUnreadable for what cannot be read; of a folder only after all that can be read was given.
    """
    told = told or _unheard
    if not path.is_dir():
        yield from unpacked(path, told)
        return
    found = listed(path, told)
    for below in settled(found.files, told):
        try:
            yield from unpacked(below.path, told)
        except FeedUnreadable as refusal:
            found.unread.append(str(refusal))
    if found.unread:
        raise FeedUnreadable(" ".join(found.unread))


def listed(folder: Path, told: Callable[[str], None]) -> Found:
    """List the files of a folder and below it that are to be read; reads none of them."""
    unread: list[str] = []
    walked = (path for path in sorted(_walked(folder, unread)) if _is_ours(path, folder, told))
    return Found([file for path in walked if (file := _standing(path, unread))], unread)


def settled(files: Sequence[Standing], told: Callable[[str], None]) -> list[Standing]:
    """Return the files that nobody writes to: those that changed just now are looked at once more after a while.

    Waits at most QUIET_SECONDS, and only where a file changed within them.
    """
    quiet = time.time_ns() - int(QUIET_SECONDS * 1e9)
    youngest = max((file.changed for file in files), default=0)
    if youngest > quiet:
        time.sleep(min((youngest - quiet) / 1e9, QUIET_SECONDS))
    moving = [file for file in files if file.changed > quiet and _standing(file.path, []) != file]
    for file in moving:
        told(f"{file.path}: is still being written, and is left for later.")
    return [file for file in files if file not in moving]


def _walked(folder: Path, unread: list[str]) -> Iterator[Path]:
    """Give all that is no folder, and links to folders, which are not entered; hidden ones are left out."""
    for place, folders, files in os.walk(folder, onerror=lambda error: unread.append(_unreadable(error))):
        folders[:] = [name for name in folders if not name.startswith(".")]
        links = [name for name in folders if Path(place, name).is_symlink()]
        yield from (Path(place, name) for name in [*links, *files] if not name.startswith("."))


def _is_ours(path: Path, folder: Path, told: Callable[[str], None]) -> bool:
    """Whether a file is to be read at all: no part of an unfinished copy, and no link out of the folder."""
    if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        told(f"{path}: is a link that leaves the folder, and is not followed. Put the file itself there.")
        return False
    if path.name.lower().endswith(UNFINISHED):
        told(f"{path}: has the name of a file that is still being written, and is left for later.")
        return False
    return True


def _standing(path: Path, unread: list[str]) -> Standing | None:
    """Look at a file; null for what is none (a pipe, a link to a folder)."""
    try:
        found = path.stat()
    except OSError as error:
        unread.append(_unreadable(error))
        return None
    return Standing(path, found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def _unreadable(error: OSError) -> str:
    return f"{error.filename}: cannot be read ({error.strerror}). Check the name and who may read it."


def _unheard(_: str) -> None:
    """Stand in for a listener where nobody listens."""
