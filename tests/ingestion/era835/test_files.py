"""Files around the reader: archives that open or do not, tables written out, received bytes kept encrypted."""

from __future__ import annotations

import csv
import gzip
import io
import stat
import zipfile
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from pyarrow import parquet

from ingestion.era835 import parse
from ingestion.era835.archive import Archive, ArchiveError
from ingestion.era835.drop_folder import received
from ingestion.era835.write import write
from ingestion.landing import FeedUnreadable
from tests.support.remittance_writer import PATIENT, Claim, Payment, interchange

ONE, TWO = interchange((Payment(),)), interchange((Payment("TRACE2"),))


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_a_folder_is_walked_and_archives_are_opened_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "b.gz").write_bytes(gzip.compress(TWO))
    (tmp_path / "a.835").write_bytes(ONE)
    (tmp_path / "below" / "c.zip").write_bytes(zipped({"x/": b"", "x/1.835": ONE, "x/2.gz": gzip.compress(TWO)}))
    (tmp_path / ".hidden").write_bytes(b"x")
    assert [(file.data, file.readable) for file in received(tmp_path)] == [
        (ONE, True),
        (TWO, True),
        (ONE, True),
        (TWO, True),
    ]


def test_an_archive_that_does_not_open_is_told_and_its_other_members_are_read(tmp_path: Path) -> None:
    damaged = zipped({"1.835": ONE, "2.835": TWO}).replace(b"TRACE2", b"TRACE3", 1)
    broken = gzip.compress(ONE)[:-20]
    (tmp_path / "a.zip").write_bytes(damaged)
    (tmp_path / "b.gz").write_bytes(broken)
    (tmp_path / "c.zip").write_bytes(b"PK\x03\x04 no archive")
    files = list(received(tmp_path))
    assert [(file.data, file.readable) for file in files] == [
        (ONE, True),
        (damaged, False),
        (broken, False),
        (b"PK\x03\x04 no archive", False),
    ]
    read = files[2].parse()
    assert read.file_sha256 == sha256(broken).hexdigest()
    assert [item.rule for item in read.quarantined] == ["era.archive_unreadable"]


def test_a_path_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FeedUnreadable, match=r"gone\.835: cannot be read"):
        list(received(tmp_path / "gone.835"))


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that exists and cannot be read by anyone")
def test_a_file_of_a_folder_that_cannot_be_read_keeps_no_other_out(tmp_path: Path) -> None:
    (tmp_path / "a.835").symlink_to("/proc/self/mem")
    (tmp_path / "b.835").write_bytes(b"ISA")
    given = []
    with pytest.raises(FeedUnreadable, match=r"a\.835: cannot be read"):
        given.extend(iter(file.data for file in received(tmp_path)))
    assert given == [b"ISA"]


@pytest.mark.parametrize("table_format", ["parquet", "csv"])
def test_tables_of_several_files_are_written_one_file_a_table(tmp_path: Path, table_format: str) -> None:
    files = [parse(ONE), parse(TWO), parse(b"nothing")]
    paths = write(iter(files), tmp_path / "out", table_format)  # type: ignore[arg-type] # parametrised
    names = ["transactions", "claims", "services", "adjustments", "provider_adjustments", "remarks", "findings"]
    assert list(paths) == names
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        f"{name}.{table_format}" for name in names
    )
    if table_format == "parquet":
        rows = parquet.read_table(paths["transactions"]).to_pylist()
    else:
        with paths["transactions"].open(newline="") as file:
            rows = list(csv.DictReader(file))
    assert [row["trn_number"] for row in rows] == ["TRACE1", "TRACE2"]
    assert [int(row["bpr_cents"]) for row in rows] == [10000, 10000]
    if table_format == "csv":
        assert paths["findings"].read_bytes().count(b"era.not_edi") == 1
        assert not [path for path in paths.values() if b"\x00" in path.read_bytes()]


def test_an_error_on_the_way_leaves_earlier_tables_and_no_parts(tmp_path: Path) -> None:
    write([parse(ONE)], tmp_path)

    def failing() -> object:
        yield parse(TWO)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(failing(), tmp_path)  # type: ignore[arg-type] # a generator that fails
    assert not list(tmp_path.glob(".*"))
    assert parquet.read_table(tmp_path / "transactions.parquet")["trn_number"].to_pylist() == ["TRACE1"]


def test_a_kept_file_comes_back_and_cannot_be_read_without_the_key(tmp_path: Path) -> None:
    archive = Archive.at(tmp_path, None)
    name = sha256(ONE).hexdigest()
    path = archive.keep(name, ONE)
    sealed = path.read_bytes()
    assert path.name == f"{name}.835.enc"
    assert archive.keep(name, ONE).read_bytes() == sealed
    assert Archive.at(tmp_path, None).read(name) == ONE
    assert not [part for part in (*PATIENT, "CLP", "TRACE1") if part.encode() in sealed]
    with pytest.raises(ArchiveError, match="another one"):
        Archive.at(tmp_path, b64encode(bytes(32)).decode()).read(name)


def test_a_kept_file_that_was_changed_or_renamed_does_not_open(tmp_path: Path) -> None:
    archive = Archive(tmp_path, bytes(32))
    path = archive.keep("a" * 64, ONE)
    sealed = bytearray(path.read_bytes())
    path.rename(tmp_path / f"{'b' * 64}.835.enc")
    with pytest.raises(ArchiveError, match="was changed"):
        archive.read("b" * 64)
    sealed[20] ^= 1
    path.write_bytes(sealed)
    with pytest.raises(ArchiveError, match="was changed"):
        archive.read("a" * 64)
    with pytest.raises(ArchiveError, match="is in the archive"):
        archive.read("c" * 64)


def test_the_key_file_and_the_kept_files_are_their_owners_alone(tmp_path: Path) -> None:
    path = Archive.at(tmp_path, None).keep("a" * 64, ONE)
    key = tmp_path / "keys" / "archive.key"
    assert len(key.read_bytes()) == 32
    assert [stat.S_IMODE(one.stat().st_mode) for one in (key, path)] == [0o600, 0o600]
    assert sorted(one.name for one in path.parent.iterdir()) == [path.name]


@pytest.mark.parametrize("key", ["not base64!", b64encode(b"short").decode()])
def test_a_key_that_is_none_is_refused_with_a_sentence(tmp_path: Path, key: str) -> None:
    with pytest.raises(ArchiveError, match=r"base64|32"):
        Archive.at(tmp_path, key)


def test_an_empty_text_and_a_null_stay_apart_in_a_csv(tmp_path: Path) -> None:
    data = interchange((Payment(claims=(Claim(ref="", charge=5, paid=5),)),))
    paths = write([parse(data)], tmp_path, "csv")
    header, row = paths["claims"].read_text().splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))['"claim_ref"'] == ""
