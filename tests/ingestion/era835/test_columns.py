"""What columns hold and leave out: sums of any size, periods, what may be a person's, what nothing is taken from."""

from __future__ import annotations

from datetime import date

from ingestion.era835 import parse, remittances
from tests.support.remittance_reading import PLAIN, changed, only, rules
from tests.support.remittance_writer import Claim, Line, Payment, interchange


def test_only_what_adds_up_to_too_much_is_without_a_residual_wherever_a_block_ends() -> None:
    most = 10**18 - 1
    huge = Claim(charge=0, paid=0, adjustments=(("PR", "1", most), ("CO", "45", -most)) * 5)
    data = interchange((Payment(claims=(huge, *[Claim()] * 200), amount=0),))
    whole = parse(data)
    parts = remittances.joined(
        list(remittances.read((data[at : at + 5000] for at in range(0, len(data), 5000)), whole.file_sha256))
    )
    for found in (whole, parts):
        assert found.claims["residual_cents"].to_pylist() == [None] + [0] * 200
        assert found.claims["patient_responsibility_cents"].to_pylist() == [0] * 201
        assert only(found)["claims_cents"] is None
        assert rules(found) == ["era.amount_too_large"]


def test_a_residual_beyond_what_the_books_hold_is_no_overflow() -> None:
    most = 2**63 - 8
    found = parse(interchange((Payment(claims=(Claim(charge=-most, paid=-most),), amount=most),)))
    assert (only(found)["verdict"], only(found)["residual_cents"]) == ("held", None)


def test_a_patients_number_behind_the_claims_in_a_plb_reference_is_left_out() -> None:
    """CMS CR 7499: Medicare puts it from the twentieth character of PLB03-2 on."""
    for number in ("1EG4TE5MK73", "123456789A"):
        found = parse(interchange((Payment(provider=(("WO", f"CLAIM12345678901234 {number}", 100),)),)))
        assert only(found, "provider_adjustments")["reference"] == "CLAIM12345678901234"
    kept = parse(interchange((Payment(provider=(("WO", "123456789A", 100),)),)))
    assert only(kept, "provider_adjustments")["reference"] == "123456789A"


def test_a_qualifier_too_long_to_be_one_is_not_kept() -> None:
    found = changed(PLAIN, b"REF*SY*", b"REF*SMITHSON*")
    assert "SMITHSON" not in str([table.to_pylist() for _, table in found.tables()])


def test_a_nul_as_component_mark_brings_no_nul_into_a_text() -> None:
    found = parse(PLAIN.replace(b"*P*:~", b"*P*\x00~").replace(b"REF000000000001", b"REF\x00001"))
    assert only(found, "claims")["claim_ref"] == "REF 001"


def test_what_gives_nothing_to_any_table_is_listed_as_unread() -> None:
    more = b"TRN*1*OTHER*1~N1*PR*SECOND*XV*11111~N1*ZZ*Q*XX*1~CUR*PR*USD~"
    found = parse(PLAIN.replace(b"LX*1~", more + b"LX*1~").replace(b"SE*", b"CAS*CO~PLB*1*20261231~SE*", 1))
    assert {"N1", "CUR", "CAS", "PLB"} <= set(found.unread["tag"].to_pylist())
    assert "TRN" not in found.unread["tag"].to_pylist()
    assert "era.trn_repeated" in rules(found)


def test_a_test_of_the_bank_connection_and_money_that_is_taken_are_told() -> None:
    assert rules(changed(PLAIN, b"BPR*I*", b"BPR*P*")) == ["era.prenote"]
    assert rules(changed(PLAIN, b"*C*ACH*", b"*D*ACH*")) == ["era.debit"]


def test_a_line_lasts_to_the_end_of_its_period() -> None:
    line = Line(on=None, period=(date(2026, 9, 7), date(2026, 9, 9)))
    claim = only(parse(interchange((Payment(claims=(Claim(lines=(line,)),)),))), "claims")
    assert (claim["service_from"], claim["service_to"]) == (date(2026, 9, 7), date(2026, 9, 9))
