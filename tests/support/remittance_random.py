"""Random remittance files: what was paid, for what, and how it was written down. One seed, one file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

from tests.support.remittance_writer import Adjustment, Claim, Line, More, Payment, Style, Trailers, Written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

Something = TypeVar("Something")
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ0123456789"
_MARKS = [*"*:^~|>!<#;+=@'?%&_{}", "\x1c", "\x1d", "\x1e", "\x1f"]
_NAMES = ("EXAMPLE PAYER", "ASSURANCE \u00c9TOILE", "MUTUELLE DE L EST")
_STRANGERS = (("ST*999*0009", "AK1*HP*1", "AK9*A*1*1*1", "SE*4*0009"), ("ST*277*0009", "BHT*0085*08", "SE*3*0009"))


def file(rnd: Random, *, whole: bool = False) -> list[Written]:
    """Return the interchanges of a file; with `whole` all trailers are there and right, and every payment balances."""
    found: list[Written] = []
    earlier: list[Claim] = []
    encoding = rnd.choice(["latin-1", "utf-8"])
    for _ in range(rnd.choice([1, 1, 1, 2, 3])):
        payments = tuple(payment(rnd, earlier, whole=whole) for _ in range(rnd.randint(1, 3)))
        if found and rnd.random() < 0.1:
            payments = (*payments, found[0].payments[0])
        others = {rnd.randint(0, len(payments)): rnd.choice(_STRANGERS)} if rnd.random() < 0.2 and not whole else {}
        trailers = _trailers(rnd) if rnd.random() < 0.2 and not whole else Trailers()
        found.append(Written(payments, replace(style(rnd), encoding=encoding), trailers, others))
    return found


def style(rnd: Random) -> Style:
    """Return delimiters that do not stand in the data, line ends or wraps, and what stands around."""
    element, component, repetition, mark = rnd.sample(_MARKS, 4)
    terminator = rnd.choice([mark, mark, mark, "\n", "\r", "\r\n"])
    broken = terminator == mark
    wrap = rnd.choice([None, None, 80, rnd.randint(1, 140)]) if broken else None
    return Style(
        element,
        component,
        repetition,
        terminator,
        newline=rnd.choice(["", "\n", "\r\n", "\r", "\n  ", "\x00"]) if broken and wrap is None else "",
        wrap=wrap,
        wrap_with=rnd.choice(["\n", "\r\n"]),
        lead=rnd.choice([b"", b"", b"\xef\xbb\xbf", b"\n\n", b"  \r\n"]),
        tail=rnd.choice([b"", b"", b"\x1a", b"\x00\x00", b"\n\n"]),
        version=rnd.choice(["00501", "00501", "00401"]),
        control=f"{rnd.randint(1, 10**9 - 1):09d}",
        group=str(rnd.randint(1, 999)),
        first_st=rnd.randint(1, 999),
        short_amounts=rnd.random() < 0.3,
    )


def payment(rnd: Random, earlier: list[Claim], *, whole: bool = False) -> Payment:
    """Return a payment; it balances and is not below zero, but where that is what is drawn.

    `earlier` are the claims of the file so far, of which some are reversed once; the new ones are added.
    """
    claims: list[Claim] = []
    for _ in range(rnd.choice([0, 1, 2, 3, 6])):
        undone = earlier.pop(rnd.randrange(len(earlier))) if earlier and rnd.random() < 0.3 else None
        if undone is None:
            claims.append(claim(rnd, whole=whole))
            earlier.append(claims[-1])
        else:
            claims.append(reversal(rnd, undone))
    provider = _some(rnd, 14, lambda: (rnd.choice(["WO", "FB", "L6", "72"]), reference(rnd), cents(rnd)), 0.4)
    drawn = Payment(
        trace=reference(rnd),
        claims=(*claims, Claim(reference(rnd), 10**9, 10**9)),
        provider=provider,
        payer_name=rnd.choice(_NAMES),
        payer_id=rnd.choice(["12345", ""]),
        payer_ref=rnd.choice(["", "", "PAYERREF"]),
        paid_on=day(rnd),
        method=rnd.choice(["ACH", "CHK", "NON"]),
        more=more(rnd, ("EV", "TJ"), ("405",)),
    )
    return replace(drawn, amount=drawn.balanced - 1 - cents(rnd)) if rnd.random() < 0.1 and not whole else drawn


def claim(rnd: Random, *, whole: bool = False) -> Claim:
    """Return a claim; it balances but for a few."""
    lines = _some(rnd, 3, lambda: line(rnd, whole=whole), 0.8)
    adjustments, paid = _adjustments(rnd), cents(rnd)
    both = [*adjustments, *(one for own in lines for one in own.adjustments)]
    first = day(rnd)
    return Claim(
        ref=reference(rnd),
        charge=paid + sum(amount for _, _, amount in both) + _off(rnd, whole=whole),
        paid=paid,
        owed=rnd.choice([0, cents(rnd)]),
        status=rnd.choice(["1", "2", "4", "19"]),
        payer_number=rnd.choice([reference(rnd), reference(rnd), ""]),
        facility=rnd.choice(["", "10", "02", "11"]),
        adjustments=adjustments,
        lines=lines,
        on=(first, first + timedelta(rnd.randint(0, 9))) if rnd.random() < 0.3 else None,
        remarks=_some(rnd, 5, lambda: rnd.choice(["MA01", "MA18"]), 0.3),
        stay_remarks=_some(rnd, 5, lambda: rnd.choice(["MA02", "N1"]), 0.1),
        more=more(rnd, ("G1", "1C", "EA", "IG"), ("050", "036", "222")),
    )


def line(rnd: Random, *, whole: bool = False) -> Line:
    """Return a service line; it balances but for a few."""
    adjustments, paid = _adjustments(rnd), cents(rnd)
    first = day(rnd)
    return Line(
        code=rnd.choice(["99213", "90837", "G0463"]),
        charge=paid + sum(amount for _, _, amount in adjustments) + _off(rnd, whole=whole),
        paid=paid,
        modifiers=_some(rnd, 4, lambda: rnd.choice(["95", "GT", "93", "25"]), 0.5),
        adjustments=adjustments,
        units=rnd.choice(["1", "2", "0.5", ""]),
        submitted=rnd.choice(["", "", "99214"]),
        on=rnd.choice([None, day(rnd)]),
        line_ref=rnd.choice(["", reference(rnd)]),
        remarks=_some(rnd, 3, lambda: rnd.choice(["N130", "M15"]), 0.3),
        period=(first, first + timedelta(1)) if rnd.random() < 0.2 else None,
        more=more(rnd, ("LU", "1D", "SY"), ("151",)),
    )


def reversal(rnd: Random, undone: Claim) -> Claim:
    """Return the claim that takes another back: by its number, by REF*F8 or by opposite amounts alone."""
    number = undone.payer_number or reference(rnd)
    payer_number, original_ref = rnd.choice([(number, ""), ("NEW", number), ("", "")])
    return Claim(
        ref=undone.ref,
        charge=-undone.charge,
        paid=-undone.paid,
        status="22",
        payer_number=payer_number,
        adjustments=(("CO", "45", undone.paid - undone.charge),),
        original_ref=original_ref,
    )


def more(rnd: Random, references: Sequence[str], dates: Sequence[str]) -> More:
    """Return some AMT, QTY, REF and DTM segments."""
    return More(
        amounts=_some(rnd, 3, lambda: (rnd.choice(["AU", "B6", "I"]), cents(rnd)), 0.3),
        quantities=_some(rnd, 2, lambda: (rnd.choice(["CA", "ZK"]), rnd.choice(["1", "2.5", "-3"])), 0.2),
        references=_some(rnd, 3, lambda: (rnd.choice(references), reference(rnd)), 0.3),
        dates=_some(rnd, 2, lambda: (rnd.choice(dates), day(rnd)), 0.3),
    )


def reference(rnd: Random) -> str:
    """Return a reference that does not come twice."""
    return "".join(rnd.choices(_LETTERS, k=rnd.randint(14, 17)))


def cents(rnd: Random) -> int:
    """Return an amount in cents, seldom 0 or below."""
    return rnd.choice([0, rnd.randint(-100_000, -1), *(rnd.randint(1, 1_000_000) for _ in range(4))])


def day(rnd: Random) -> date:
    """Return a day of 2026."""
    return date(2026, 1, 1) + timedelta(rnd.randint(0, 364))


def _adjustments(rnd: Random) -> tuple[Adjustment, ...]:
    reasons = ["45", "1", "2", "253", "97"]
    return _some(rnd, 8, lambda: (rnd.choice(["CO", "PR", "OA", "PI"]), rnd.choice(reasons), cents(rnd)), 0.6)


def _some(rnd: Random, most: int, one: Callable[[], Something], often: float) -> tuple[Something, ...]:
    return tuple(one() for _ in range(rnd.randint(1, most))) if rnd.random() < often else ()


def _off(rnd: Random, *, whole: bool) -> int:
    return rnd.randint(1, 999) if rnd.random() < 0.05 and not whole else 0


def _trailers(rnd: Random) -> Trailers:
    names = ["SE", "GE", "IEA"]
    return Trailers(
        left_out=frozenset(name for name in names if rnd.random() < 0.2),
        miscounted={name: rnd.randint(1, 9) for name in names if rnd.random() < 0.3},
        misnamed=frozenset(name for name in names if rnd.random() < 0.3),
    )
