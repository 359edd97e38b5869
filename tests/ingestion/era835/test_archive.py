"""Received files are kept encrypted, come back as they were or not at all, and the key comes from one place."""

from __future__ import annotations

import stat
import sys
from base64 import b64encode
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ingestion.era835 import archive_key
from ingestion.era835.archive import Archive, ArchiveError
from tests.support.remittance_writer import PATIENT, Payment, interchange

if TYPE_CHECKING:
    from pathlib import Path

ONE = interchange((Payment(),))
KEY = bytes(range(32))
KEY_TEXT = b64encode(KEY).decode()
CHUNK = (1 << 20) + 16  # sealed
HEAD = 8 + 32  # mark and salt


def name_of(data: bytes) -> str:
    return sha256(data).hexdigest()


def noise(seed: int, size: int) -> bytes:
    return Random(seed).randbytes(size)  # noqa: S311 - no secret


def kept(archive: Archive, data: bytes) -> Path:
    return archive.keep(name_of(data), [data])


def printing(code: str) -> str:
    """Give a command line that runs a line of Python."""
    return f"'{sys.executable}' -c '{code}'"


def test_a_kept_file_comes_back_and_cannot_be_read_without_the_key(tmp_path: Path) -> None:
    archive = Archive.at(tmp_path, None)
    path = kept(archive, ONE)
    sealed = path.read_bytes()
    assert path.name == f"{name_of(ONE)}.835.enc"
    assert kept(archive, ONE).read_bytes() == sealed
    assert Archive.at(tmp_path, None).read(name_of(ONE)) == ONE
    assert not [part for part in (*PATIENT, "CLP", "TRACE1") if part.encode() in sealed]
    with pytest.raises(ArchiveError, match="another one"):
        Archive.at(tmp_path, KEY_TEXT).read(name_of(ONE))


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
@pytest.mark.parametrize("block", [333_333, 1 << 23])
def test_a_file_of_any_size_comes_back_whatever_the_blocks_it_came_in(tmp_path: Path, size: int, block: int) -> None:
    archive, data = Archive(tmp_path, KEY), noise(size, size)
    path = archive.keep(name_of(data), (data[at : at + block] for at in range(0, size, block)))
    assert archive.read(name_of(data)) == data
    assert max(len(piece) for piece in archive.blocks(name_of(data))) <= 1 << 20
    assert path.stat().st_size == HEAD + size + 16 * max(1, -(-size // (1 << 20)))


def test_a_file_kept_in_one_piece_by_an_earlier_version_still_opens(tmp_path: Path) -> None:
    nonce, name = bytes(12), name_of(ONE)
    sealed = nonce + AESGCM(KEY).encrypt(nonce, ONE, name.encode())
    (tmp_path / f"{name}.835.enc").write_bytes(sealed)
    archive = Archive(tmp_path, KEY)
    assert archive.read(name) == ONE
    assert kept(archive, ONE).read_bytes() == sealed
    (tmp_path / f"{name}.835.enc").write_bytes(sealed[:-1])
    with pytest.raises(ArchiveError, match="was changed"):
        archive.read(name)


def test_the_same_bytes_are_sealed_differently_every_time(tmp_path: Path) -> None:
    first, second = (kept(Archive(tmp_path / place, KEY), ONE).read_bytes() for place in "ab")
    assert first[:8] == second[:8]
    assert not set(zip(*[iter(first[8:])] * 16, strict=False)) & set(zip(*[iter(second[8:])] * 16, strict=False))


def test_bytes_that_are_not_those_the_name_says_are_not_kept(tmp_path: Path) -> None:
    archive = Archive(tmp_path, KEY)
    with pytest.raises(ArchiveError, match="changed while it was read"):
        archive.keep("a" * 64, [ONE])
    assert list(tmp_path.iterdir()) == []


def test_an_error_while_a_file_is_kept_leaves_nothing(tmp_path: Path) -> None:
    def failing() -> object:
        yield ONE
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Archive(tmp_path, KEY).keep(name_of(ONE), failing())  # type: ignore[arg-type] # blocks that fail
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "changed",
    [
        lambda sealed: sealed[: HEAD + CHUNK],
        lambda sealed: sealed[: HEAD + 2 * CHUNK],
        lambda sealed: sealed[:HEAD],
        lambda _: b"",
        lambda sealed: sealed + sealed[HEAD + 2 * CHUNK :],
        lambda sealed: sealed[:HEAD] + sealed[HEAD + CHUNK :],
        lambda sealed: sealed[:HEAD] + sealed[HEAD + CHUNK :][:CHUNK] + sealed[HEAD:][:CHUNK] + sealed[-116:],
        lambda sealed: sealed[: HEAD + CHUNK] + sealed[HEAD:],
    ],
    ids=["first chunk only", "last lost", "no chunk", "empty", "last twice", "first lost", "swapped", "first twice"],
)
def test_chunks_lost_doubled_or_moved_are_noticed(tmp_path: Path, changed: object) -> None:
    archive, data = Archive(tmp_path, KEY), noise(1, (2 << 20) + 100)
    path = kept(archive, data)
    path.write_bytes(changed(path.read_bytes()))  # type: ignore[operator] # parametrised
    with pytest.raises(ArchiveError, match="was changed"):
        archive.read(name_of(data))


def test_a_chunk_or_a_name_of_another_file_is_noticed(tmp_path: Path) -> None:
    archive = Archive(tmp_path, KEY)
    one, two = (noise(seed, (1 << 20) + 100) for seed in (1, 2))
    first, second = kept(archive, one), kept(archive, two)
    spliced = first.read_bytes()[: HEAD + CHUNK] + second.read_bytes()[HEAD + CHUNK :]
    second.write_bytes(first.read_bytes())
    first.write_bytes(spliced)
    for data in (one, two):
        with pytest.raises(ArchiveError, match="was changed"):
            archive.read(name_of(data))
    with pytest.raises(ArchiveError, match="is in the archive"):
        archive.read("c" * 64)


def test_no_change_of_a_kept_file_gives_wrong_bytes(tmp_path: Path) -> None:
    archive, random = Archive(tmp_path, KEY), Random(835)  # noqa: S311 - no secret
    path = kept(archive, ONE)
    sealed, name = path.read_bytes(), name_of(ONE)
    for _ in range(2_000):
        data = bytearray(sealed)
        at, to = sorted((random.randrange(len(data)), random.randrange(len(data) + 1)))
        match random.randrange(3):
            case 0:
                data[at] ^= 1 << random.randrange(8)
            case 1:
                del data[at : to + 1]
            case _:
                data[to:to] = random.randbytes(1 + random.randrange(40))
        path.write_bytes(data)
        with pytest.raises(ArchiveError, match="was changed"):
            archive.read(name)


def test_the_key_file_and_the_kept_files_are_their_owners_alone(tmp_path: Path) -> None:
    path = kept(Archive.at(tmp_path, None), ONE)
    key = tmp_path / "keys" / "archive.key"
    assert len(key.read_bytes()) == 32
    assert [stat.S_IMODE(one.stat().st_mode) for one in (key, path)] == [0o600, 0o600]
    assert sorted(one.name for one in path.parent.iterdir()) == [path.name]


def test_a_key_of_the_wrong_length_is_refused_by_the_name_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "archive.key").write_bytes(b"short")
    with pytest.raises(ArchiveError, match=r"archive\.key has 5 bytes and must have 32"):
        Archive.at(tmp_path, None)


