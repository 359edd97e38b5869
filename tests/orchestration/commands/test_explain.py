"""What `trueup era explain` says, and how it ends: in one process, since only the words are of interest here."""

import json
from pathlib import Path

import pytest

from orchestration.commands.errors import PARTLY, WENT_WELL, CannotRun, Misused
from orchestration.commands.explain import explain
from tests.support.remittance_writer import PATIENT, Claim, Line, Payment, interchange

SHORT = Claim(ref="SHORT0000001", charge=10100)
FINE = Claim(ref="7K2M9QX4T1ZBW3CV5", charge=15000, paid=10000, adjustments=(("CO", "45", 5000),), lines=(Line(),))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "empty.835").touch()
    (tmp_path / "noise.835").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "nothing").mkdir()
    (tmp_path / "remit.835").write_bytes(interchange((Payment(trace="A", claims=(FINE,)),)))
    (tmp_path / "two.835").write_bytes(interchange((Payment(trace="A"), Payment(trace="B", claims=(SHORT,)))))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "said"), [("empty.835", "The file is empty."), ("noise.835", "The file is not an 835")]
)
def test_what_is_no_remittance_ends_with_1_and_says_so(
    name: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(str(folder / name)) == PARTLY
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "claim", "st", "said"),
    [
        ("absent.835", None, None, "neither a file that is there nor the SHA-256"),
        ("remit.835", None, 7, "has no ST 7: it has 1 transaction, the last of them ST 0"),
        ("remit.835", "7K2M9QX4T1ZBW3CV6", None, "last character does not check: was it mistyped"),
        ("remit.835", "NOBODY", None, "None of the 1 claim of "),
        ("", None, 0, "holds several files"),
    ],
)
def test_what_is_not_there_is_misuse(name: str, claim: str | None, st: int | None, said: str, folder: Path) -> None:
    with pytest.raises(Misused, match=said):
        explain(str(folder / name), claim, st)


def test_an_empty_folder_cannot_be_explained(folder: Path) -> None:
    with pytest.raises(CannotRun, match="an empty folder"):
        explain(str(folder / "nothing"))


def test_of_a_folder_every_file_is_explained_and_of_a_reference_only_those_that_have_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(str(folder)) == PARTLY
    assert capsys.readouterr().out.count("REMITTANCE FILE") == 4
    assert explain(str(folder), "SHORT0000001") == WENT_WELL
    said = capsys.readouterr().out
    assert said.count("REMITTANCE FILE") == said.count("\nST ") == said.count("\nCLAIM ") == 1
    assert said.count("TOTAL of ST") == 0


def test_for_a_machine_the_same_is_one_document_in_cents(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(str(folder / "two.835"), None, 1, as_json=True) == WENT_WELL
    said = capsys.readouterr().out
    (file,) = json.loads(said)["files"]
    (transaction,) = file["transactions"]
    assert (transaction["st_index"], transaction["trn_number"], transaction["standing"]) == (1, "B", None)
    assert transaction["totals"]["charge_cents"] == 10100
    assert [claim["claim_ref"] for claim in transaction["claims"]] == ["SHORT0000001"]
    assert transaction["differences"][0]["off_by_cents"] == 100
    assert not any(word in said for word in PATIENT)
