"""When two transactions are the same one."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

from ingestion.era835 import parse
from tests.support.remittance_reading import PAYMENT, PLAIN, only, rules
from tests.support.remittance_writer import Claim, Payment, Style, body, interchange


def test_a_transaction_that_was_cut_off_is_held_and_the_whole_one_is_no_duplicate_of_it() -> None:
    data = interchange((PAYMENT, Payment("TRACE2")))
    cut = parse(data[: data.index(b"SE*", data.index(b"TRACE2"))])
    assert cut.transactions["verdict"].to_pylist() == ["posted", "held"]
    assert "era.cut_off" in rules(cut)
    whole = parse(data)
    assert cut.transactions["body_sha256"][0] == whole.transactions["body_sha256"][0]
    assert cut.transactions["body_sha256"][1] != whole.transactions["body_sha256"][1]


def test_the_same_body_again_in_a_file_is_a_duplicate_whatever_its_envelope() -> None:
    read = parse(PLAIN + interchange((PAYMENT,), Style("|", ">", "!", "\r", first_st=7, control="000000009")))
    assert read.transactions["verdict"].to_pylist() == ["posted", "duplicate"]
    assert rules(read) == ["era.duplicate"]


def test_the_body_hash_is_that_of_the_segments_with_the_usual_delimiters() -> None:
    expected = sha256("".join(text + "~" for text in body(PAYMENT, Style())).encode()).hexdigest()
    assert only(parse(interchange((PAYMENT,), Style("|", ">", "!", "\n"))))["body_sha256"] == expected


def test_a_trace_number_used_for_two_payments_is_told_and_for_remits_without_money_it_is_not() -> None:
    """X12 RFI 1847: a trace number is unique for a sender, yet payers repeat those of zero-pay remits."""
    other = Payment(claims=(Claim(ref="OTHER", charge=500, paid=500),))
    assert rules(parse(interchange((Payment(), other)))) == ["era.trace_repeated"]
    nothing = [Payment(claims=(Claim(charge=0, paid=0),), method="NON", paid_on=date(2026, 9, day)) for day in (29, 30)]
    assert rules(parse(interchange(tuple(nothing)))) == []


def test_a_payment_told_twice_in_a_file_with_other_claims_is_a_conflict_with_or_without_a_trace_number() -> None:
    for trace, told in (("TRACE1", []), ("", ["era.trn_missing"] * 2)):
        pair = tuple(Payment(trace, claims=(Claim(ref=ref),)) for ref in ("A", "B"))
        found = parse(interchange(pair))
        assert found.transactions["verdict"].to_pylist() == ["posted", "conflict"]
        assert rules(found) == [*told, "era.conflict"]
