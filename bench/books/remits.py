"""What payers of the big books answer: claims as 835 segments, gathered by week of payment, payer and practice."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from bench.books.catalog import FIRST_DAY, PAYERS, PLACES, PRACTICES, REMIT_WEEKS, SERVICES, WEEKS, paid_on
from bench.generate import money

if TYPE_CHECKING:
    from datetime import date
    from typing import BinaryIO

    from bench.books.visits import Visit

_DAY = 86_400
_BILLS = frozenset({"completed", "partially_completed"})
_BANKS = "01*999999992*DA*TEST01*1999999999**01*999999992*DA*TEST02"


class Claim(NamedTuple):
    """A claim as written, with what it adds to the totals; cents."""

    text: str
    segments: int
    paid: int
    services: int
    adjustments: int


class Transfer(NamedTuple):
    """A payment by EFT that the bank may see: when it was paid, its trace number and its cents."""

    paid_on: date
    trace: str
    cents: int


@dataclass
class Payers:
    """What the payers still have to send: claims by (week of payment, payer, practice); and the control totals."""

    waiting: dict[tuple[int, int, int], list[Claim]] = field(default_factory=lambda: defaultdict(list))
    totals: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def answer(self, visit: Visit, week: int) -> None:
        """Let the payer of a visit answer, or not."""
        if visit.payer < 0 or visit.state not in _BILLS or visit.answer == "none":
            return
        number = int(visit.token[:8], 16)
        first, denies = week + REMIT_WEEKS, visit.answer.startswith("denies")
        self._send(visit, first, _denied(visit, number) if denies else _paid(visit, number, visit.coinsurance))
        if visit.answer == "denies, then pays":
            self._send(visit, first + 4, _paid(visit, number, visit.coinsurance))
        elif visit.answer == "pays, then corrects":
            self._send(visit, first + 5, _reversed(visit, number))
            self._send(visit, first + 5, _paid(visit, number, visit.coinsurance // 2))

    def send(self, out: BinaryIO, week: int, payer: int) -> list[Transfer]:
        """Write what a payer pays in a week as one interchange, a transaction a practice; return the EFTs."""
        batches = [(at, self.waiting.pop((week, payer, at), [])) for at in range(len(PRACTICES))]
        batches = [(at, claims) for at, claims in batches if claims]
        if not batches:
            return []
        control = 1 + week * len(PAYERS) + payer
        day, name = paid_on(week), PAYERS[payer].edi_id
        out.write(
            f"ISA*00*          *00*          *ZZ*{name:15}*ZZ*BENCHPRACTICE  *{day:%y%m%d}*1200*^*00501*{control:09d}"
            f"*0*T*:~\nGS*HP*{name}*BENCHPRACTICE*{day:%Y%m%d}*1200*{control}*X*005010X221A1~\n".encode()
        )
        sent = [self._transaction(out, at, Batch(week, payer, *batch)) for at, batch in enumerate(batches, 1)]
        out.write(f"GE*{len(batches)}*{control}~\nIEA*1*{control:09d}~\n".encode())
        return [transfer for transfer in sent if transfer.cents and PAYERS[payer].method == "ACH"]

    def _send(self, visit: Visit, week: int, claim: Claim) -> None:
        if week <= WEEKS:
            self.waiting[week, visit.payer, visit.practice].append(claim)

    def _transaction(self, out: BinaryIO, number: int, batch: Batch) -> Transfer:
        paid = sum(claim.paid for claim in batch.claims)
        amount, day, payer = max(paid, 0), f"{batch.day:%Y%m%d}", PAYERS[batch.payer]
        how = f"{payer.method}*CCP*{_BANKS}" if payer.method == "ACH" else f"{payer.method}{'*' * 11}"
        head = (
            f"ST*835*{number:04d}",
            f"BPR*I*{money(amount)}*C*{how}*{day}" if amount else f"BPR*H*0*C*NON{'*' * 12}{day}",
            f"TRN*1*{batch.trace}*1999999999",
            f"DTM*405*{day}",
            f"N1*PR*BENCH PAYER*XV*{payer.edi_id}",
            "N3*1 TEST STREET",
            "N4*TESTVILLE*ZZ*00000",
            f"REF*2U*{payer.edi_id}",
            "PER*BL*TEST DESK*TE*0000000000",
            f"N1*PE*BENCH PRACTICE*XX*{PRACTICES[batch.practice].npi}",
            "LX*1",
        )
        tail = (f"PLB*{PRACTICES[batch.practice].npi}*{day[:4]}1231*FB:{batch.trace}*{money(paid)}",) * (paid < 0)
        count = len(head) + sum(claim.segments for claim in batch.claims) + len(tail) + 1
        last = (*tail, f"SE*{count}*{number:04d}")
        texts = ("~\n".join((*head, "")), *(claim.text for claim in batch.claims), "~\n".join((*last, "")))
        out.writelines(text.encode() for text in texts)
        self.totals["transactions"] += 1
        self.totals["claims"] += len(batch.claims)
        self.totals["services"] += sum(claim.services for claim in batch.claims)
        self.totals["adjustments"] += sum(claim.adjustments for claim in batch.claims)
        self.totals["payer_paid_cents"] += paid
        self.totals["transfers_cents"] += amount
        return Transfer(batch.day, batch.trace, amount)


class Batch(NamedTuple):
    """The claims of one transaction."""

    week: int
    payer: int
    practice: int
    claims: list[Claim]

    @property
    def day(self) -> date:
        """When it was paid."""
        return paid_on(self.week)

    @property
    def trace(self) -> str:
        """The trace number of its payment."""
        return f"7{self.week:03d}{self.payer:02d}{self.practice:02d}"


def late(visits: list[Visit]) -> Payers:
    """Let one payer answer visits that had no answer, in a week after all others."""
    payers = Payers()
    for visit in visits:
        number = int(visit.token[:8], 16)
        payers.waiting[WEEKS + 2, visit.payer, visit.practice].append(_paid(visit, number, visit.coinsurance))
    return payers


def unanswered(visit: Visit) -> bool:
    """Say whether a visit bills a payer that has not answered."""
    return visit.payer >= 0 and visit.state in _BILLS and visit.answer == "none"


def _paid(visit: Visit, number: int, coinsurance: int) -> Claim:
    contractual = visit.charge - visit.allowed
    due = visit.allowed - visit.deductible - coinsurance
    sequestered = due * 2 // 100 if PAYERS[visit.payer].sequesters else 0
    taken = [("CO", "45", contractual), ("CO", "253", sequestered)]
    taken += [("PR", "1", visit.deductible), ("PR", "2", coinsurance)]
    return _claim(visit, number, "1", due - sequestered, taken, 1)


def _denied(visit: Visit, number: int) -> Claim:
    return _claim(visit, number, "4", 0, [("CO", ("16", "29", "50", "197")[number % 4], visit.charge)], 1)


def _reversed(visit: Visit, number: int) -> Claim:
    first = _paid(visit, number, visit.coinsurance)
    taken = [("CO", "45", visit.charge - visit.allowed)]
    taken += [("CO", "253", visit.allowed - visit.deductible - visit.coinsurance - first.paid)]
    taken += [("PR", "1", visit.deductible), ("PR", "2", visit.coinsurance)]
    return _claim(visit, number, "22", first.paid, taken, -1)


def _claim(  # noqa: PLR0913, PLR0917 - one claim
    visit: Visit, number: int, status: str, paid: int, taken: list[tuple[str, str, int]], sign: int
) -> Claim:
    """Write a claim; in one of five, a fifth of the charge stands on a second line that is bundled (CO-97)."""
    kept = [(group, why, cents) for group, why, cents in taken if cents]
    bundled = visit.charge // 5 if number % 5 == 0 and kept[0][1] == "45" else 0
    if bundled and kept[0][2] <= bundled:
        bundled = 0
    lines = [(visit.charge - bundled, paid, [(*kept[0][:2], kept[0][2] - bundled), *kept[1:]] if kept else [])]
    if bundled:
        lines.append((bundled, 0, [("CO", "97", bundled)]))
    day = f"{_date(visit)}"
    owed = sum(cents for group, _, cents in kept if group == "PR")
    amounts = "*".join(money(sign * cents) for cents in (visit.charge, paid, owed))
    segments = [
        f"CLP*{visit.claim_ref}*{status}*{amounts}*12*{number:010d}*{PLACES[visit.place]}*1",
        "NM1*QC*1*TEST*PATIENT****MI*TEST000000",
        f"DTM*232*{day}",
    ]
    for at, (charge, line_paid, adjustments) in enumerate(lines):
        code = SERVICES[visit.service].code if at == 0 else "99051"
        segments += [f"SVC*HC:{code}*{money(sign * charge)}*{money(sign * line_paid)}**1", f"DTM*472*{day}"]
        for group in dict.fromkeys(group for group, *_ in adjustments):
            pairs = "**".join(f"{why}*{money(sign * cents)}" for name, why, cents in adjustments if name == group)
            segments.append(f"CAS*{group}*{pairs}")
        segments.append(f"REF*6R*L{number:010d}{at}")
    count = sum(len(adjustments) for *_, adjustments in lines)
    return Claim("~\n".join((*segments, "")), len(segments), sign * paid, len(lines), count)


def _date(visit: Visit) -> str:
    ordinal = visit.started // _DAY + FIRST_DAY.replace(year=1970, month=1, day=1).toordinal()
    return FIRST_DAY.fromordinal(ordinal).strftime("%Y%m%d")
