"""Writes a balanced 835 of any size, the same at every run, and keeps its control totals while it writes.

    python -m bench.generate 100 /tmp/hundred.835

A claim is about 490 bytes: two or three service lines, three in a hundred a reversal with its correction. Amounts and
codes come from a stock of claims made once; each written claim has references of its own. No name is a person's.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

MB = 1_000_000
_STOCK = 16384  # enough that no reader lives off remembering a few amounts
_CLAIMS = (20, 400)  # in a transaction
_CODES = ("99213:95", "99214:95", "99215:95", "90834:95", "90837:95:HO", "96127", "99442:93", "G2012", "90792:95")
_DENIALS = ("16", "29", "50", "96", "97", "197")
_PROVIDER = (("WO", 1), ("L6", -1), ("FB", 1), ("72", 1), ("CS", -1))  # reason and the usual sign
_CLAIM_REF, _PAYER_REF = "\x01", "\x02"  # where a written claim's own references go
_BANKS = "01*999999992*DA*100001*1999999999**01*999999992*DA*100002"
_ISA = "ISA*00*          *00*          *ZZ*BENCHPAYER     *ZZ*BENCHPRACTICE  *260930*1200*^*00501*000000001*0*P*:"
_GS = "GS*HP*BENCHPAYER*BENCHPRACTICE*20260930*1200*1*X*005010X221A1"


@dataclass
class Control:
    """What a file, or a part of one, holds; amounts in cents."""

    byte_count: int = 0
    transactions: int = 0
    claims: int = 0
    paid_cents: int = 0
    services: int = 0
    adjustments_cents: int = 0
    provider_adjustments_cents: int = 0

    def add(self, other: Control) -> None:
        """Count the other's in."""
        self.byte_count += other.byte_count
        self.transactions += other.transactions
        self.claims += other.claims
        self.paid_cents += other.paid_cents
        self.services += other.services
        self.adjustments_cents += other.adjustments_cents
        self.provider_adjustments_cents += other.provider_adjustments_cents


@dataclass(frozen=True)
class Shape:
    """How a file is cut: one transaction or many, and what follows each terminator."""

    one_transaction: bool = False
    newline: str = ""


