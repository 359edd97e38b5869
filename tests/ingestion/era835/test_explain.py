"""A remittance in words: a page that reads well, no name of a patient on it, and figures that agree with the file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ingestion.era835 import Remittances, parse
from ingestion.era835.explain import reading
from ingestion.era835.explain.gathering import EVERYTHING, MOST_CLAIMS, Asked, Gathered, gathered
from ingestion.era835.explain.model import Standing
from ingestion.era835.explain.text import Line, Page, amount
from tests.support.remittance_places import as_bytes
from tests.support.remittance_random import file as random_file
from tests.support.remittance_writer import PATIENT, Claim, Payment, interchange
from tests.support.remittance_writer import Line as ServiceLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

CLAIM = ("st_index", "claim_index")
SHORT = Claim(ref="SHORT0000001", charge=10100)
GOLDEN = Path(__file__).with_name("explained_80_columns.txt")

# A visit paid in part, a denial, a reversal of a claim of another file, and a claim whose line is 3.37 short.
SMALL = (
    b"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260930*1200*^*00501*000000001*0*P*:~"
    b"GS*HP*SENDER*RECEIVER*20260930*1200*1*X*005010X221A1~ST*835*0001~"
    b"BPR*I*77.5*C*ACH************20260930~TRN*1*EFT20260930*1999999999~"
    b"N1*PR*EXAMPLE HEALTH PLAN*XV*12345~N1*PE*EXAMPLE PRACTICE*XX*1999999984~LX*1~"
    b"CLP*7K2M9QX4T1ZBW3CV5*1*150*80*20*12*EHP0001*10*1~NM1*QC*1*ZZPATIENTLAST*ZZPATIENTFIRST****MI*ZZMEMBERNUMBER~"
    b"SVC*HC:99213:95*150*80**1~DTM*472*20260903~CAS*CO*45*50~CAS*PR*1*15**3*5~LQ*HE*N130~"
    b"CLP*4D8RJ2N6HPY0A1SEX*4*90*0**12*EHP0002*02*1~MOA***MA130~"
    b"SVC*HC:90834:95*90*0**1~DTM*472*20260904~CAS*CO*16*90~LQ*HE*M51~LQ*HE*XX99~"
    b"CLP*0QF5T7V3BKM8ZC2WN*22*-120*-70*-20*12*EHP0003*10*1~"
    b"SVC*HC:99214*-120*-70**-1~DTM*472*20260801~CAS*CO*45*-30~CAS*PR*2*-20~"
    b"CLP*6H1XB8P5RGK3ND4YA*1*120*80*5*MB*EHP0004*10*7~"
    b"SVC*HC:99215*120*80**1*HC:99214~DTM*472*20260801~CAS*CO*45*30*0*253*1.63~CAS*PR*2*5~"
    b"PLB*1999999984*20261231*FB:PRIOR 0812*15*L6*-2.5~SE*32*0001~GE*1*1~IEA*1*000000001~"
)


def lines(
    read: Iterable[Remittances],
    width: int = 80,
    asked: Asked = EVERYTHING,
    standings: dict[int, Standing] | None = None,
) -> list[Line]:
    """Write everything that is kept of a file, as the command does."""
    found, page = gathered(read, asked), Page(width)
    written = [*page.summary(reading.summary(found, "inbox/remit.835"))]
    transactions = list(reading.transactions(found, standings))
    if len(transactions) > 1:
        written += page.overview(transactions)
    for transaction in transactions:
        written += page.payment(transaction)
        if found.claims_shown:
            for claim in reading.claims(found, transaction.st_index):
                written += page.claim(claim)
        else:
            written += page.reasons(reading.reasons(found, transaction.st_index))
        written += page.closing(transaction, reading.totals(found, transaction.st_index))
    return [*written, *page.footer(reading.summary(found, "inbox/remit.835"))]


def a_file(seed: int, *, whole: bool = False) -> bytes:
    return as_bytes(random_file(Random(seed), whole=whole))  # noqa: S311 - no secret


def text(*data: bytes, width: int = 80, asked: Asked = EVERYTHING) -> str:
    return "\n".join(line.text for line in lines(map(parse, data), width, asked)) + "\n"


def test_a_small_remittance_reads_as_the_golden_page() -> None:
    assert text(SMALL) == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [72, 80, 120])
def test_no_line_is_wider_than_the_window(width: int) -> None:
    assert max(len(line.text) for line in lines([parse(SMALL)], width)) <= width


@pytest.mark.parametrize("seed", range(25))
def test_nothing_that_names_a_patient_is_on_the_page_and_every_claim_is(seed: int) -> None:
    data = a_file(seed)
    page, read = text(data), parse(data)
    assert not any(word in page for word in PATIENT)
    shown = gathered([read])
    if shown.claims_shown:
        assert page.count("\nCLAIM ") == read.claims.num_rows
    assert page.count("\nTOTAL of ST ") == read.transactions.num_rows


@pytest.mark.parametrize("seed", range(25))
def test_the_totals_of_a_transaction_are_the_sums_of_its_claims(seed: int) -> None:
    found = gathered([parse(a_file(seed, whole=True))])
    for transaction in reading.transactions(found):
        totals, claims = reading.totals(found, transaction.st_index), list(reading.claims(found, transaction.st_index))
        assert (totals.claims, totals.services) == (len(claims), sum(len(claim.services) for claim in claims))
        assert totals.paid_cents == sum(claim.paid_cents or 0 for claim in claims)
        assert totals.charge_cents == sum(claim.charge_cents or 0 for claim in claims)
        assert totals.patient_cents == sum(claim.patient_responsibility_cents for claim in claims)
        taken = sum(line.amount_cents or 0 for line, _ in reading.reasons(found, transaction.st_index))
        assert taken == (
            totals.patient_cents + totals.contractual_cents + totals.sequestration_cents + totals.other_cents
        )
        off = sum(difference.off_by_cents for difference in transaction.differences if difference.level == "claim")
        if transaction.verdict != "held":
            assert totals.charge_cents - taken - totals.paid_cents == off


@pytest.mark.parametrize("seed", range(12))
def test_a_file_that_comes_in_parts_reads_as_one_that_comes_at_once(seed: int) -> None:
    read = parse(a_file(seed))
    assert lines(parts(read)) == lines([read])


def parts(read: Remittances) -> Iterator[Remittances]:
    """Cut the tables in three, inside transactions too; what is of no claim comes last."""
    places = list(zip(*(read.claims[name].to_pylist() for name in CLAIM), strict=True))
    cuts = [0, len(places) // 3, len(places) // 2, len(places)]
    for number, (first, last) in enumerate(pairwise(cuts)):
        kept = set(places[first:last])
        cut: dict[str, Any] = {
            name: of_claims(getattr(read, name), kept) for name in ("claims", "services", "adjustments", "remarks")
        }
        late = () if number == len(cuts) - 2 else ("transactions", "provider_adjustments", "findings", "unread")
        yield replace(read, **cut, **{name: getattr(read, name).slice(0, 0) for name in late})


def of_claims(table: pa.Table, kept: set[tuple[int, ...]]) -> pa.Table:
    mask = [place in kept for place in zip(*(table[name].to_pylist() for name in CLAIM), strict=True)]
    return table.filter(np.array(mask, dtype=bool))


def test_the_claims_of_a_reference_are_shown_in_the_form_a_payer_gives_it_back() -> None:
    for asked in ("4D8RJ2N6HPY0A1SEX", "4d8r-j2n6-hpy0-a1sex", "4D8RJ2N6HPY0", "EHP0002"):
        page = text(SMALL, asked=Asked(None, asked))
        assert "CLAIM 1: 4D8RJ2N6HPY0A1SEX" in page
        assert page.count("\nCLAIM ") == 1
        assert "90834 95" in page
    assert "\nCLAIM " not in text(SMALL, asked=Asked(None, "4D8RJ2N6HPY"))


def test_a_file_of_many_claims_is_summed_up_unless_a_transaction_is_asked_for() -> None:
    claims = tuple(Claim(ref=f"REF{number:012}", lines=(ServiceLine(),)) for number in range(MOST_CLAIMS))
    data = interchange((Payment(trace="A", claims=claims), Payment(trace="B")))
    page = text(data)
    assert "\nCLAIM " not in page
    assert f"TOTAL of ST 0: {MOST_CLAIMS} claims, {MOST_CLAIMS} service lines" in page
    assert text(data, asked=Asked(0, None)).count("\nCLAIM ") == MOST_CLAIMS
    assert text(data, asked=Asked(1, None)).count("\nCLAIM ") == 1


def test_the_foot_tells_how_to_narrow_and_which_segments_no_table_takes_from() -> None:
    found = Gathered(file_sha256="ab", claims_shown=False)
    found.counts["claims", 0] = 51
    found.unread.update({"NM1": 51, "LX": 1})
    said = "\n".join(line.text for line in Page(80).footer(reading.summary(found, "remit.835")))
    assert "51 claims are too many to show at once" in said
    assert "--st N" in said
    assert "NM1 51, LX 1" in said


def test_what_the_books_say_of_a_transaction_goes_before_what_its_file_says() -> None:
    released = Standing("posted", "released", None, "ann", datetime(2026, 10, 2, tzinfo=UTC), "the payer called")
    data = SMALL.replace(b"BPR*I*77.5*", b"BPR*I*78.5*")
    assert "Verdict    held." in text(data)
    page = "\n".join(line.text for line in lines([parse(data)], standings={0: released}))
    assert "Verdict    posted." in page
    assert "Released by ann on 2026-10-02: the payer called" in page
    replaced = Standing("held", "replaced", "ff#0", "ann", datetime(2026, 10, 2, tzinfo=UTC), "sent again")
    page = "\n".join(line.text for line in lines([parse(data)], standings={0: replaced}))
    assert "Another remittance stands in its place" in page


def test_one_kind_of_finding_is_told_once_with_its_first_places_and_its_count() -> None:
    claims = tuple(Claim(ref=f"REF{number:012}", charge=10100) for number in range(8))
    page = text(interchange((Payment(claims=claims),)))
    assert page.count("[era.claim_unbalanced] (8 times)") == 1
    assert page.count("off by 1.00, claim ") == 5
    assert "… and 3 more" in page


def test_a_payment_of_nothing_and_codes_nobody_knows_read_as_such() -> None:
    odd = (
        SMALL.replace(b"BPR*I*77.5*C*ACH", b"BPR*H*0*C*NON")
        .replace(b"*FB:PRIOR 0812*15*L6*-2.5", b"*Q7*90")
        .replace(b"CAS*CO*16*90", b"CAS*ZZ*999*90")
    )
    page = " ".join(text(odd).split())
    assert "no money moves with this remittance (NON)" in page
    assert page.count("(No text for this code here; x12.org/codes lists it.)") >= 3
    assert "unknown group" in page


def test_a_reversal_says_which_claim_of_the_file_it_takes_back() -> None:
    given = Claim(ref="REF000000000001", payer_number="P1")
    taken = Claim(ref="REF000000000001", payer_number="P1", status="22", charge=-10000, paid=-10000)
    page = text(interchange((Payment(claims=(SHORT, given)), Payment(trace="B", claims=(taken, SHORT)))))
    assert "It takes back claim 1 of ST 0 of this file." in page
    assert "is not in this file" not in page


def test_what_could_move_the_cursor_is_escaped() -> None:
    page = text(SMALL.replace(b"EXAMPLE HEALTH PLAN", b"EX\x1b[2JPLAN"))
    assert "\x1b" not in page
    assert "EX\\x1b[2JPLAN" in page


@pytest.mark.parametrize(
    ("cents", "written"), [(0, "0.00"), (5, "0.05"), (-120500, "-1,205.00"), (123456789, "1,234,567.89"), (None, "-")]
)
def test_cents_are_written_as_an_amount(cents: int | None, written: str) -> None:
    assert amount(cents) == written
