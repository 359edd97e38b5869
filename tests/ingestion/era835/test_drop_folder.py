"""Files come in from folders, archives and archives in archives; what is not whole, or a trap, is left out and told."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import threading
import time
import zipfile
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from ingestion.era835 import drop_folder, unpacking
from ingestion.era835.drop_folder import Received, listed, received
from ingestion.landing import FeedUnreadable
from tests.support.remittance_writer import Payment, interchange

if TYPE_CHECKING:
    from collections.abc import Mapping

ONE, TWO = interchange((Payment(),)), interchange((Payment("TRACE2"),))
ROOT = Path(__file__).parents[3]


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def put(path: Path, data: bytes) -> Path:
    """Write a file that nobody has touched for a minute."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (time.time() - 60, time.time() - 60))
    return path


def content(file: Received) -> bytes:
    return b"".join(file.blocks(1000))


def given(path: Path) -> tuple[list[tuple[str, bytes, bool]], list[str]]:
    """Give what came of a folder (name within it, bytes, readable) and what was told."""
    told: list[str] = []
    files = list(received(path, told.append))
    assert [(sha256(content(file)).hexdigest(), len(content(file))) for file in files] == [
        (file.sha256, file.byte_count) for file in files
    ]
    return [(file.name.removeprefix(f"{path}/"), content(file), file.readable) for file in files], told


def test_a_folder_is_walked_and_archives_are_opened_in_the_order_of_names(tmp_path: Path) -> None:
    put(tmp_path / "b", gzip.compress(TWO))
    put(tmp_path / "a.835", ONE)
    inside = {"x/": b"", "x/1.835": ONE, "x/2": gzip.compress(TWO), "y.835": zipped({"3": TWO}), "__MACOSX/._1": b"x"}
    put(tmp_path / "below" / "c.txt", zipped(inside))
    put(tmp_path / ".hidden", b"x")
    put(tmp_path / ".folder" / "d.835", b"x")
    assert given(tmp_path) == (
        [
            ("a.835", ONE, True),
            ("b", TWO, True),
            ("below/c.txt/x/1.835", ONE, True),
            ("below/c.txt/x/2", TWO, True),
            ("below/c.txt/y.835/3", TWO, True),
        ],
        [],
    )


def test_an_archive_that_does_not_open_is_told_and_its_other_members_are_read(tmp_path: Path) -> None:
    damaged = zipped({"1.835": ONE, "2.835": TWO}).replace(b"TRACE2", b"TRACE3", 1)
    broken = gzip.compress(ONE)[:-20]
    put(tmp_path / "a.zip", damaged)
    put(tmp_path / "b.gz", broken)
    put(tmp_path / "c.zip", b"PK\x03\x04 no archive")
    files, told = given(tmp_path)
    assert files == [
        ("a.zip/1.835", ONE, True),
        ("a.zip", damaged, False),
        ("b.gz", broken, False),
        ("c.zip", b"PK\x03\x04 no archive", False),
    ]
    assert [sentence.removeprefix(f"{tmp_path}/").split(",")[0] for sentence in told] == [
        "a.zip/2.835: is damaged",
        "b.gz: is damaged",
        "c.zip: is damaged",
    ]


def test_two_members_of_one_name_are_two_files(tmp_path: Path) -> None:
    path = put(tmp_path / "a.zip", zipped({"1.835": ONE, "2.835": TWO}).replace(b"2.835", b"1.835"))
    assert [content(file) for file in received(path)] == [ONE, TWO]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_packed_by_a_method_that_may_take_any_memory_is_refused(tmp_path: Path, method: int) -> None:
    put(tmp_path / "a.zip", zipped({"1.835": ONE}, method))
    files, told = given(tmp_path)
    assert [readable for _, _, readable in files] == [False]
    assert f"method {method}" in told[0]


def test_a_member_locked_by_a_password_is_refused_by_its_name(tmp_path: Path) -> None:
    locked = bytearray(zipped({"1.835": ONE}))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    put(tmp_path / "a.zip", bytes(locked))
    files, told = given(tmp_path)
    assert [readable for _, _, readable in files] == [False]
    assert told[0].startswith(f"{tmp_path}/a.zip/1.835: is locked by a password")


def test_an_archive_too_many_archives_deep_is_refused(tmp_path: Path) -> None:
    packed = ONE
    for _ in range(unpacking.DEEPEST):
        packed = zipped({"x": packed})
    put(tmp_path / "a.zip", packed)
    put(tmp_path / "b.gz", gzip.compress(packed))
    files, told = given(tmp_path)
    assert [(name, readable) for name, _, readable in files] == [("a.zip/x/x/x/x", True), ("b.gz/x/x/x", False)]
    assert [sentence.split(": ")[0] for sentence in told] == [f"{tmp_path}/b.gz/x/x/x"]


@pytest.mark.parametrize("packing", ["gz", "zip", "zips"])
def test_an_archive_made_to_fill_the_machine_is_refused_and_told_before_it_does(
    tmp_path: Path, packing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "FREE_BYTES", 1 << 20)
    zeros = bytes(1 << 22)
    packed = {
        "gz": lambda: gzip.compress(zeros),
        "zip": lambda: zipped({"0": zeros}, zipfile.ZIP_DEFLATED),
        "zips": lambda: zipped({str(n): gzip.compress(bytes(1 << 18)) for n in range(16)}),
    }[packing]()
    put(tmp_path / "bomb", packed)
    files, told = given(tmp_path)
    assert sum(len(data) for _, data, readable in files if readable) <= max(1 << 20, 100 * len(packed))
    assert not files[-1][2]
    assert "fill the machine" in told[-1]


