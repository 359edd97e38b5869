"""An 835 writer (005010X221A1): cents in, bytes out. It refuses to write a transaction that does not balance."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sandbox.world.catalog import Payer
from sandbox.world.money import dollars

Segment = tuple[str | tuple[str, ...], ...]
MAX_PAIRS = 6  # CAS holds up to six triplets and PLB up to six pairs


class UnbalancedError(ValueError):
    """A claim or transaction that does not add up."""


@dataclass(frozen=True)
class Claim:
    """One CLP with at most one service line. Cents; adjustments are (group, reason, cents) of the line or the claim."""

    reference: str
    status: str
    charge: int
    paid: int
    adjustments: tuple[tuple[str, str, int], ...]
    number: str
    place: str
    filing: str
    service_code: str
    modifiers: tuple[str, ...]
    units: int
    day: date
    claim_level: bool = False
    frequency: str = "1"
    remark: str = ""

    @property
    def responsibility(self) -> int:
        """Σ PR in cents."""
        return sum(cents for group, _, cents in self.adjustments if group == "PR")


@dataclass(frozen=True)
class Remit:
    """One ST: claims and PLB pairs (reason, reference, cents) of one payer and payee."""

    payer: Payer
    npi: str
    trn: str
    paid_on: date
    claims: tuple[Claim, ...]
    provider_adjustments: tuple[tuple[str, str, int], ...] = ()

    @property
    def cents(self) -> int:
        """BPR02 = ΣCLP04 less ΣPLB (X12 RFI 2601)."""
        return sum(claim.paid for claim in self.claims) - sum(cents for *_, cents in self.provider_adjustments)

    @property
    def method(self) -> str:
        """BPR04: NON when nothing is paid (X12 RFI 352)."""
        return self.payer.method if self.cents else "NON"


@dataclass(frozen=True)
class Dialect:
    """Delimiters, what follows a terminator, and whether amounts are padded to two decimals."""

    element: str = "*"
    component: str = ":"
    terminator: str = "~"
    newline: str = "\n"
    padded: bool = False


def interchange(remits: Sequence[Remit], dialect: Dialect, control: int) -> bytes:
    """Return one interchange; UnbalancedError when a claim or a payment does not add up."""
    day = remits[0].paid_on
    head: list[Segment] = [
        ("ISA", "00", " " * 10, "00", " " * 10, "ZZ", remits[0].payer.edi_id.ljust(15), "ZZ", "TESTGROUP".ljust(15),
         f"{day:%y%m%d}", "0600", "^", "00501", f"{control:09d}", "0", "T", dialect.component),
        ("GS", "HP", remits[0].payer.edi_id, "TESTGROUP", f"{day:%Y%m%d}", "0600", str(control), "X", "005010X221A1"),
    ]  # fmt: skip
    body = [segment for at, remit in enumerate(remits, 1) for segment in _transaction(remit, f"{at:04d}", dialect)]
    tail: list[Segment] = [("GE", str(len(remits)), str(control)), ("IEA", "1", f"{control:09d}")]
    return "".join(_written(segment, dialect) for segment in (*head, *body, *tail)).encode()


def _written(segment: Segment, dialect: Dialect) -> str:
    parts = [part if isinstance(part, str) else dialect.component.join(part) for part in segment]
    while parts[-1] == "":
        parts.pop()
    return dialect.element.join(parts) + dialect.terminator + dialect.newline


def _transaction(remit: Remit, control: str, dialect: Dialect) -> list[Segment]:
    _check(remit)
    segments = [("ST", "835", control), *_header(remit, dialect), ("LX", "1")]
    for claim in remit.claims:
        segments.extend(_claim(claim, dialect))
    pairs = remit.provider_adjustments
    for at in range(0, len(pairs), MAX_PAIRS):
        cells = [
            cell for why, ref, cents in pairs[at : at + MAX_PAIRS] for cell in ((why, ref), _money(cents, dialect))
        ]
        segments.append(("PLB", remit.npi, f"{remit.paid_on.year}1231", *cells))
    return [*segments, ("SE", str(len(segments) + 1), control)]


def _check(remit: Remit) -> None:
    for claim in remit.claims:
        if claim.charge - claim.paid != sum(cents for *_, cents in claim.adjustments):
            raise UnbalancedError(f"Claim {claim.number} of {claim.charge} cents does not balance.")
    if remit.cents < 0:
        raise UnbalancedError(f"Remit {remit.trn} would pay {remit.cents} cents; BPR02 is never below 0.")


def _money(cents: int, dialect: Dialect) -> str:
    return dollars(cents, padded=dialect.padded)


def _header(remit: Remit, dialect: Dialect) -> Iterable[Segment]:
    payer, when = remit.payer, f"{remit.paid_on:%Y%m%d}"
    account = ("01", "999999992", "DA", "TEST01", payer.trn_payer, "", "01", "999999992", "DA", "TEST02")
    route = ("CCP", *account) if remit.method == "ACH" else ("",) * 11
    yield ("BPR", "I" if remit.cents else "H", _money(remit.cents, dialect), "C", remit.method, *route, when)
    yield ("TRN", "1", remit.trn, payer.trn_payer)
    yield ("DTM", "405", when)
    yield ("N1", "PR", payer.name, "XV", payer.edi_id)
    yield ("N3", "1 TEST STREET")
    yield ("N4", "TESTVILLE", "ZZ", "00000")
    yield ("REF", "2U", payer.edi_id)
    yield ("PER", "BL", "TEST DESK", "TE", "0000000000")
    yield ("N1", "PE", "SAMPLE TELEHEALTH GROUP", "XX", remit.npi)


def _claim(claim: Claim, dialect: Dialect) -> Iterable[Segment]:
    amounts = (_money(claim.charge, dialect), _money(claim.paid, dialect), _money(claim.responsibility, dialect))
    yield ("CLP", claim.reference, claim.status, *amounts, claim.filing, claim.number, claim.place, claim.frequency)
    if claim.claim_level:
        yield from _adjustments(claim, dialect)
    yield ("NM1", "QC", "1", "TEST", "PATIENT", "", "", "", "MI", "TEST000000")
    if claim.remark:
        yield ("MOA", "", "", claim.remark)
    yield ("DTM", "232", f"{claim.day:%Y%m%d}")
    line_paid = claim.charge if claim.claim_level else claim.paid
    code = ("HC", claim.service_code, *claim.modifiers)
    yield ("SVC", code, _money(claim.charge, dialect), _money(line_paid, dialect), "", str(claim.units))
    yield ("DTM", "472", f"{claim.day:%Y%m%d}")
    if not claim.claim_level:
        yield from _adjustments(claim, dialect)
    yield ("REF", "6R", f"L{claim.number}")
    if claim.remark:
        yield ("LQ", "HE", claim.remark)


def _adjustments(claim: Claim, dialect: Dialect) -> Iterable[Segment]:
    for group in dict.fromkeys(group for group, *_ in claim.adjustments):
        triplets = [(why, _money(cents, dialect), "") for name, why, cents in claim.adjustments if name == group]
        cells = [cell for triplet in triplets[:MAX_PAIRS] for cell in triplet]
        yield ("CAS", group, *cells)