class Generator:
    """Makes files of one shape; two generators of a shape write the same."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._chance = random.Random(835)  # noqa: S311 - sample data must repeat and guards nothing
        self._end = f"~{shape.newline}"
        self._stock = [_Draft(self._chance).stocked(self._end) for _ in range(_STOCK)]
        self._mean = sum(claim.control.byte_count for claim in self._stock) / _STOCK
        self._claims = 0

    def write(self, out: BinaryIO, size: int) -> Control:
        """Write an 835 of `size` bytes, to a claim or two, and return what is in it."""
        control = Control()
        control.byte_count += out.write(self._text(_ISA, _GS))
        while (left := size - control.byte_count) > 0:
            picked = self._picked(left)
            data, part = self._transaction(picked, control.transactions + 1)
            control.byte_count += sum(map(out.write, data))
            control.add(part)
        control.byte_count += out.write(self._text(f"GE*{control.transactions}*1", "IEA*1*000000001"))
        return control

    def _text(self, *segments: str) -> bytes:
        return "".join(segment + self._end for segment in segments).encode()

    def _picked(self, left: int) -> Sequence[_Stocked]:
        """Claims for one transaction, of no more bytes than are left."""
        most = max(1, round(left / self._mean))
        wanted = most if self._shape.one_transaction else min(most, self._chance.randint(*_CLAIMS))
        return self._chance.choices(self._stock, k=wanted)

    def _transaction(self, claims: Sequence[_Stocked], number: int) -> tuple[Iterator[bytes], Control]:
        control = Control(transactions=1)
        for claim in claims:
            control.add(claim.control)
        control.byte_count = 0  # counted as it is written
        provider = self._provider(control.paid_cents)
        control.provider_adjustments_cents = sum(cents for _, cents in provider)
        amount = control.paid_cents - control.provider_adjustments_cents
        head = [
            f"ST*835*{number:04d}",
            f"BPR*I*{money(amount)}*C*ACH*CCP*{_BANKS}*20260930" if amount else f"BPR*H*0*C*NON{'*' * 12}20260930",
            f"TRN*1*BENCH{number:010d}*1999999999",
            "DTM*405*20260929",
            "N1*PR*BENCH PAYER*XV*12345",
            "N3*1 EXAMPLE STREET",
            "N4*EXAMPLE*CA*90001",
            "PER*BL*EXAMPLE DESK*TE*5550100000",
            "N1*PE*BENCH PRACTICE*XX*1999999984",
            "LX*1",
        ]
        pairs = "*".join(f"{reason}:BENCH{number}*{money(cents)}" for reason, cents in provider)
        tail = [f"PLB*1999999984*20261231*{pairs}"] if provider else []
        count = len(head) + sum(claim.segments for claim in claims) + len(tail) + 1
        tail.append(f"SE*{count}*{number:04d}")
        return self._written(head, claims, tail), control

    def _written(self, head: Sequence[str], claims: Sequence[_Stocked], tail: Sequence[str]) -> Iterator[bytes]:
        yield self._text(*head)
        for claim in claims:
            self._claims += 1
            yield claim.written(self._claims)
        yield self._text(*tail)

    def _provider(self, paid: int) -> list[tuple[str, int]]:
        """Give one transaction in ten adjustments of the provider; what would pay less than nothing is carried on."""
        if paid < 0:
            return [("FB", paid)]
        if self._chance.random() >= 0.1:  # noqa: PLR2004 - one in ten
            return []
        picked = self._chance.sample(_PROVIDER, k=self._chance.randint(1, 3))
        return [(reason, sign * self._chance.randint(0, paid // 10)) for reason, sign in picked]


@dataclass(frozen=True)
class _Stocked:
    """A claim (or a reversal and its correction) without its references."""

    pieces: tuple[bytes, ...]
    is_payer_ref: tuple[bool, ...]  # after each piece but the last
    segments: int
    control: Control

    def written(self, number: int) -> bytes:
        refs = (b"BENCHCLAIM%07d" % number, b"BENCHPAYER%08d" % number)
        parts = [self.pieces[0]]
        for is_payer_ref, piece in zip(self.is_payer_ref, self.pieces[1:], strict=True):
            parts += (refs[is_payer_ref], piece)
        return b"".join(parts)


@dataclass(frozen=True)
class _Line:
    """A service line; what it takes off its charge is (group, reason, cents)."""

    code: str
    charge: int
    taken: tuple[tuple[str, str, int], ...]

    @property
    def paid(self) -> int:
        return self.charge - sum(cents for _, _, cents in self.taken)


@dataclass
class _Draft:
    """Makes one claim of the stock."""

    chance: random.Random
    segments: list[str] = field(default_factory=list)
    control: Control = field(default_factory=Control)

    def stocked(self, end: str) -> _Stocked:
        """Draw a claim: three in a hundred are a reversal and its correction, five have an adjustment of their own."""
        day = f"202609{self.chance.randint(1, 28):02d}"
        lines = [self._line() for _ in range(self.chance.choices((2, 3), (65, 35))[0])]
        prior = self.chance.random() < 0.05 and sum(line.paid for line in lines) // 2  # noqa: PLR2004 - five percent
        if self.chance.random() < 0.03:  # noqa: PLR2004 - three percent
            self._claim("22", lines, day, prior, -1)
            lines = [self._line() for _ in lines]
            prior = 0
        self._claim("1", lines, day, prior, 1)
        text = "".join(segment + end for segment in self.segments)
        pieces = text.replace(_PAYER_REF, _CLAIM_REF).encode().split(_CLAIM_REF.encode())
        marks = tuple(letter == _PAYER_REF for letter in text if letter in _CLAIM_REF + _PAYER_REF)
        self.control.byte_count = len(_Stocked(tuple(pieces), marks, 0, self.control).written(1))
        return _Stocked(tuple(pieces), marks, len(self.segments), self.control)

    def _line(self) -> _Line:
        charge = self.chance.randint(4500, 39900)
        if self.chance.random() < 0.08:  # noqa: PLR2004 - eight percent are denied
            return _Line(self.chance.choice(_CODES), charge, (("CO", self.chance.choice(_DENIALS), charge),))
        contractual = self.chance.randint(0, charge // 2)
        deductible, coinsurance = (self.chance.choice((0, self.chance.randint(0, charge // 6))) for _ in range(2))
        taken = (("CO", "45", contractual), ("PR", "1", deductible), ("PR", "2", coinsurance))
        return _Line(self.chance.choice(_CODES), charge, tuple(triplet for triplet in taken if triplet[2]))

    def _claim(self, status: str, lines: Sequence[_Line], day: str, prior: int, sign: int) -> None:
        """Write one claim; `prior` cents of it are what another payer paid, taken off at the claim."""
        charge, paid = sum(line.charge for line in lines), sum(line.paid for line in lines) - prior
        owed = sum(cents for line in lines for group, _, cents in line.taken if group == "PR")
        amounts = "*".join(money(sign * cents) for cents in (charge, paid, owed))
        self.segments += (f"CLP*{_CLAIM_REF}*{status}*{amounts}*12*{_PAYER_REF}*10*1",)
        self._take((("OA", "23", prior),) if prior else (), sign)
        number = self.chance.randint(0, 999999)
        self.segments += (
            f"NM1*QC*1*ZZLAST{number:06d}*ZZFIRST****MI*ZZMEMBER{number:06d}",
            "NM1*82*2*BENCH GROUP*****XX*1999999984",
            f"DTM*232*{day}",
            f"DTM*050*{day}",
        )
        for index, line in enumerate(lines, 1):
            self._service(line, index, day, sign)
        self.control.claims += 1
        self.control.paid_cents += sign * paid

    def _service(self, line: _Line, index: int, day: str, sign: int) -> None:
        self.segments += (
            f"SVC*HC:{line.code}*{money(sign * line.charge)}*{money(sign * line.paid)}**1",
            f"DTM*472*{day}",
        )
        self._take(line.taken, sign)
        self.segments += (f"REF*6R*{_CLAIM_REF}{index}",)
        allowed = line.paid + sum(cents for group, _, cents in line.taken if group == "PR")
        if allowed:
            self.segments += (f"AMT*B6*{money(sign * allowed)}",)
        if self.chance.random() < 0.15:  # noqa: PLR2004 - remarks are on some lines only
            self.segments += ("LQ*HE*N130",)
        self.control.services += 1

    def _take(self, taken: Sequence[tuple[str, str, int]], sign: int) -> None:
        """Write one CAS a group, its triplets behind each other."""
        for group in dict.fromkeys(group for group, _, _ in taken):
            of_group = [f"{reason}*{money(sign * cents)}" for other, reason, cents in taken if other == group]
            self.segments += (f"CAS*{group}*{'**'.join(of_group)}",)
        self.control.adjustments_cents += sign * sum(cents for _, _, cents in taken)


def money(cents: int) -> str:
    """Write cents as X12 does, without zeros at the end of the decimals."""
    text = f"{abs(cents) // 100}.{abs(cents) % 100:02d}".rstrip("0").rstrip(".")
    return f"-{text}" if cents < 0 else text


def kept(path: Path, megabytes: int, shape: Shape = Shape()) -> Control:
    """Write the file if it is not there as this module writes it now; return its totals, which lie beside it."""
    beside = path.with_suffix(".json")
    if not beside.exists() or beside.stat().st_mtime < Path(__file__).stat().st_mtime:
        with path.open("wb", buffering=MB) as out:
            control = Generator(shape).write(out, megabytes * MB)
        beside.write_text(json.dumps(asdict(control)))
    return Control(**json.loads(beside.read_text()))


def main() -> None:
    """Write one file and print its control totals."""
    parser = argparse.ArgumentParser(description="Writes a balanced 835 and prints its control totals (JSON).")
    parser.add_argument("megabytes", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("--one-transaction", action="store_true", help="all claims in one ST")
    parser.add_argument("--newline", choices=("", "lf", "crlf"), default="", help="what follows each terminator")
    given = parser.parse_args()
    newline = {"": "", "lf": "\n", "crlf": "\r\n"}[given.newline]
    control = kept(given.out, given.megabytes, Shape(given.one_transaction, newline))
    sys.stdout.write(json.dumps(asdict(control)) + "\n")


if __name__ == "__main__":
    main()
