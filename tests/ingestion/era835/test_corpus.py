"""Public sample files, where they lie beside the repository: every count and sum equals the control totals."""

from __future__ import annotations

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.era835 import parse

_SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "era835"
pytestmark = pytest.mark.skipif(not _SAMPLES.is_dir(), reason="the public sample files are not beside the repository")

# What the control totals count otherwise: they leave out segments whose amounts cannot be read, and read PLB04 of a
# PLB whose first reference has no component separator as unreadable where it is an amount to the letter.
_UNREADABLE = {
    "genformai__edi-cli/test_edge_cases_str00.edi",
    "hzbarcea__x12-parser/example835One.txt",
    "hzbarcea__x12-parser/example835SpecialCharsOne.txt",
    "synthetic/MALFORMED_nonnumeric_amount.835",
}
_NO_DATES = {"20002316", "CHK123456"}  # BPR16 as sent in three files


def _rows(name: str) -> dict[str, list[dict[str, str]]]:
    grouped = defaultdict(list)
    if _SAMPLES.is_dir():
        with (_SAMPLES / name).open(newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                grouped[row["file"]].append(row)
    return grouped


_CONTROL, _CLAIMS, _SERVICES = map(_rows, ("CONTROL.tsv", "CONTROL_CLAIMS.tsv", "CONTROL_SERVICES.tsv"))
_FILES = sorted(_rows("INDEX.tsv"))


def _cents(text: str) -> int | None:
    return int(Decimal(text) * 100) if text else None


@pytest.mark.parametrize("file", [file for file in _FILES if file not in _UNREADABLE])
def test_every_transaction_has_the_counts_and_sums_of_its_control_row(file: str) -> None:
    read = parse((_SAMPLES / "corpus" / file).read_bytes())
    claims, services, adjustments, provider = (defaultdict(list) for _ in range(4))
    for kept, table in ((claims, read.claims), (services, read.services), (adjustments, read.adjustments)):
        for row in table.to_pylist():
            kept[row["st_index"]].append(row)
    for row in read.provider_adjustments.to_pylist():
        provider[row["st_index"]].append(row)
    control = _CONTROL[file]
    assert read.transactions.num_rows == len(control)
    for row, said in zip(read.transactions.to_pylist(), control, strict=True):
        at = row["st_index"]
        assert {
            "BPR01": row["bpr_flag"] or "",
            "BPR02": row["bpr_cents"],
            "BPR04": row["bpr_method"] or "",
            "TRN02": row["trn_number"] or "",
            "TRN03": row["trn_payer"] or "",
            "ST02": row["st_control"],
            "n_CLP": len(claims[at]),
            "n_reversals": sum(claim["status_code"] == "22" for claim in claims[at]),
            "n_SVC": len(services[at]),
            "n_CAS": len(adjustments[at]),
            "sum_CLP03": sum(claim["charge_cents"] for claim in claims[at]),
            "sum_CLP04": sum(claim["paid_cents"] for claim in claims[at]),
            "sum_CAS": sum(adjustment["amount_cents"] for adjustment in adjustments[at]),
            "sum_PLB": sum(adjustment["amount_cents"] for adjustment in provider[at]),
            "diff": row["residual_cents"],
            "claims_unbalanced": sum(claim["residual_cents"] != 0 for claim in claims[at]),
            "svc_unbalanced": sum(service["residual_cents"] != 0 for service in services[at]),
        } == {
            **{name: said[name] for name in ("BPR01", "BPR04", "TRN02", "TRN03", "ST02")},
            **{name: int(said[name]) for name in ("n_CLP", "n_reversals", "n_SVC", "n_CAS")},
            **{name: _cents(said[name]) for name in ("BPR02", "sum_CLP03", "sum_CLP04", "sum_CAS", "sum_PLB", "diff")},
            **{name: int(said[name]) for name in ("claims_unbalanced", "svc_unbalanced")},
        }
        if said["BPR16"] not in _NO_DATES:
            assert (row["paid_on"].strftime("%Y%m%d") if row["paid_on"] else "") == said["BPR16"]
        if said["balanced"] != "Y" or said["SE01_ok"] == "no SE":
            assert row["verdict"] in {"held", "duplicate"}
        else:
            assert row["verdict"] in {"posted", "duplicate"}


@pytest.mark.parametrize("file", [file for file in _CLAIMS if file not in _UNREADABLE])
def test_every_claim_and_line_equals_its_control_row(file: str) -> None:
    read = parse((_SAMPLES / "corpus" / file).read_bytes())
    claims = [
        (
            claim["claim_ref"] or "",
            claim["status_code"] or "",
            claim["facility_code"] or "",
            claim["charge_cents"],
            claim["paid_cents"],
            claim["residual_cents"],
        )
        for claim in read.claims.to_pylist()
    ]
    assert claims == [
        (
            said["CLP01"],
            said["CLP02"],
            said["CLP08"].split(":")[0],
            _cents(said["CLP03"]) or 0,
            _cents(said["CLP04"]) or 0,
            _cents(said["diff"]),
        )
        for said in _CLAIMS[file]
    ]
    lines = [(line["charge_cents"], line["paid_cents"], line["residual_cents"]) for line in read.services.to_pylist()]
    assert lines == [
        (_cents(said["SVC02"]) or 0, _cents(said["SVC03"]) or 0, _cents(said["diff"])) for said in _SERVICES[file]
    ]


@pytest.mark.parametrize("file", sorted(_UNREADABLE))
def test_a_file_with_an_amount_that_cannot_be_read_is_held_and_says_where(file: str) -> None:
    read = parse((_SAMPLES / "corpus" / file).read_bytes())
    assert read.transactions["verdict"].to_pylist() == ["held"]
    assert "era.amount_unreadable" in read.findings["rule"].to_pylist()


@pytest.mark.parametrize("file", [file for file in _FILES if file not in _CONTROL])
def test_annotated_text_is_refused_whole_with_a_finding(file: str) -> None:
    read = parse((_SAMPLES / "corpus" / file).read_bytes())
    assert read.transactions.num_rows == 0
    assert [item.rule for item in read.quarantined] == ["era.not_edi"]
