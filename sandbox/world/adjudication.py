"""What payers decide: for each insured visit the remit claims it will get, week by week."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sandbox.world.catalog import PAYERS, PRACTICES, Payer, Practice
from sandbox.world.draw import CROCKFORD, Draw
from sandbox.world.money import share
from sandbox.world.visits import Visit
from sandbox.world.x12 import Claim

REASONS = (("197", "N54"), ("29", ""), ("16", "M76"), ("50", "N115"), ("96", "N130"), ("97", ""), ("11", ""))
LATE_DAYS, EARLY_DAYS = 42, 48
SECONDARY = PAYERS[3]


@dataclass(frozen=True)
class Posting:
    """A claim, or a PLB triple, on its way into the remit of a payer, practice, week (0 to 3) and lane (1 = apart)."""

    payer: Payer
    practice: Practice
    week: int
    claim: Claim | None = None
    provider_adjustment: tuple[str, str, int] | None = None
    lane: int = 0


@dataclass
class Book:
    """The postings so far, the leaks planned (category → key → cents) and how many visits each story has."""

    draw: Draw
    as_of: date
    month_start: date
    postings: list[Posting] = field(default_factory=list)
    leaks: dict[str, dict[str, int]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def leak(self, category: str, key: str, cents: int) -> None:
        """Plan a leak."""
        self.leaks.setdefault(category, {})[key] = cents

    def post(self, visit: Visit, claim: Claim, week: int, *, payer: Payer | None = None, lane: int = 0) -> None:
        """Put a claim of a visit into a remit."""
        behind = payer or visit.patient.payer
        if behind:
            self.postings.append(Posting(behind, visit.patient.practice, week, claim, lane=lane))

    def adjust(self, visit: Visit, week: int, why: str, reference: str, cents: int) -> None:
        """Put a PLB pair into a remit of the visit's payer and practice."""
        if visit.patient.payer:
            pair, lane = (why, reference, cents), int(why == "FB" and cents < 0)
            self.postings.append(Posting(visit.patient.payer, visit.patient.practice, week, None, pair, lane))


def paid(book: Book, visit: Visit, allowed: int, place: str | None = None) -> Claim:
    """Return a primary claim that allows so many cents: CO-45, PR by the visit's plan, CO-253 at 2% where withheld."""
    payer = visit.patient.payer or PAYERS[0]
    left, owed = allowed, []
    for reason, cents in zip(("1", "2", "3"), visit.share, strict=True):
        part = min(cents, left)
        left -= part
        owed.append(("PR", reason, part))
    withheld = share(left, 2, 100) if payer.sequesters else 0
    lines = [("CO", "45", visit.charge_cents - allowed), ("CO", "253", withheld), *owed]
    adjustments = tuple(line for line in lines if line[2])
    return _claim(book, visit, left - withheld, adjustments, place)


def _claim(
    book: Book, visit: Visit, cents: int, adjustments: tuple[tuple[str, str, int], ...], place: str | None = None
) -> Claim:
    payer = visit.patient.payer or PAYERS[0]
    return Claim(
        reference=visit.claim_ref,
        status="1",
        charge=visit.charge_cents,
        paid=cents,
        adjustments=adjustments,
        number=f"{payer.number}{book.draw.text(CROCKFORD, 12)}",
        place=(place or visit.place) if payer.echoes_place else "",
        filing=payer.filing_code,
        service_code=visit.service.code,
        modifiers=tuple(filter(None, visit.modifiers.split("|"))),
        units=visit.units,
        day=visit.day,
        claim_level=payer.claim_level,
    )


def denial(book: Book, visit: Visit) -> Claim:
    """Return a denial; some show the contractual part apart, some have status 4."""
    reason, remark = book.draw.pick(REASONS)
    allowed = visit.expected_cents
    if allowed is not None and book.draw.hit(30):
        lines = (("CO", "45", visit.charge_cents - allowed), ("CO", reason, allowed))
        return replace(_claim(book, visit, 0, lines), remark=remark)
    status = book.draw.weighted([("1", 80), ("4", 20)])
    return replace(_claim(book, visit, 0, (("CO", reason, visit.charge_cents),)), remark=remark, status=status)


def reversal(claim: Claim, status: str = "22") -> Claim:
    """Return the claim undone: every amount negated under its own group code (X12 RFI 1147)."""
    lines = tuple((group, why, -cents) for group, why, cents in claim.adjustments)
    return replace(claim, status=status, charge=-claim.charge, paid=-claim.paid, adjustments=lines, remark="")


def allowed_of(visit: Visit) -> int:
    """Return what the payer allows: the fee, or a habit of 63% where the schedule has no row."""
    return share(visit.charge_cents, 63, 100) if visit.expected_cents is None else visit.expected_cents


