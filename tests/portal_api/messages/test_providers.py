"""Keepers of wrapping keys: what one wrapped opens for its context alone, until that is destroyed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from ledger.settings import Settings
from portal_api.messages import providers
from portal_api.messages.providers import Command, Files, KeyUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from portal_api.messages.providers import KeyProvider

KEY = bytes(range(32))
# A key store of three lines: it turns the bytes round and remembers what was destroyed.
STORE = """
import base64, pathlib, sys
deed, context = sys.argv[2:]
gone = pathlib.Path(sys.argv[1]) / context.replace("/", "_")
if deed == "destroy":
    gone.touch()
elif gone.exists():
    sys.exit(4)
else:
    print(base64.b64encode(bytes(b ^ len(context) for b in base64.b64decode(sys.stdin.read()))).decode())
"""


@pytest.fixture(params=["files", "command"])
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> KeyProvider:
    if request.param == "files":
        return Files(tmp_path / "keys")
    (tmp_path / "store.py").write_text(STORE)
    return Command(f"{sys.executable} {tmp_path / 'store.py'} {tmp_path}")


def test_what_was_wrapped_unwraps_until_it_is_destroyed(provider: KeyProvider) -> None:
    wrapped = provider.wrap(KEY, "a/1")
    assert wrapped != KEY
    assert provider.unwrap(wrapped, "a/1") == KEY
    provider.destroy("a/1")
    provider.destroy("a/1")
    with pytest.raises(KeyUnavailable):
        provider.unwrap(wrapped, "a/1")


def test_a_key_of_another_context_does_not_unwrap(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.wrap(KEY, "a/2")
    with pytest.raises(KeyUnavailable):
        files.unwrap(files.wrap(KEY, "a/1"), "a/2")


def test_a_command_that_is_not_there_is_told_of_without_the_key() -> None:
    with pytest.raises(KeyUnavailable, match="TRUEUP_PORTAL_KEY_COMMAND could not wrap a key") as told:
        Command("/nowhere/at-all").wrap(KEY, "a/1")
    assert told.value.__cause__ is None


def test_files_are_refused_in_live_mode_unless_they_are_meant(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable, match="TRUEUP_PORTAL_KEYS_IN_FILES"):
        providers.found(Settings(home=tmp_path, stripe_is_live=True))
    assert isinstance(providers.found(Settings(home=tmp_path, stripe_is_live=True, portal_keys_in_files=True)), Files)
