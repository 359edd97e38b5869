"""Damages the bytes of a file in the ways in which files are damaged, and makes a failing one small."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

_LIKELY = b"*:^~|>!<\n\r\x00\x1a\xff\xef\xbb\xbf \t.-+0123456789AEISTX\x1c\x1d\x1e\x85\xa0\xb2"
_WORDS = [
    *(b"ISA*", b"IEA*1*", b"GS*", b"GE*1*1", b"ST*835*", b"SE*", b"CLP*", b"SVC*", b"CAS*CO*45*1", b"PLB*", b"BPR*"),
    *(b"AMT*AU*1", b"QTY*CA*x", b"REF*F8*", b"DTM*232*", b"LQ*HE*N1", b"MOA***", b"TA1*", b"9" * 17, b"-", b"1.005"),
]
_SEGMENTS = [
    *(
        "CUR*PR*EUR",
        "CUR*PR*USD",
        "N1*PR*OTHER*XV*9",
        "N1*PE*OTHER*XX*9",
        "TRN*1*OTHER*9",
        "PER*BL*X",
        "RDM*FT*X",
        "TS3*1",
    ),
    *(
        "ZZ9*1",
        "n4*1",
        "*1",
        "MIA*0",
        "MIA*0****MA01",
        "MOA***MA01:MA02",
        "LQ*HE",
        "LQ*HE*M15",
        "BPR*I*1*C*ACH",
        "TA1*1",
    ),
    *(
        "AMT",
        "AMT*AU",
        "AMT**5",
        "AMT*AU*x",
        "AMT*I* .5 ",
        "QTY*CA*1.2345",
        "QTY**1",
        "REF**X",
        "REF*F8*PAYER1",
        "REF*2U*9",
    ),
    *("DTM*472*20261301", "DTM*222*19000101", "DTM*150*20260101", "DTM**20260101", "DTM*232*X", "DTM*233*20260230"),
    *("CAS*CO*45*", "CAS*CO**5", "CAS**45*1*x", "CAS*PR*1*.05*1*2*1*2*3*1*3*4*1*4*5*1*5*6*1*6*7*1*7*8*1", "CAS"),
    *("CLP*A*22*-5*-5*x", "CLP*A*1*5*5**12*N", "CLP*A*22*-5*-5**12*N", "CLP", "CLP*B*1*-5*0*1", "CLP*B*4* 5 *5"),
    *(
        "SVC*HC:99213:1:2:3:4:5*1*1**x*HC:9",
        "SVC*HC>99213*1*1",
        "SVC",
        "SVC*HC:9*5*5",
        "PLB*9*X*WO:1:2*5*FB*-5*L6",
        "PLB",
    ),
    *(
        "ST*835*9",
        "ST*999*9",
        "SE*5*9",
        "GE*1*1",
        "GS*HP*A*B*1*1*7*X*005010X221A1",
        "IEA*1*1",
        "CLP*A*1*" + "9" * 17 + "*1",
    ),
]


def mutated(rnd: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Return the file with one to six wounds; `others` are files that it may be spliced with."""
    for _ in range(rnd.randint(1, 6)):
        data = rnd.choice(_WOUNDS)(rnd, data, others)
    return data


def smallest(data: bytes, fails: Callable[[bytes], bool], tries: int = 1_000) -> bytes:
    """Return the least of a failing input that still fails, as far as leaving out stretches of it goes."""
    size = len(data) // 2
    while size:
        at = 0
        while at < len(data) and tries:
            tries -= 1
            without = data[:at] + data[at + size :]
            if fails(without):
                data = without
            else:
                at += size
        size //= 2
    return data


def _flip(rnd: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(rnd, data)
    return data[:at] + bytes([rnd.choice(_LIKELY) if rnd.random() < 0.8 else rnd.randrange(256)]) + data[at + 1 :]


def _insert(rnd: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(rnd, data)
    piece = rnd.choice(_WORDS) if rnd.random() < 0.5 else bytes(rnd.choices(_LIKELY, k=rnd.randint(1, 4)))
    return data[:at] + piece + data[at:]


def _delete(rnd: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(rnd, data)
    return data[:at] + data[at + rnd.choice([1, 1, 2, 5, 40]) :]


def _repeat(rnd: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Write a segment (or a few) twice, here or elsewhere."""
    ends = _ends(data)
    start, end = sorted((rnd.choice(ends), rnd.choice(ends)))
    end = min(end, start + 400)
    at = rnd.choice([end, rnd.choice(ends)])
    return data[:at] + data[start:end] + data[at:]


def _drop(rnd: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Leave a segment (or a few) out."""
    ends = _ends(data)
    at = rnd.randrange(len(ends))
    return data[: ends[at]] + data[ends[min(at + rnd.choice([1, 1, 3]), len(ends) - 1)] :]


def _stray(rnd: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Put in a segment that may not belong there, written with the delimiters of the file."""
    at = rnd.choice(_ends(data))
    marks = bytes.maketrans(b"*:~", (data[3:4] or b"*") + (data[104:105] or b":") + (data[105:106] or b"~"))
    return data[:at] + (rnd.choice(_SEGMENTS) + "~").encode().translate(marks) + data[at:]


def _splice(rnd: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    other = rnd.choice(others)
    return data[: rnd.choice(_ends(data))] + other[rnd.choice(_ends(other)) :]


def _join(rnd: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    return data + rnd.choice([b"", b"\n", b"\x1a", b"x"]) + rnd.choice(others)


def _exchange(rnd: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Write one character as another from some place on, as a delimiter that changes would be."""
    if not data:
        return data
    at, old, new = rnd.choice([0, 0, _place(rnd, data)]), rnd.choice(data[:200]), rnd.choice(_LIKELY)
    return data[:at] + data[at:].replace(bytes([old]), bytes([new]))


def _cut(rnd: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(rnd, data)
    return data[:at] if rnd.random() < 0.8 else data[at:]


_WOUNDS = [
    _flip,
    _flip,
    _flip,
    _insert,
    _insert,
    _delete,
    _delete,
    _repeat,
    _stray,
    _stray,
    _drop,
    _splice,
    _join,
    _exchange,
    _cut,
]


def _place(rnd: Random, data: bytes) -> int:
    return rnd.randint(0, max(len(data) - 1, 0))


def _ends(data: bytes) -> list[int]:
    """Where segments end, as far as the ISA tells it by the usual offset."""
    terminator = data[105:106] or b"~"
    ends = [at + 1 for at, byte in enumerate(data) if byte == terminator[0]]
    return [0, *ends, len(data)]