@pytest.mark.parametrize("key", ["not base64!", b64encode(b"short").decode()])
def test_a_key_that_is_none_is_refused_with_a_sentence(tmp_path: Path, key: str) -> None:
    with pytest.raises(ArchiveError, match=r"TRUEUP_ARCHIVE_KEY .*(base64|32)"):
        Archive.at(tmp_path, key)


def test_a_command_gives_the_key_without_a_shell_and_no_key_file_is_made(tmp_path: Path) -> None:
    archive = Archive.at(tmp_path, None, printing(f'print("{KEY_TEXT}")'))
    assert archive.key == KEY
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ArchiveError, match="cannot be run"):
        Archive.at(tmp_path, None, f"echo-{KEY_TEXT[:4]}|cat")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (printing(f'print("{KEY_TEXT}"); raise SystemExit(3)'), "ended with exit code 3"),
        (printing("print()"), "printed nothing"),
        (printing(f'print("{KEY_TEXT[:8]}")'), "printed has 6 bytes and must have 32"),
        (printing(f'print("{KEY_TEXT} and more")'), "printed is not base64"),
        (printing('import sys; sys.stdout.buffer.write(b"\\xff" * 32)'), "printed is not base64"),
        ("/nowhere/at-all", "cannot be run"),
        ("'unfinished", "quotation mark"),
        ("  ", "cannot be run|names no program"),
    ],
)
def test_a_command_that_gives_no_key_is_a_sentence_without_what_it_printed(
    tmp_path: Path, command: str, sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ArchiveError, match=rf"TRUEUP_ARCHIVE_KEY_COMMAND.*({sentence})") as caught:
        Archive.at(tmp_path, None, command)
    assert KEY_TEXT[:8] not in f"{caught.value}{capfd.readouterr()}"


def test_a_command_that_takes_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_key, "COMMAND_SECONDS", 0.2)
    with pytest.raises(ArchiveError, match="was stopped"):
        Archive.at(tmp_path, None, "sleep 60")
