"""Where the archive's key comes from: a setting, a command that asks a key store, or a file made at first use."""

from __future__ import annotations

import shlex
import subprocess
from base64 import b64decode
from secrets import token_bytes
from typing import TYPE_CHECKING

from ingestion.era835.whole_file import write_once

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES = 32  # AES-256
COMMAND_SECONDS = 30.0  # a key store answers in a second or two; one that asks a person for something never would
_SOURCE = "TRUEUP_ARCHIVE_KEY_COMMAND"


class ArchiveError(Exception):
    """The key or a kept file cannot be used: a sentence that says which and what to do."""


def found(path: Path, key: str | None, command: str | None) -> bytes:
    """Return the key: from base64 text, else printed by a command, else from the file at `path`, made if absent.

    Raises ArchiveError when what is given is no key.
    """
    if key:
        return check(_decoded(key, "TRUEUP_ARCHIVE_KEY"), "TRUEUP_ARCHIVE_KEY")
    if command:
        return check(_decoded(_printed(command), f"What {_SOURCE} printed"), f"What {_SOURCE} printed")
    return check(_kept(path), str(path))


def check(key: bytes, source: str = "The archive key") -> bytes:
    """Return the key when it has the length of one; else raise ArchiveError."""
    if len(key) != KEY_BYTES:
        raise ArchiveError(f"{source} has {len(key)} bytes and must have {KEY_BYTES}.")
    return key


def _decoded(text: str, source: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise ArchiveError(f"{source} is not base64; it must be base64 of {KEY_BYTES} random bytes.") from None


def _printed(command: str) -> str:
    """Run a command without a shell and return what it printed, which is said nowhere; its stderr stays its own."""
    try:
        words = shlex.split(command)
        ran = subprocess.run(  # noqa: S603 - the command is the operator's own setting
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=COMMAND_SECONDS, check=False
        )
    except ValueError:
        raise ArchiveError(f"{_SOURCE} has a quotation mark without its other half; correct it.") from None
    except subprocess.TimeoutExpired:
        raise ArchiveError(
            f"{_SOURCE} gave no key within {COMMAND_SECONDS:.0f} seconds and was stopped; run it by hand to see why."
        ) from None
    except (OSError, IndexError) as error:
        why = error.strerror if isinstance(error, OSError) else "it names no program"
        raise ArchiveError(f"{_SOURCE} cannot be run ({why}); give the program's whole path.") from None
    if ran.returncode:
        raise ArchiveError(f"{_SOURCE} ended with exit code {ran.returncode}; run it by hand to see why.")
    if not ran.stdout.strip():
        raise ArchiveError(f"{_SOURCE} printed nothing; it must print base64 of {KEY_BYTES} bytes.")
    return ran.stdout.decode("ascii", "replace").strip()


def _kept(path: Path) -> bytes:
    """Return the key in a file of its owner's alone; made when not there. Two who make it at once get the same."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with write_once(path) as file:
            file.write(token_bytes(KEY_BYTES))
    return path.read_bytes()
