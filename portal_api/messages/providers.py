"""Who keeps the keys that wrap data keys: a key store asked by a command, or files of our own outside the database."""

from __future__ import annotations

import os
import secrets
import shlex
import subprocess
from base64 import b64decode, b64encode
from contextlib import suppress
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal_api.keys import make_secret

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.settings import Settings

KEY_BYTES = 32  # AES-256
NONCE_BYTES = 12
COMMAND_SECONDS = 30.0
_SETTING = "TRUEUP_PORTAL_KEY_COMMAND"


class KeyUnavailable(Exception):  # noqa: N818 - named for what happened
    """A data key cannot be wrapped or unwrapped; the text is a sentence that holds no key."""


class KeyProvider(Protocol):
    """Wraps data keys. A `context` names what a data key is for; a key wrapped for another does not unwrap."""

    key_id: str

    def wrap(self, key: bytes, context: str) -> bytes:
        """Return the data key as it may be kept in the database."""

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """Return the data key; raises KeyUnavailable when the context's key is destroyed or another's."""

    def destroy(self, context: str) -> None:
        """Destroy what unwraps the context's keys, for ever; done already is well done."""


class Files:
    """A wrapping key a context, each in a file of its owner's alone: a copy of the database holds none of them."""

    key_id = "files-1"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def wrap(self, key: bytes, context: str) -> bytes:
        """See KeyProvider."""
        path = self._path(context)
        if not path.exists():
            make_secret(path)
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(path.read_bytes()).encrypt(nonce, key, context.encode())

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """See KeyProvider."""
        try:
            own = self._path(context).read_bytes()
            return AESGCM(own).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context.encode())
        except FileNotFoundError:
            raise KeyUnavailable(f"The key of {context} is destroyed: what it sealed cannot be read again.") from None
        except InvalidTag:
            raise KeyUnavailable(f"What is kept as the key of {context} was not wrapped by it.") from None

    def destroy(self, context: str) -> None:
        """See KeyProvider. Overwritten before it is removed; a disk that keeps old blocks is the disk's to encrypt."""
        path = self._path(context)
        with suppress(FileNotFoundError):
            with path.open("r+b") as file:
                file.write(bytes(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()

    def _path(self, context: str) -> Path:
        return self._folder / sha256(context.encode()).hexdigest()


class Command:
    """A key store behind a command of the operator's: `command wrap|unwrap|destroy CONTEXT`, base64 in and out."""

    key_id = "command-1"

    def __init__(self, command: str) -> None:
        self._words = shlex.split(command)

    def wrap(self, key: bytes, context: str) -> bytes:
        """See KeyProvider."""
        return self._asked("wrap", context, key)

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """See KeyProvider."""
        return self._asked("unwrap", context, wrapped)

    def destroy(self, context: str) -> None:
        """See KeyProvider."""
        self._asked("destroy", context, b"")

    def _asked(self, deed: str, context: str, given: bytes) -> bytes:
        try:
            ran = subprocess.run(  # noqa: S603 - the command is the operator's own setting
                [*self._words, deed, context],
                input=b64encode(given),
                stdout=subprocess.PIPE,
                timeout=COMMAND_SECONDS,
                check=True,
            )
            return b64decode(ran.stdout.strip(), validate=True)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise KeyUnavailable(
                f"{_SETTING} could not {deed} a key ({type(error).__name__}); run it by hand."
            ) from None


@cache
def found(settings: Settings) -> KeyProvider:
    """Return the provider of the settings: the command where there is one, else files under TRUEUP_HOME.

    Raises KeyUnavailable in live mode without a command, unless files beside the database are said to be meant.
    """
    if settings.portal_key_command:
        return Command(settings.portal_key_command)
    if settings.stripe_is_live and not settings.portal_keys_in_files:
        raise KeyUnavailable(
            f"Real patients' messages want a key store: name one in {_SETTING}, or say TRUEUP_PORTAL_KEYS_IN_FILES=yes."
        )
    return Files(settings.home / "portal" / "message-keys")
