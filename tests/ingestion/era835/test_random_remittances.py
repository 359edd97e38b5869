"""Random remittances, written down in random ways, cut anywhere, damaged anywhere: what is read stays true."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.era835 import Remittances, parse
from tests.support.remittance_writer import PATIENT, Claim, Line, Payment, Style, interchange

QUICK = settings(max_examples=120, deadline=None)
_FIRST = date(2026, 1, 1)
_REFERENCES = st.text("ABCDEFGHJKMNPQRSTVWXYZ0123456789", min_size=1, max_size=17)
_DAYS = st.integers(0, 364).map(lambda days: _FIRST + timedelta(days))
_CENTS = st.integers(-100_000, 1_000_000)
_ADJUSTMENTS = st.lists(
    st.tuples(st.sampled_from(["CO", "PR", "OA", "PI"]), st.sampled_from(["45", "1", "2", "253", "97"]), _CENTS),
    max_size=8,
).map(tuple)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """Draw a line that balances."""
    adjustments, paid = draw(_ADJUSTMENTS), draw(_CENTS)
    return Line(
        code=draw(st.sampled_from(["99213", "90837", "G0463"])),
        charge=paid + sum(cents for _, _, cents in adjustments),
        paid=paid,
        modifiers=tuple(draw(st.lists(st.sampled_from(["95", "GT", "93", "25"]), max_size=4))),
        adjustments=adjustments,
        units=draw(st.sampled_from(["1", "2", "0.5", ""])),
        submitted=draw(st.sampled_from(["", "99214"])),
        on=draw(st.none() | _DAYS),
        line_ref=draw(st.just("") | _REFERENCES),
    )


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    """Draw a claim that balances."""
    inside = tuple(draw(st.lists(lines(), max_size=3)))
    adjustments, paid = draw(_ADJUSTMENTS), draw(_CENTS)
    both = [*adjustments, *(one for line in inside for one in line.adjustments)]
    return Claim(
        ref=draw(_REFERENCES),
        charge=paid + sum(cents for _, _, cents in both),
        paid=paid,
        status=draw(st.sampled_from(["1", "2", "4", "22"])),
        payer_number=draw(_REFERENCES),
        facility=draw(st.sampled_from(["", "10", "02", "11"])),
        adjustments=adjustments,
        lines=inside,
        remarks=tuple(draw(st.lists(st.sampled_from(["MA01", "MA18"]), max_size=2))),
    )


@st.composite
def payments(draw: st.DrawFn) -> Payment:
    """Draw a payment that balances and is not below zero."""
    provider = tuple(draw(st.lists(st.tuples(st.sampled_from(["WO", "FB", "L6"]), _REFERENCES, _CENTS), max_size=8)))
    inside = (*draw(st.lists(claims(), max_size=4)), Claim(charge=10**8, paid=10**8))
    return Payment(trace=draw(_REFERENCES), claims=inside, provider=provider, paid_on=draw(_DAYS))


@st.composite
def styles(draw: st.DrawFn) -> Style:
    """Draw delimiters that do not stand in the data, line ends or wraps, and what stands around."""
    marks = draw(st.permutations([*list("*:^~|>!<#;"), "\x1c", "\x1d", "\x1e", "\x1f"]))
    terminator = draw(st.sampled_from([marks[3], marks[3], "\n", "\r", "\r\n"]))
    broken = not set(terminator) & set("\r\n")
    wrap = draw(st.none() | st.integers(1, 140)) if broken else None
    return Style(
        *marks[:3],
        terminator,
        newline=draw(st.sampled_from(["", "\n", "\r\n", "\r", "\n  "])) if broken and wrap is None else "",
        wrap=wrap,
        wrap_with=draw(st.sampled_from(["\n", "\r\n"])),
        lead=draw(st.sampled_from([b"", b"\xef\xbb\xbf", b"\n\n", b"  \r\n"])),
        tail=draw(st.sampled_from([b"", b"\x1a", b"\x00\x00", b"\n\n"])),
        version=draw(st.sampled_from(["00501", "00401"])),
        control=draw(st.integers(1, 10**9 - 1).map(lambda number: f"{number:09d}")),
        first_st=draw(st.integers(1, 999)),
    )


def _content(read: Remittances) -> dict[str, list[dict[str, Any]]]:
    left_out = {"file_sha256", "isa_control", "gs_control", "st_control", "st_index", "verdict"}
    return {
        name: [{key: value for key, value in row.items() if key not in left_out} for row in table.to_pylist()]
        for name, table in read.tables()
        if name != "findings"
    }


@QUICK
@given(st.lists(payments(), min_size=1, max_size=3), styles(), styles())
def test_the_same_remittance_written_in_two_ways_gives_equal_tables_and_hashes(
    written: list[Payment], one: Style, other: Style
) -> None:
    first, second = (parse(interchange(tuple(written), style)) for style in (one, other))
    assert _content(first) == _content(second)
    assert set(first.findings["rule"].to_pylist()) <= {"era.duplicate"}


@QUICK
@given(st.lists(payments(), min_size=1, max_size=3), styles())
def test_what_was_written_is_what_is_read(written: list[Payment], style: Style) -> None:
    read = parse(interchange(tuple(written), style))
    assert read.transactions["residual_cents"].to_pylist() == [0] * len(written)
    assert read.transactions["bpr_cents"].to_pylist() == [payment.balanced for payment in written]
    every = [claim for payment in written for claim in payment.claims]
    assert read.claims["residual_cents"].to_pylist() == [0] * len(every)
    assert read.claims["claim_ref"].to_pylist() == [claim.ref for claim in every]
    assert read.claims["patient_responsibility_cents"].to_pylist() == [
        sum(cents for own in (claim, *claim.lines) for group, _, cents in own.adjustments if group == "PR")
        for claim in every
    ]
    modifiers = [("|".join(line.modifiers) or None) for claim in every for line in claim.lines]
    assert read.services["modifiers"].to_pylist() == modifiers
    assert set(read.services["residual_cents"].to_pylist()) <= {0}


@settings(max_examples=200, deadline=None)
@given(st.lists(payments(), min_size=1, max_size=2), styles(), st.data())
def test_a_file_cut_at_any_byte_posts_only_what_is_whole(
    written: list[Payment], style: Style, data: st.DataObject
) -> None:
    whole = interchange(tuple(written), style)
    complete = parse(whole).transactions["body_sha256"].to_pylist()
    cut = parse(whole[: data.draw(st.integers(0, len(whole)))])
    for row in cut.transactions.to_pylist():
        assert row["verdict"] == "held" or row["body_sha256"] == complete[row["st_index"]]


@settings(max_examples=200, deadline=None)
@given(st.lists(payments(), min_size=1, max_size=2), styles(), st.data())
def test_a_file_damaged_at_any_bytes_is_read_without_failing_and_posts_only_what_balances(
    written: list[Payment], style: Style, data: st.DataObject
) -> None:
    damaged = bytearray(interchange(tuple(written), style))
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.sampled_from(list(b"X0.-*~:|\n\r\x00\xff ")))
    read = parse(bytes(damaged))
    for row in read.transactions.to_pylist():
        assert row["verdict"] != "posted" or row["residual_cents"] == 0
    assert read.transactions.num_rows or read.quarantined


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda tail: interchange((Payment(),))[:150] + tail))
def test_no_bytes_make_the_reader_fail(data: bytes) -> None:
    read = parse(data)
    assert read.transactions.num_rows or read.quarantined


@QUICK
@given(st.lists(payments(), min_size=1, max_size=2), styles())
def test_the_patient_stands_in_no_table(written: list[Payment], style: Style) -> None:
    read = parse(interchange(tuple(written), style))
    everything = "".join(str(table.to_pylist()) for _, table in read.tables())
    assert not [name for name in PATIENT if name in everything]
