"""More rows, text or remarks in a segment than any payer has: the loops check no index, so their room must do."""

from __future__ import annotations

import pytest

from ingestion.era835 import parse
from tests.support.remittance_judge import differences, rows
from tests.support.remittance_reading import PLAIN

_E = "\u00e9".encode("latin-1")

CASES = {
    "a provider's number in every row of its PLB": (b"SE*", b"PLB*" + b"P" * 900 + b"*20261231" + b"*WO:X*1.00" * 1500),
    "characters of two bytes": (b"SE*", b"PLB*" + _E * 900 + b"*20261231" + (b"*" + _E + b":" + _E * 3 + b"*1") * 500),
    "a remark on every element of a PLB": (b"SE*", b"PLB*1*2026123" + b"*AB|*" * 800 + b"*AB>"),
    "every remark code": (b"SVC*", b"~".join([b"MIA*****A" + b"*" * 15 + b"B*C*D*E", b"MOA***A*B*C*D*E"] * 400)),
    "remarks on every triplet of a CAS": (b"SVC*", b"~".join([b"CAS*" + _E * 2 + b"**1.5*z" * 300 + b"*R"] * 50)),
    "empty lines of service": (b"SVC*", b"SVC*~" * 200 + b"SVC*HC:" + b":|" * 300 + b"***1"),
    "a payment with everything wrong": (b"BPR*I*", b"BPR*P*-x*D*" + b"*" * 12 + b"2026"),
    "names that are none": (b"LX*1~", b"Z~z~ABCD*1~*x~12~" * 3000),
}


@pytest.mark.parametrize("before", CASES)
def test_what_is_more_than_any_payer_says_has_room(before: str) -> None:
    segment, more = CASES[before]
    data = PLAIN.replace(segment, more + b"~" + segment, 1)
    assert len(data) > len(PLAIN)
    assert differences(rows([parse(data)]), data) == {}
