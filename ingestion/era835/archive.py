"""The received files themselves, kept encrypted: they hold names, which no table does."""

from __future__ import annotations

import os
from base64 import b64decode
from contextlib import suppress
from dataclasses import dataclass, field
from secrets import token_bytes, token_hex
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from pathlib import Path

_KEY_BYTES = 32
_NONCE_BYTES = 12  # NIST SP 800-38D: 96 bits


class ArchiveError(Exception):
    """The key or a kept file cannot be used: a sentence that says which and what to do."""


@dataclass(frozen=True)
class Archive:
    """Files by the SHA-256 of their bytes, AES-256-GCM, one `<sha256>.835.enc` each. `key` is 32 bytes."""

    directory: Path
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) != _KEY_BYTES:
            raise ArchiveError(f"The archive key has {len(self.key)} bytes and must have {_KEY_BYTES}.")

    @classmethod
    def at(cls, home: Path, key: str | None) -> Archive:
        """Return the archive under `home`. `key` is base64 of 32 bytes; without one `home`/keys/archive.key is made."""
        return cls(home / "archive", _decoded(key) if key else _kept_key(home / "keys" / "archive.key"))

    def keep(self, file_sha256: str, data: bytes) -> Path:
        """Keep a file, whole or not at all, and on disk before this returns; one kept already stays as it is."""
        path = self._path(file_sha256)
        if path.exists():
            return path
        nonce = token_bytes(_NONCE_BYTES)
        sealed = nonce + AESGCM(self.key).encrypt(nonce, data, file_sha256.encode("ascii"))
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_once(path, sealed)
        return path

    def read(self, file_sha256: str) -> bytes:
        """Return the bytes of a kept file. Raises ArchiveError when it is not kept, was changed, or has another key."""
        try:
            sealed = self._path(file_sha256).read_bytes()
        except FileNotFoundError:
            raise ArchiveError(f"No file with SHA-256 {file_sha256} is in the archive {self.directory}.") from None
        try:
            return AESGCM(self.key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], file_sha256.encode("ascii"))
        except (InvalidTag, ValueError):
            raise ArchiveError(
                f"The kept file {file_sha256} does not open: the archive key is another one, or the file was changed."
            ) from None

    def _path(self, file_sha256: str) -> Path:
        return self.directory / f"{file_sha256}.835.enc"


def _decoded(key: str) -> bytes:
    try:
        return b64decode(key, validate=True)
    except ValueError:
        raise ArchiveError("TRUEUP_ARCHIVE_KEY is not base64; it must be base64 of 32 random bytes.") from None


def _kept_key(path: Path) -> bytes:
    """Return the key in a file of its owner's alone; made when not there. Two who make it at once get the same."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_once(path, token_bytes(_KEY_BYTES))
    return path.read_bytes()


def _write_once(path: Path, data: bytes) -> None:
    """Write a file whole (0600), and only where there is none yet: a reader never sees a part of it."""
    part = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
