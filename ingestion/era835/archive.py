"""The received files themselves, kept encrypted: they hold names, which no table does."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ingestion.era835 import archive_key
from ingestion.era835.archive_key import ArchiveError
from ingestion.era835.whole_file import write_once

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Archive", "ArchiveError"]

_CHUNKED = b"TRUEUP2\n"  # the first bytes of a file in chunks; one without them is sealed in one piece
_SALT_BYTES = 32
_CHUNK_BYTES = 1 << 20
_TAG_BYTES = 16
_NONCE_BYTES = 12  # NIST SP 800-38D: 96 bits


@dataclass(frozen=True)
class Archive:
    """Files by the SHA-256 of their bytes, one `<sha256>.835.enc` each. `key` is 32 bytes.

    A file is a mark, a salt and chunks of 1 MiB, each sealed with AES-256-GCM under a key that HKDF-SHA256 makes of the
    archive's key and the salt. The nonce is the chunk's number and whether it is the last (the STREAM construction of
    Hoang, Reyhanitabar, Rogaway and Vizár, 2015), the associated data is the file's SHA-256: a chunk that is missing,
    moved, doubled or of another file does not open.
    """

    directory: Path
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        archive_key.check(self.key)

    @classmethod
    def at(cls, home: Path, key: str | None, command: str | None = None) -> Archive:
        """Return the archive under `home`.

        `key` is base64 of 32 bytes, `command` a command line that prints that; without either `home`/keys/archive.key
        is made. Raises ArchiveError when there is no usable key.
        """
        return cls(home / "archive", archive_key.found(home / "keys" / "archive.key", key, command))

    def keep(self, file_sha256: str, blocks: Iterable[bytes]) -> Path:
        """Keep a file, whole or not at all, and on disk before this returns; one kept already stays as it is.

        `blocks` are its bytes in pieces of any size, never all in memory. Raises ArchiveError when they are not those
        that `file_sha256` names.
        """
        path = self._path(file_sha256)
        if path.exists():
            return path
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with write_once(path) as file:
            salt, digest = token_bytes(_SALT_BYTES), sha256()
            cipher = self._cipher(salt)
            file.write(_CHUNKED + salt)
            for number, (chunk, is_last) in enumerate(_chunks(blocks)):
                digest.update(chunk)
                file.write(cipher.encrypt(_nonce(number, is_last), chunk, file_sha256.encode("ascii")))
            if digest.hexdigest() != file_sha256:
                raise ArchiveError(
                    f"The file {file_sha256} changed while it was read, and was not kept: load it again when it is "
                    "no longer written to."
                )
        return path

    def read(self, file_sha256: str) -> bytes:
        """Return the bytes of a kept file. Raises ArchiveError when it is not kept, was changed, or has another key."""
        return b"".join(self.blocks(file_sha256))

    def blocks(self, file_sha256: str) -> Iterator[bytes]:
        """Give the bytes of a kept file in pieces of at most 1 MiB (of an old file sealed in one: the whole).

        Raises ArchiveError as `read` does, at the piece that does not open: of a file cut short only at its end.
        """
        with self._opened(file_sha256) as file:
            try:
                mark = file.read(len(_CHUNKED))
                if mark == _CHUNKED:
                    yield from self._unsealed(file, file_sha256)
                else:
                    sealed = mark + file.read()
                    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
                    yield AESGCM(self.key).decrypt(nonce, rest, file_sha256.encode("ascii"))
            except (InvalidTag, ValueError):
                raise ArchiveError(
                    f"The kept file {file_sha256} does not open: the archive key is another one, or the file was "
                    "changed. Set the key it was kept with, or take the file from a backup."
                ) from None

    def _unsealed(self, file: BinaryIO, file_sha256: str) -> Iterator[bytes]:
        cipher = self._cipher(file.read(_SALT_BYTES))
        number, sealed = 0, file.read(_CHUNK_BYTES + _TAG_BYTES)
        while True:
            following = file.read(_CHUNK_BYTES + _TAG_BYTES)
            yield cipher.decrypt(_nonce(number, not following), sealed, file_sha256.encode("ascii"))
            if not following:
                return
            number, sealed = number + 1, following

    def _cipher(self, salt: bytes) -> AESGCM:
        """Return the cipher of one file: with a key of its own, chunk numbers can be nonces (SP 800-38D, 8.2.1)."""
        return AESGCM(HKDF(SHA256(), len(self.key), salt, b"trueup 835 archive").derive(self.key))

    @contextmanager
    def _opened(self, file_sha256: str) -> Iterator[BinaryIO]:
        try:
            file = self._path(file_sha256).open("rb")
        except FileNotFoundError:
            raise ArchiveError(f"No file with SHA-256 {file_sha256} is in the archive {self.directory}.") from None
        with file:
            yield file

    def _path(self, file_sha256: str) -> Path:
        return self.directory / f"{file_sha256}.835.enc"


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(_NONCE_BYTES - 1, "big") + bytes([is_last])


def _chunks(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Cut blocks of any size into chunks of one size, and say which is the last; of no bytes at all one empty chunk."""
    waiting = bytearray()
    for block in blocks:
        waiting += block
        while len(waiting) > _CHUNK_BYTES:
            yield bytes(waiting[:_CHUNK_BYTES]), False
            del waiting[:_CHUNK_BYTES]
    yield bytes(waiting), True
