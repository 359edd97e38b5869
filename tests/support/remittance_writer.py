"""Writes 835 bytes from plain Python data, for tests: payments, claims, adjustments; delimiters, wraps, envelopes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Adjustment = tuple[str, str, int]
"""Group code, reason code, cents."""

PATIENT = ("ZZPATIENTLAST", "ZZPATIENTFIRST", "ZZMEMBERNUMBER", "ZZ000003")
"""What every written claim says of its patient: nothing of it may come out of a reader."""


@dataclass(frozen=True)
class More:
    """AMT (cents), QTY, REF and DTM segments of a payment, a claim or a line, each with its qualifier."""

    amounts: tuple[tuple[str, int], ...] = ()
    quantities: tuple[tuple[str, str], ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    dates: tuple[tuple[str, date], ...] = ()


@dataclass(frozen=True)
class Line:
    """A service line; amounts in cents."""

    code: str = "99213"
    charge: int = 10000
    paid: int = 10000
    modifiers: tuple[str, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    units: str = "1"
    submitted: str = ""
    on: date | None = date(2026, 9, 3)
    line_ref: str = ""
    remarks: tuple[str, ...] = ()
    period: tuple[date, date] | None = None
    more: More = More()


@dataclass(frozen=True)
class Claim:
    """A claim; amounts in cents. `owed` is CLP05."""

    ref: str = "REF000000000001"
    charge: int = 10000
    paid: int = 10000
    owed: int = 0
    status: str = "1"
    payer_number: str = "PAYER1"
    facility: str = "10"
    adjustments: tuple[Adjustment, ...] = ()
    lines: tuple[Line, ...] = ()
    on: tuple[date, date] | None = None
    remarks: tuple[str, ...] = ()
    stay_remarks: tuple[str, ...] = ()
    original_ref: str = ""
    more: More = More()


@dataclass(frozen=True)
class Payment:
    """One ST*835. `amount` is BPR02 in cents, none = what balances; `provider` (reason, reference, cents) of PLB.

    `payer_ref` is REF*2U of the payer. A PLB segment takes six of `provider`.
    """

    trace: str = "TRACE1"
    claims: tuple[Claim, ...] = (Claim(),)
    amount: int | None = None
    provider: tuple[tuple[str, str, int], ...] = ()
    payer_name: str = "EXAMPLE PAYER"
    payer_id: str = "12345"
    trn_payer: str = "1999999999"
    payee_npi: str = "1999999984"
    paid_on: date = date(2026, 9, 30)
    method: str = "ACH"
    payer_ref: str = ""
    more: More = More()

    @property
    def balanced(self) -> int:
        """BPR02 as it must be, in cents."""
        return sum(claim.paid for claim in self.claims) - sum(cents for _, _, cents in self.provider)


@dataclass(frozen=True)
class Style:
    """How a file is written down: delimiters, what follows a terminator, hard wraps, what stands around the whole."""

    element: str = "*"
    component: str = ":"
    repetition: str = "^"
    terminator: str = "~"
    newline: str = ""
    wrap: int | None = None
    wrap_with: str = "\n"
    lead: bytes = b""
    tail: bytes = b""
    version: str = "00501"
    control: str = "000000001"
    group: str = "1"
    first_st: int = 1
    encoding: str = "latin-1"
    short_amounts: bool = False


@dataclass(frozen=True)
class Trailers:
    """What is wrong with SE, GE or IEA: not there, a count too high by so many, another control number."""

    left_out: frozenset[str] = frozenset()
    miscounted: Mapping[str, int] = field(default_factory=dict)
    misnamed: frozenset[str] = frozenset()


@dataclass
class _Draft:
    style: Style
    segments: list[str] = field(default_factory=list)

    def add(self, *elements: str) -> None:
        self.segments.append(self.style.element.join(elements).rstrip(self.style.element))

    def money(self, cents: int) -> str:
        return shortened(money(cents)) if self.style.short_amounts else money(cents)


def money(cents: int) -> str:
    """Write cents as X12 writes an amount."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def shortened(amount: str) -> str:
    """Write an amount as some payers do: without decimals that are 0, without the 0 before the point."""
    sign, digits = ("-", amount[1:]) if amount.startswith("-") else ("", amount)
    whole, _, decimals = digits.partition(".")
    decimals = decimals.rstrip("0")
    return sign + ("" if whole == "0" and decimals else whole) + (f".{decimals}" if decimals else "")


def day(value: date) -> str:
    """Write a date as X12 writes it."""
    return value.strftime("%Y%m%d")


def body(payment: Payment, style: Style) -> list[str]:
    """Return the segments of a payment between ST and SE."""
    draft, comp = _Draft(style), style.component
    amount = payment.balanced if payment.amount is None else payment.amount
    draft.add("BPR", "I", draft.money(amount), "C", payment.method, *[""] * 11, day(payment.paid_on))
    draft.add("TRN", "1", payment.trace, payment.trn_payer)
    _more(draft, payment.more)
    draft.add("N1", "PR", payment.payer_name, "XV", payment.payer_id)
    if payment.payer_ref:
        draft.add("REF", "2U", payment.payer_ref)
    draft.add("N1", "PE", "EXAMPLE PRACTICE", "XX", payment.payee_npi)
    draft.add("LX", "1")
    for claim in payment.claims:
        _claim(draft, claim)
    pairs = [text for reason, ref, cents in payment.provider for text in (f"{reason}{comp}{ref}", draft.money(cents))]
    for first in range(0, len(pairs), 12):
        draft.add("PLB", payment.payee_npi, "20261231", *pairs[first : first + 12])
    return draft.segments


