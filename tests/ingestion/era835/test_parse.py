"""Every trap of a remittance file, each in a file written here."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from ingestion.era835 import parse
from tests.support.remittance_reading import CLAIM, PAYMENT, PLAIN, changed, content, only, rules
from tests.support.remittance_writer import PATIENT, Claim, Line, Payment, Style, interchange


def test_every_column_of_a_plain_remittance_is_read() -> None:
    read = parse(PLAIN)
    assert rules(read) == []
    transaction = only(read)
    assert transaction | {"file_sha256": "", "body_sha256": ""} == {
        "file_sha256": "",
        "st_index": 0,
        "isa_control": "000000001",
        "gs_control": "1",
        "st_control": "0001",
        "payer_name": "EXAMPLE PAYER",
        "payer_id": "12345",
        "payee_npi": "1999999984",
        "bpr_cents": 9604,
        "bpr_method": "ACH",
        "bpr_flag": "I",
        "paid_on": date(2026, 9, 30),
        "trn_number": "TRACE1",
        "trn_payer": "1999999999",
        "claims_cents": 9604,
        "provider_adjustments_cents": 0,
        "residual_cents": 0,
        "claim_count": 1,
        "verdict": "posted",
        "body_sha256": "",
    }


def test_every_column_of_a_plain_claim_and_of_what_stands_below_it_is_read() -> None:
    read = parse(PLAIN)
    assert only(read, "claims") | {"file_sha256": ""} == {
        "file_sha256": "",
        "st_index": 0,
        "claim_index": 0,
        "claim_ref": "REF000000000001",
        "status_code": "1",
        "charge_cents": 15000,
        "paid_cents": 9604,
        "patient_responsibility_cents": 2200,
        "filing_code": "12",
        "payer_claim_number": "PAYER1",
        "facility_code": "10",
        "frequency_code": "1",
        "is_reversal": False,
        "service_from": date(2026, 9, 3),
        "service_to": date(2026, 9, 3),
        "residual_cents": 0,
        "original_ref": None,
        "undoes_st_index": None,
        "undoes_claim_index": None,
    }
    assert only(read, "services") | {"file_sha256": ""} == {
        "file_sha256": "",
        "st_index": 0,
        "claim_index": 0,
        "service_index": 0,
        "qualifier": "HC",
        "service_code": "99213",
        "modifiers": "95|GT",
        "submitted_code": "99214",
        "charge_cents": 15000,
        "paid_cents": 9604,
        "units": Decimal("1.500"),
        "service_from": date(2026, 9, 3),
        "line_ref": "LINE7",
        "residual_cents": 0,
    }
    adjustments = [
        (row["service_index"], row["adjustment_index"], row["group_code"], row["reason_code"], row["amount_cents"])
        for row in read.adjustments.to_pylist()
    ]
    assert adjustments == [(0, 0, "CO", "45", 3000), (0, 1, "CO", "253", 196), (0, 2, "PR", "2", 2200)]
    assert [(row["source"], row["code"], row["service_index"]) for row in read.remarks.to_pylist()] == [
        ("MOA", "MA01", None),
        ("MOA", "MA18", None),
        ("LQ", "N130", 0),
    ]


STYLES = {
    "line feeds after terminators": Style(newline="\n"),
    "carriage returns and line feeds": Style(newline="\r\n"),
    "carriage returns alone": Style(newline="\r"),
    "pipes and a line feed as terminator": Style(element="|", component=">", terminator="\n"),
    "a line feed as terminator before a carriage return": Style(terminator="\r\n"),
    "a carriage return as terminator": Style(terminator="\r"),
    "control characters": Style(element="\x1d", component="\x1f", terminator="\x1e", repetition="!"),
    "a byte order mark": Style(lead=b"\xef\xbb\xbf", newline="\n"),
    "leading blank lines": Style(lead=b"\r\n  \r\n\t\r\n"),
    "a tail of Ctrl-Z and NUL": Style(newline="\n", tail=b"\x1a\x00\x00\x00"),
    "version 4010 with the letter U in ISA11": Style(version="00401"),
    "blanks before segments": Style(newline="\n   "),
    "a NUL after every terminator": Style(newline="\x00"),
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_the_way_a_file_is_written_down_changes_nothing(style: Style) -> None:
    read = parse(interchange((PAYMENT, Payment("TRACE2")), style))
    assert rules(read) == []
    assert content(read) == content(parse(interchange((PAYMENT, Payment("TRACE2")))))


@pytest.mark.parametrize("wrap", [*range(1, 30), 60, 72, 79, 80, 81, 103, 104, 105, 106, 107, 108, 109, 132, 256])
@pytest.mark.parametrize("wrap_with", ["\n", "\r\n"])
def test_hard_wraps_of_every_width_change_nothing(wrap: int, wrap_with: str) -> None:
    read = parse(interchange((PAYMENT,), Style(wrap=wrap, wrap_with=wrap_with)))
    assert rules(read) == []
    assert content(read) == content(parse(PLAIN))


def test_two_interchanges_each_have_their_own_delimiters() -> None:
    second = Style("|", ">", "!", "\n", control="000000002", lead=b"\n\x1a")
    read = parse(PLAIN + interchange((Payment("TRACE2", claims=(CLAIM,)),), second))
    assert rules(read) == []
    assert read.transactions["isa_control"].to_pylist() == ["000000001", "000000002"]
    assert read.transactions["st_index"].to_pylist() == [0, 1]
    assert read.services["modifiers"].to_pylist() == ["95|GT", "95|GT"]


def test_isa_segments_that_are_not_106_bytes_long_are_read() -> None:
    squeezed = PLAIN.replace(b" " * 10, b"").replace(b"SENDER         ", b"S").replace(b"RECEIVER       ", b"R")
    assert squeezed.index(b"~") < 90
    assert content(parse(squeezed)) == content(parse(PLAIN))


def test_a_fragment_without_isa_is_read_and_told() -> None:
    fragment = PLAIN[PLAIN.index(b"ST*835") : PLAIN.index(b"GE*")]
    for data in (fragment, PLAIN[PLAIN.index(b"GS*") : PLAIN.index(b"IEA*")], fragment.replace(b"~", b"\n")):
        read = parse(data)
        assert rules(read) == ["era.no_isa"]
        assert content(read) == content(parse(PLAIN))


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "era.empty"),
        (b" \r\n\x00\x1a", "era.empty"),
        (b"Dear payer,\nISA is not here", "era.not_edi"),
        (b"Notes of a scenario\n\n" + PLAIN, "era.not_edi"),
        (b"%PDF-1.7 \x00\xff\xfe", "era.not_edi"),
        (PLAIN[:60], "era.isa_unreadable"),
        (PLAIN[:110], "era.no_remittance"),
    ],
)
def test_what_is_no_remittance_has_no_rows_and_an_error_that_says_so(data: bytes, rule: str) -> None:
    read = parse(data)
    assert read.transactions.num_rows == 0
    assert rule in [item.rule for item in read.quarantined]


def test_other_transactions_of_the_interchange_are_skipped_and_told() -> None:
    other = ("ST*277*0009*005010X214", "BHT*0085*08*1*20260930*1200*TH", "SE*3*0009")
    read = parse(interchange((PAYMENT,), between=other).replace(b"GE*1*", b"GE*2*"))
    assert rules(read) == ["era.other_transaction"]
    assert read.findings["value"].to_pylist() == ["277"]
    plain = content(parse(PLAIN))
    outside = {"st_index": None, "segment_index": 21, "byte_count": 30, "tag": "BHT"}
    assert content(read) == plain | {"unread": [*plain["unread"], outside]}


def test_a_latin_1_name_is_read_and_a_utf_8_one_too() -> None:
    for encoding in ("latin-1", "utf-8"):
        read = changed(PLAIN, b"EXAMPLE PAYER", "SANTÉ EXAMPLE".encode(encoding))
        assert only(read)["payer_name"] == "SANTÉ EXAMPLE"


@pytest.mark.parametrize("encoded", ["150", "150.", "150.0", "150.00", "000000000000150.00"])
def test_an_amount_is_read_in_all_its_spellings(encoded: str) -> None:
    assert only(changed(PLAIN, b"*1*150.00*", f"*1*{encoded}*".encode()), "claims")["charge_cents"] == 15000


@pytest.mark.parametrize(
    ("encoded", "shown"),
    [
        ("+150.00", "+150.00"),
        ("150.001", "150.001"),
        ("1,500.00", "1,500.00"),
        ("ABCDEF", "6 characters (letters)"),
        ("1" * 19, "19 characters (digits)"),
        ("9" * 18, "9" * 18),
        ("1E3", "3 characters (letters, digits)"),
        (".", "."),
        ("§", "one character (signs)"),
    ],
)
def test_an_amount_that_cannot_be_read_holds_its_transaction_and_no_other(encoded: str, shown: str) -> None:
    data = interchange((PAYMENT, Payment("TRACE2"))).replace(b"*1*150.00*", f"*1*{encoded}*".encode("latin-1"))
    read = parse(data)
    assert read.transactions["verdict"].to_pylist() == ["held", "posted"]
    (item,) = read.quarantined
    assert (item.position, item.rule, item.value) == ("ST 0 segment 6", "era.amount_unreadable", shown)
    assert read.claims["residual_cents"].to_pylist() == [None, 0]
    assert read.transactions["residual_cents"].to_pylist() == [0, 0]


def test_the_finding_says_the_byte_where_the_segment_starts_even_in_wrapped_lines() -> None:
    data = interchange((PAYMENT,), Style(newline="\n")).replace(b"*150.00*96.04*2", b"*X*96.04*2")
    (found,) = parse(data).findings.to_pylist()
    assert data[found["byte_offset"] :].startswith(b"CLP*")
    wrapped = interchange((PAYMENT,), Style(wrap=50, lead=b"\n")).replace(b"150.00*96.04*22", b"1X0.00*96.04*22")
    (found,) = parse(wrapped).findings.to_pylist()
    assert wrapped[found["byte_offset"] :].replace(b"\n", b"").startswith(b"CLP*")


def test_an_unreadable_bpr_or_clp04_leaves_the_residual_null() -> None:
    for old, new in ((b"BPR*I*96.04", b"BPR*I*X"), (b"*1*150.00*96.04", b"*1*150.00*X")):
        row = only(changed(PLAIN, old, new))
        assert (row["verdict"], row["residual_cents"]) == ("held", None)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b"BPR*", b"BPX*", "era.bpr_missing"),
        (b"~SE*", b"~SX*", "era.cut_off"),
        (b"LX*1~", b"CAS*CO*45*1~", "era.adjustment_outside_claim"),
        (b"LX*1~", b"SVC*HC:99213*1*1~", "era.service_outside_claim"),
        (b"BPR*I*96.04", b"BPR*I*100.00", "era.held_residual"),
        (b"BPR*I*96.04", b"BPR*I*-96.04", "era.bpr_negative"),
        (b"LX*1~", b"CUR*PR*CAD~", "era.currency"),
        (b"LX*1~", b"BPR*I*96.04~", "era.bpr_repeated"),
        (b"BPR*I*96.04", b"BPR*I*", "era.amount_unreadable"),
    ],
)
def test_what_must_not_post_is_held_with_an_error(old: bytes, new: bytes, rule: str) -> None:
    read = changed(PLAIN, old, new)
    assert only(read)["verdict"] == "held"
    assert rule in [item.rule for item in read.quarantined]


def test_the_residual_shows_what_does_not_balance() -> None:
    read = changed(PLAIN, b"BPR*I*96.04", b"BPR*I*100")
    assert only(read)["residual_cents"] == 396
    assert [(item.position, item.value) for item in read.quarantined] == [("ST 0 segment 0", "3.96")]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b"SE*", b"SE*9", "era.se_count"),
        (b"SE*18*0001", b"SE*18*0002", "era.se_control"),
        (b"GE*1*1~", b"GE*7*1~", "era.ge_count"),
        (b"GE*1*1~", b"GE*1*8~", "era.ge_control"),
        (b"IEA*1*", b"IEA*2*", "era.iea_count"),
        (b"IEA*1*000000001", b"IEA*1*000000009", "era.iea_control"),
        (b"GE*1*1~", b"", "era.ge_missing"),
        (b"IEA*1*000000001~", b"", "era.iea_missing"),
        (b"LX*1~", b"ZZZ*1~", "era.segment_unknown"),
        (b"CO*45*", b"XY*45*", "era.group_unknown"),
        (b"20260930~TRN", b"20261330~TRN", "era.date_unreadable"),
        (b"*1.5*", b"*one*", "era.quantity_unreadable"),
    ],
)
def test_what_is_only_odd_is_told_and_posts(old: bytes, new: bytes, rule: str) -> None:
    read = changed(PLAIN, old, new)
    assert only(read)["verdict"] == "posted"
    assert rules(read) == [rule]
    assert read.quarantined == ()


def test_an_unbalanced_claim_or_line_in_a_balanced_transaction_is_told_and_posts() -> None:
    read = changed(PLAIN, b"CAS*CO*45*30.00", b"CAS*CO*45*31.00")
    assert only(read)["verdict"] == "posted"
    assert only(read, "claims")["residual_cents"] == only(read, "services")["residual_cents"] == -100
    assert sorted(rules(read)) == ["era.claim_unbalanced", "era.service_unbalanced"]
    assert set(read.findings["value"].to_pylist()) == {"-1.00"}


def test_a_segment_outside_every_transaction_is_an_error_since_money_may_stand_in_it() -> None:
    read = changed(PLAIN, b"ST*835*", b"XT*835*")
    assert "era.segment_outside" in [item.rule for item in read.quarantined]


def test_provider_adjustments_take_part_in_the_balance_and_end_the_claims() -> None:
    pairs = tuple(
        (reason, f"R{reason}", cents)
        for reason, cents in zip(("WO", "FB", "L6", "72", "CS", "J1", "B2"), (100, -20, -3, 4, 5, 6, 7), strict=True)
    )
    data = interchange((Payment(claims=(CLAIM,), provider=pairs),))
    read = parse(data)
    assert (only(read)["provider_adjustments_cents"], only(read)["verdict"]) == (99, "posted")
    rows = read.provider_adjustments.to_pylist()
    assert [(row["reason_code"], row["reference"], row["amount_cents"]) for row in rows] == list(pairs)
    assert {row["fiscal_year_end"] for row in rows} == {date(2026, 12, 31)}
    assert "era.adjustment_outside_claim" in rules(parse(data.replace(b"SE*", b"CAS*CO*45*1~SE*")))


def test_adjustments_of_claim_and_line_add_up_and_six_triplets_are_read() -> None:
    triplets = tuple(("OA", str(number), number) for number in range(1, 8))
    line = Line(charge=10000, paid=9972, adjustments=triplets)
    claim = Claim(charge=10000, paid=9872, adjustments=(("PR", "3", 100),), lines=(line,))
    read = parse(interchange((Payment(claims=(claim,)),)))
    assert rules(read) == []
    assert read.adjustments["service_index"].to_pylist() == [None, *[0] * 7]
    assert only(read, "claims")["patient_responsibility_cents"] == 100


@pytest.mark.parametrize(
    ("status", "charge", "paid", "owed", "is_reversal"),
    [
        ("22", -100, -80, 0, True),
        ("22", 0, 0, 0, True),
        ("1", -100, -80, -20, True),
        ("1", -100, 0, 0, True),
        ("1", -100, 80, 0, False),
        ("1", -100, -80, 20, False),
        ("1", 100, 80, 0, False),
        ("2", 0, -80, 0, False),
    ],
)
def test_a_reversal_is_status_22_or_negative_throughout(
    status: str, charge: int, paid: int, owed: int, *, is_reversal: bool
) -> None:
    claim = Claim(status=status, charge=charge, paid=paid, owed=owed)
    assert only(parse(interchange((Payment(claims=(claim,)),))), "claims")["is_reversal"] is is_reversal


def test_a_claims_dates_are_its_own_or_those_of_its_lines() -> None:
    lines = (Line(on=date(2026, 9, 5)), Line(on=date(2026, 9, 2)), Line(on=None))
    own = Claim(lines=lines, on=(date(2026, 9, 1), date(2026, 9, 9)))
    read = parse(interchange((Payment(claims=(Claim(lines=lines), own, Claim())),)))
    spans = [(row["service_from"], row["service_to"]) for row in read.claims.to_pylist()]
    assert spans == [(date(2026, 9, 2), date(2026, 9, 5)), (date(2026, 9, 1), date(2026, 9, 9)), (None, None)]


def test_the_payer_is_named_by_ref_2u_where_n104_is_empty_and_the_payee_by_an_npi_only() -> None:
    read = changed(PLAIN, b"*XV*12345~", b"~REF*2U*80214~")
    assert only(read)["payer_id"] == "80214"
    assert only(changed(PLAIN, b"*XX*1999999984", b"*FI*199999998"))["payee_npi"] is None


def test_sums_beyond_what_the_books_hold_are_held_and_not_an_overflow() -> None:
    huge = Claim(charge=10**18 - 1, paid=10**18 - 1)
    read = parse(interchange((Payment(claims=(huge,) * 12, amount=0),)))
    row = only(read)
    assert (row["verdict"], row["claims_cents"], row["residual_cents"]) == ("held", None, None)
    assert "era.amount_too_large" in rules(read)


def test_no_table_holds_the_patient() -> None:
    data = interchange((PAYMENT,)).replace(b"*150.00*96.04*22", f"*{PATIENT[0]}*96.04*22".encode())
    for read in (parse(PLAIN), parse(data), parse(data.replace(b"ST*", b"XT*")), parse(PLAIN.replace(b"NM1*", b""))):
        everything = "".join(str(table.to_pylist()) for _, table in read.tables()) + str(read.quarantined)
        for name in PATIENT:
            assert name not in everything


def test_a_component_mark_other_than_isa16_says_is_seen_and_told() -> None:
    read = changed(PLAIN, b"*P*:~", b"*P*>~")
    assert rules(read) == ["era.component_mark"]
    assert content(read)["services"] == content(parse(PLAIN))["services"]


def test_a_missing_last_terminator_costs_nothing() -> None:
    assert rules(parse(PLAIN[:-1])) == []
    fragment = PLAIN[PLAIN.index(b"ST*835") : PLAIN.index(b"~GE*")]
    read = parse(fragment)
    assert rules(read) == ["era.no_isa"]
    assert content(read) == content(parse(PLAIN))
    assert only(parse(fragment[:-1]))["verdict"] == "held"