def plan(book: Book, visits: list[Visit]) -> None:
    """Give every insured visit its remit story and post its claims."""
    early = book.as_of - timedelta(days=EARLY_DAYS)
    late = book.as_of - timedelta(days=LATE_DAYS)
    pool = [visit for visit in visits if visit.insured and visit.bills]
    _pick(book, pool, "claim_never_adjudicated", 22, lambda v: v.day <= early and _unpaid_worth(v) > 0)
    _pick(book, pool, "pending", 60, lambda v: v.day >= late)
    _pick(book, pool, "reversal_only", 4, lambda v: v.day >= late)
    _pick(book, pool, "pos_mismatch", 16, _place_matters)
    _pick(book, pool, "underpaid", 30, lambda v: v.expected_cents is not None)
    for story, count in (("denied", 45), ("denied_then_paid", 18), ("reversed_and_corrected", 24), ("by_sign", 2),
                         ("overpaid", 5), ("nearly_right", 10), ("recovery", 3), ("own_cheque", 1), ("interest", 6),
                         ("predetermined", 1), ("ref_lost", 4)):  # fmt: skip
        _pick(book, pool, story, count, lambda v: v.expected_cents is not None and v.patient.payer is not SECONDARY)
    _pick(book, pool, "forward", 1, lambda v: v.patient.payer is PAYERS[0] and v.expected_cents is not None)
    for story, count, fits in (("ref_dashed", 25, 17), ("ref_cut_to_12", 6, 17), ("ref_cut_to_17", 20, 20)):
        _pick(book, pool, story, count, lambda v, fits=fits: len(v.claim_ref) == fits)  # type: ignore[misc] # the loop's own
    _pick(book, pool, "secondary", 40, lambda v: v.patient.has_secondary and sum(v.share) > 0)
    unbillable = [v for v in visits if v.insured and v.state in ("cancelled", "no_show", "late_cancelled")]
    _pick(book, unbillable, "remit_for_unbillable_visit", 6, lambda v: sum(v.share) < allowed_of(v) // 2)
    for visit in visits:
        if visit.insured and (visit.bills or visit.remit):
            _post(book, visit)
    _orphans(book)


def _unpaid_worth(visit: Visit) -> int:
    whole = visit.charge_cents if visit.expected_cents is None else visit.expected_cents
    return whole - (visit.estimate_cents or 0)


def _place_matters(visit: Visit) -> bool:
    payer = visit.patient.payer
    return bool(payer and payer.echoes_place and visit.place in ("02", "10") and visit.expected_cents is not None)


def _pick(book: Book, pool: Iterable[Visit], story: str, count: int, fits: Callable[[Visit], bool]) -> None:
    free = [visit for visit in pool if not visit.remit and fits(visit)]
    for visit in book.draw.some(free, count):
        visit.remit = story
    book.counts[story] = count


def _post(book: Book, visit: Visit) -> None:
    week = min(3, max(0, (visit.day - book.month_start).days // 8))
    story = STORIES.get(visit.remit, _plain)
    last = story(book, visit, week if story in ONE_REMIT else min(1, week))
    visit.responsibility = last.responsibility if last else None


def _plain(book: Book, visit: Visit, week: int) -> Claim | None:
    claim = paid(book, visit, allowed_of(visit))
    book.post(visit, claim, week)
    return claim


def _never(book: Book, visit: Visit, _week: int) -> Claim | None:
    if visit.remit == "claim_never_adjudicated":
        book.leak(visit.remit, visit.token, _unpaid_worth(visit))
    return None


def _denied(book: Book, visit: Visit, week: int) -> Claim | None:
    claim = denial(book, visit)
    book.post(visit, claim, week)
    book.leak("denied", visit.token, allowed_of(visit))
    return claim


def _denied_then_paid(book: Book, visit: Visit, week: int) -> Claim | None:
    book.post(visit, denial(book, visit), week)
    claim = replace(paid(book, visit, allowed_of(visit)), frequency="7")
    book.post(visit, claim, week + 1)
    return claim


def _reversed(book: Book, visit: Visit, week: int) -> Claim | None:
    first, lane = _first_try(book, visit, week), int(visit.remit == "forward")
    status = "1" if visit.remit == "by_sign" else "22"
    undo = reversal(first, status)
    if visit.remit == "ref_lost":
        undo = replace(undo, reference="0")
    book.post(visit, undo, week + 1, lane=lane)
    _provider_side(book, visit, first, week + 1)
    if visit.remit == "reversal_only":
        return None
    claim = replace(paid(book, visit, allowed_of(visit)), frequency="7")
    book.post(visit, claim, week + 1 if book.draw.hit(75) and not lane else week + 2)
    return claim


def _first_try(book: Book, visit: Visit, week: int) -> Claim:
    wrong = share(allowed_of(visit), book.draw.pick([85, 90, 104]), 100)
    first = paid(book, visit, min(wrong, visit.charge_cents))
    book.post(visit, first, week)
    return first


def _provider_side(book: Book, visit: Visit, first: Claim, week: int) -> None:
    """Delay a recovery (WO), or carry a balance forward (FB): each nets to zero a week later (X12 RFI 1756, 1374).

    All but one recovery, which is still to come.
    """
    if visit.remit in ("recovery", "own_cheque"):
        book.adjust(visit, week, "WO", first.number, -first.paid)
        if visit.remit == "recovery" and first.paid and visit.patient.payer and "recoupment_open" not in book.leaks:
            owed = (visit.patient.payer.edi_id, visit.patient.practice.payee_npi)
            book.leak("recoupment_open", "|".join(owed), first.paid)
        else:
            book.adjust(visit, week + 1, "WO", first.number, first.paid)
    if visit.remit == "own_cheque":
        book.adjust(visit, week + 1, "72", first.number, -first.paid)
    if visit.remit == "forward":
        book.adjust(visit, week, "FB", first.number, -first.paid)
        book.adjust(visit, week + 1, "FB", first.number, first.paid)


def _mismatch(book: Book, visit: Visit, week: int) -> Claim | None:
    other = "02" if visit.place == "10" else "10"
    ours, theirs = visit.expected_cents or 0, visit.expected[other] or 0
    claim = paid(book, visit, theirs, other)
    book.post(visit, claim, week)
    book.leak("pos_mismatch", visit.token, ours - theirs)
    return claim


def _off(book: Book, visit: Visit, week: int) -> Claim | None:
    low, high = {"underpaid": (300, 2400), "overpaid": (-600, -100), "nearly_right": (1, 99)}[visit.remit]
    short = book.draw.between(low, high)
    claim = paid(book, visit, allowed_of(visit) - short)
    book.post(visit, claim, week)
    if visit.remit == "underpaid":
        book.leak("underpaid", visit.token, short)
    return claim


def _resent_reference(book: Book, visit: Visit, week: int) -> Claim | None:
    ref = visit.claim_ref
    dashed = "-".join(ref[at : at + 4] for at in range(0, len(ref), 4)).lower()
    sent = {"ref_dashed": dashed, "ref_cut_to_12": ref[:12], "ref_cut_to_17": ref[:17]}[visit.remit]
    claim = replace(paid(book, visit, allowed_of(visit)), reference=sent)
    book.post(visit, claim, week)
    return claim


def _secondary(book: Book, visit: Visit, week: int) -> Claim | None:
    first = replace(paid(book, visit, allowed_of(visit)), status=book.draw.pick(["1", "19"]))
    book.post(visit, first, week)
    left = min(first.responsibility, book.draw.pick([0, 0, 500, 1000]))
    prior = visit.charge_cents - first.responsibility
    lines = (("OA", "23", prior), *((("PR", "3", left),) if left else ()))
    second = replace(
        first,
        status="2",
        paid=first.responsibility - left,
        adjustments=lines,
        number=f"{SECONDARY.number}{book.draw.text(CROCKFORD, 12)}",
        claim_level=True,
        filing=SECONDARY.filing_code,
        place="",
    )
    book.post(visit, second, week + 1, payer=SECONDARY)
    return second


def _interest(book: Book, visit: Visit, week: int) -> Claim | None:
    claim = _plain(book, visit, week)
    if claim:
        book.adjust(visit, week, "L6", claim.number, -book.draw.between(12, 240))
    return claim


def _predetermined(book: Book, visit: Visit, week: int) -> Claim | None:
    estimate = replace(_claim(book, visit, 0, (("CO", "101", visit.charge_cents),)), status="25")
    book.post(visit, estimate, week)
    return _plain(book, visit, week)


def _unbillable(book: Book, visit: Visit, week: int) -> Claim | None:
    claim = paid(book, visit, allowed_of(visit))
    book.post(visit, claim, week)
    book.leak("remit_for_unbillable_visit", visit.token, claim.paid)
    return claim


def _orphans(book: Book) -> None:
    """Post claims that no visit of ours has."""
    for _ in range(7):
        payer, cents = book.draw.pick(PAYERS[:3]), book.draw.between(60, 180) * 100
        ref, number = book.draw.reference(17), f"{payer.number}{book.draw.text(CROCKFORD, 12)}"
        lines, day = (("CO", "45", 4000),), book.month_start + timedelta(days=book.draw.between(0, 20))
        claim = Claim(ref, "1", cents + 4000, cents, lines, number, "10", payer.filing_code, "90834", ("95",), 1, day)
        book.postings.append(Posting(payer, book.draw.pick(PRACTICES), book.draw.between(0, 2), claim))
        book.leak("orphan_remit", ref, cents)


STORIES = {
    "claim_never_adjudicated": _never,
    "pending": _never,
    "denied": _denied,
    "denied_then_paid": _denied_then_paid,
    "pos_mismatch": _mismatch,
    "secondary": _secondary,
    "interest": _interest,
    "predetermined": _predetermined,
    "remit_for_unbillable_visit": _unbillable,
    **dict.fromkeys(("underpaid", "overpaid", "nearly_right"), _off),
    **dict.fromkeys(("ref_dashed", "ref_cut_to_12", "ref_cut_to_17"), _resent_reference),
    **dict.fromkeys(
        ("reversed_and_corrected", "reversal_only", "by_sign", "recovery", "own_cheque", "forward", "ref_lost"),
        _reversed,
    ),
}
ONE_REMIT = (_plain, _denied, _mismatch, _off, _resent_reference)