def _claim(draft: _Draft, claim: Claim) -> None:
    draft.add(
        *("CLP", claim.ref, claim.status, draft.money(claim.charge), draft.money(claim.paid), draft.money(claim.owed)),
        *("12", claim.payer_number, claim.facility, "1"),
    )
    _adjust(draft, claim.adjustments)
    draft.add("NM1", "QC", "1", PATIENT[0], PATIENT[1], "", "", "", "MI", PATIENT[2])
    draft.add("NM1", "74", "1", PATIENT[0], PATIENT[1])
    if claim.stay_remarks:
        draft.add("MIA", "0", *[""] * 3, claim.stay_remarks[0], *[""] * 14, *claim.stay_remarks[1:])
    if claim.remarks:
        draft.add("MOA", "", "", *claim.remarks)
    draft.add("REF", "SY", PATIENT[3])
    if claim.original_ref:
        draft.add("REF", "F8", claim.original_ref)
    if claim.on:
        draft.add("DTM", "232", day(claim.on[0]))
        draft.add("DTM", "233", day(claim.on[1]))
    _more(draft, claim.more)
    for line in claim.lines:
        _line(draft, line)


def _line(draft: _Draft, line: Line) -> None:
    comp = draft.style.component
    procedure = comp.join(("HC", line.code, *line.modifiers))
    submitted = f"HC{comp}{line.submitted}" if line.submitted else ""
    draft.add("SVC", procedure, draft.money(line.charge), draft.money(line.paid), "", line.units, submitted)
    if line.on:
        draft.add("DTM", "472", day(line.on))
    if line.period:
        draft.add("DTM", "150", day(line.period[0]))
        draft.add("DTM", "151", day(line.period[1]))
    _adjust(draft, line.adjustments)
    if line.line_ref:
        draft.add("REF", "6R", line.line_ref)
    _more(draft, line.more)
    for code in line.remarks:
        draft.add("LQ", "HE", code)


def _more(draft: _Draft, more: More) -> None:
    for qualifier, value in more.references:
        draft.add("REF", qualifier, value)
    for qualifier, on in more.dates:
        draft.add("DTM", qualifier, day(on))
    for qualifier, cents in more.amounts:
        draft.add("AMT", qualifier, draft.money(cents))
    for qualifier, count in more.quantities:
        draft.add("QTY", qualifier, count)


def _adjust(draft: _Draft, adjustments: tuple[Adjustment, ...]) -> None:
    for group in dict.fromkeys(group for group, _, _ in adjustments):
        triplets = [(reason, draft.money(cents), "") for of, reason, cents in adjustments if of == group]
        for first in range(0, len(triplets), 6):
            draft.add("CAS", group, *(text for triplet in triplets[first : first + 6] for text in triplet))


@dataclass(frozen=True)
class Written:
    """One ISA with one GS and an ST a payment.

    `others` are segments, written with `*`, put in before the payment of that number (after the last: before the GE).
    """

    payments: tuple[Payment, ...]
    style: Style = Style()
    trailers: Trailers = Trailers()
    others: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    def segments(self) -> list[str]:
        """Return every segment, ISA first."""
        style, draft = self.style, _Draft(self.style)
        filler = style.repetition if style.version == "00501" else "U"
        isa = ["ISA", "00", " " * 10, "00", " " * 10, "ZZ", "SENDER".ljust(15), "ZZ", "RECEIVER".ljust(15)]
        isa += ["260930", "1200", filler, style.version, style.control, "0", "P", style.component]
        draft.segments.append(style.element.join(isa))
        draft.add("GS", "HP", "SENDER", "RECEIVER", "20260930", "1200", style.group, "X", "005010X221A1")
        for number, payment in enumerate(self.payments):
            self._other(draft, number)
            control, inside = f"{style.first_st + number:04d}", body(payment, style)
            draft.add("ST", "835", control)
            draft.segments += inside
            self._trailer(draft, "SE", len(inside) + 2, control)
        self._other(draft, len(self.payments))
        every = [text for texts in self.others.values() for text in texts]
        self._trailer(draft, "GE", len(self.payments) + sum(text.startswith("ST*") for text in every), style.group)
        self._trailer(draft, "IEA", 1, style.control)
        return draft.segments

    def _other(self, draft: _Draft, number: int) -> None:
        draft.segments += [text.replace("*", self.style.element) for text in self.others.get(number, ())]

    def _trailer(self, draft: _Draft, name: str, count: int, control: str) -> None:
        wrong = self.trailers
        if name not in wrong.left_out:
            said = "9" + control if name in wrong.misnamed else control
            draft.add(name, str(count + wrong.miscounted.get(name, 0)), said)


def interchange(payments: tuple[Payment, ...], style: Style | None = None, *, between: tuple[str, ...] = ()) -> bytes:
    """One interchange as bytes. `between` are segments put in before the GE, written with `*`."""
    written = Written(payments, style or Style(), others={len(payments): between})
    return rendered(written.segments(), written.style)


def rendered(segments: list[str], style: Style) -> bytes:
    """Write segments as bytes: terminators, line ends, hard wraps."""
    text = "".join(as_latin(segment, style) + style.terminator + style.newline for segment in segments)
    if style.wrap:
        text = style.wrap_with.join(text[at : at + style.wrap] for at in range(0, len(text), style.wrap))
    return style.lead + text.encode("latin-1") + style.tail


def as_latin(text: str, style: Style) -> str:
    """Return a text with a character for each of the bytes that it has in the file."""
    return text.encode(style.encoding).decode("latin-1")