def test_content_larger_than_a_remittance_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "LARGEST_CONTENT", 5_000)
    put(tmp_path / "a.835", bytes(5_001))
    put(tmp_path / "b.gz", gzip.compress(bytes(5_001)))
    put(tmp_path / "c.835", ONE)
    told: list[str] = []
    files = []
    with pytest.raises(FeedUnreadable, match=r"a\.835: is larger than"):
        files.extend(iter((file.name, file.readable) for file in received(tmp_path, told.append)))
    assert files == [(f"{tmp_path}/b.gz", False), (f"{tmp_path}/c.835", True)]
    assert "b.gz: is larger than" in told[0]


def test_content_too_large_to_hold_is_read_a_second_time_and_must_be_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "HELD_BYTES", 100)
    put(tmp_path / "a.zip", zipped({"x.zip": zipped({"1.gz": gzip.compress(ONE), "2": TWO}, zipfile.ZIP_DEFLATED)}))
    assert [data for _, data, _ in given(tmp_path)[0]] == [ONE, TWO]
    (file,) = received(put(tmp_path / "b.835", ONE))
    put(tmp_path / "b.835", TWO)
    with pytest.raises(FeedUnreadable, match=r"b\.835: changed while it was read"):
        content(file)


def test_a_damaged_archive_of_any_kind_is_a_file_that_is_not_readable_and_never_an_error(tmp_path: Path) -> None:
    random = Random(835)  # noqa: S311 - no secret
    nested = {"1": ONE, "é": gzip.compress(TWO), "3": zipped({"4": ONE}, zipfile.ZIP_DEFLATED)}
    whole = [zipped(nested, zipfile.ZIP_DEFLATED), gzip.compress(zipped(nested))]
    for number in range(600):
        data = bytearray(whole[number % 2])
        for _ in range(random.randint(1, 4)):
            data[random.randrange(4, len(data))] = random.randrange(256)
        path = put(tmp_path / "a", bytes(data[: random.choice([len(data), random.randrange(4, len(data))])]))
        files = list(received(path))
        assert all(sha256(content(file)).hexdigest() == file.sha256 for file in files)


def test_a_path_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FeedUnreadable, match=r"gone\.835: cannot be read"):
        list(received(tmp_path / "gone.835"))


def test_a_file_of_a_folder_that_cannot_be_read_keeps_no_other_out(tmp_path: Path) -> None:
    (tmp_path / "a.835").symlink_to("gone.835")
    put(tmp_path / "b.835", b"ISA")
    names = []
    with pytest.raises(FeedUnreadable, match=r"a\.835: cannot be read"):
        names.extend(iter(content(file) for file in received(tmp_path)))
    assert names == [b"ISA"]


def test_links_are_followed_within_the_folder_and_told_where_they_leave_it(tmp_path: Path) -> None:
    secret = put(tmp_path / "elsewhere" / "secret.835", TWO)
    inbox = tmp_path / "inbox"
    put(inbox / "b.835", ONE)
    (inbox / "a.835").symlink_to("b.835")
    (inbox / "c.835").symlink_to(secret)
    (inbox / "d").symlink_to(secret.parent)
    (inbox / "e.835").symlink_to("e.835")
    told: list[str] = []
    found = listed(inbox, told.append)
    assert [file.path.name for file in found.files] == ["a.835", "b.835"]
    assert [sentence.split(": ")[0] for sentence in told] == [f"{inbox}/c.835", f"{inbox}/d"]
    assert [sentence.split(": ")[0] for sentence in found.unread] == [f"{inbox}/e.835"]


@pytest.mark.parametrize("name", ["a.835.part", "a.tmp", "A.FILEPART", "a.835.crdownload", "a.partial"])
def test_a_file_with_the_name_of_an_unfinished_one_is_left_for_later_unless_it_is_named(
    tmp_path: Path, name: str
) -> None:
    path = put(tmp_path / name, ONE)
    files, told = given(tmp_path)
    assert files == []
    assert told[0].startswith(f"{path}: ")
    assert "left for later" in told[0]
    assert [content(file) for file in received(path)] == [ONE]


def test_a_file_of_a_folder_that_is_still_growing_is_left_for_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drop_folder, "QUIET_SECONDS", 0.4)
    growing, done = tmp_path / "a.835", tmp_path / "b.835"
    done.write_bytes(TWO)
    growing.write_bytes(ONE[:100])

    def grow() -> None:
        with growing.open("ab") as file:
            file.write(ONE[100:])

    writer = threading.Timer(0.1, grow)
    writer.start()
    first, told = given(tmp_path)
    writer.join()
    assert first == [("b.835", TWO, True)]
    assert told == [f"{growing}: is still being written, and is left for later."]
    assert given(tmp_path) == ([("a.835", ONE, True), ("b.835", TWO, True)], [])


def test_a_folder_where_nothing_changed_just_now_is_not_waited_for(tmp_path: Path) -> None:
    put(tmp_path / "a.835", ONE)
    started = time.monotonic()
    assert [content(file) for file in received(tmp_path)] == [ONE]
    assert time.monotonic() - started < drop_folder.QUIET_SECONDS / 2


MEASURED = """
import resource, sys
from pathlib import Path
from ingestion.era835.drop_folder import received

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
base = peak()
count = sum(len(block) for file in received(Path(sys.argv[1])) for block in file.blocks())
print(count, (peak() - base) // 1024)
"""


@pytest.mark.parametrize("packing", ["gz", "zip in zip"])
def test_memory_stays_bounded_whatever_comes_out_of_an_archive(tmp_path: Path, packing: str) -> None:
    size = 300 << 20
    path = tmp_path / "big"
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=1) as file:
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
    if packing == "zip in zip":
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("big", bytes(size))
        path.write_bytes(zipped({"inner": inner.getvalue()}))
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED, path], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    count, grown = map(int, ran.stdout.split())
    assert count == size
    assert grown < 150
