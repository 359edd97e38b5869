"""Visits of one week as columns, drawn by one seeded generator, and their observations as lines of CSV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.books.catalog import (
    ANSWERS,
    FIRST_DAY,
    GUESSED_RIGHT,
    HAS_COINSURANCE,
    HAS_DEDUCTIBLE,
    LAST_DAY,
    PAYER_SHARES,
    PAYERS,
    PAYING,
    PLACE_SHARES,
    PLACES,
    PRACTICES,
    SERVICE_SHARES,
    SERVICES,
    STATES,
    allowed_cents,
)
from ledger.rules.claim_ref import ALPHABET, RANDOM_LENGTH, check_character

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Column = NDArray[np.int64]

HEADER = (
    "visit_token,claim_ref,practice_id,provider_id,state,service_code,modifiers,units,place_of_service,"
    "scheduled_start,scheduled_end,started_at,ended_at,payer_id,charge_cents,patient_estimate_cents,state_changed_at\n"
)
_NAMES = [name for name, _ in STATES]
_COMPLETED, _PARTIAL, _NO_SHOW, _LATE = (
    _NAMES.index(name) for name in ("completed", "partially_completed", "no_show", "late_cancelled")
)
_STARTED = [_NAMES.index(name) for name in ("completed", "partially_completed", "started", "disputed")]
_UNENDED = _NAMES.index("started")
_ALLOWED = np.array(
    [
        [[allowed_cents(payer, service, place) for place in range(len(PLACES))] for service in range(len(SERVICES))]
        for payer in range(len(PAYERS))
    ]
)
_CHARGES = np.array([service.charge_cents for service in SERVICES])
_MINUTES = np.array([service.minutes for service in SERVICES])
_CLOCKS = np.array([practice.clock for practice in PRACTICES])
_ALPHABET = np.frombuffer(ALPHABET.encode(), "S1")
_EDITS = (("completed", "10"), ("disputed", None), ("cancelled", None), ("completed", "02"))


class Visit(NamedTuple):
    """One visit: `payer`, `practice`, `service`, `place` are places in the catalog (payer -1: self-pay). Cents.

    `paying` says how its patient pays, `answer` how its payer does (the catalog has the words).
    `started` and `ended` are seconds since 1970, of the schedule where nothing was started.
    """

    token: str
    claim_ref: str
    practice: int
    payer: int
    state: str
    service: int
    place: int
    charge: int
    allowed: int
    deductible: int
    coinsurance: int
    target: int
    started: int
    ended: int
    paying: str
    answer: str


@dataclass(frozen=True)
class Week:
    """The visits of a week and the lines of the ledger that tell of them, with the month each line is exported in."""

    visits: Sequence[Visit]
    lines: Sequence[tuple[str, str]]


def drawn(chance: np.random.Generator, week: int, count: int) -> Week:
    """Draw the visits of a week (0 is the first)."""
    draw = _Draw(chance, week, count)
    visits = list(map(Visit._make, zip(*draw.columns(), strict=True)))
    return Week(visits, list(draw.lines(visits)))


class _Draw:
    """The columns of a week. Times are minutes since 1970, UTC."""

    def __init__(self, chance: np.random.Generator, week: int, count: int) -> None:
        self.count, self.chance = count, chance
        first = (FIRST_DAY - FIRST_DAY.replace(year=1970, month=1, day=1)).days + 7 * week
        days = min(7, (LAST_DAY.toordinal() - FIRST_DAY.toordinal()) - 7 * week + 1)
        self.practice = self._of(len(PRACTICES), None)
        self.payer = self._of(len(PAYERS) + 1, (*PAYER_SHARES, 1 - sum(PAYER_SHARES)))
        self.payer[self.payer == len(PAYERS)] = -1
        self.service = self._of(len(SERVICES), SERVICE_SHARES)
        self.place = self._of(len(PLACES), PLACE_SHARES)
        self.state = self._of(len(STATES), [share for _, share in STATES])
        self.clock = _CLOCKS[self.practice]
        local = first * 1440 + self._below(days) * 1440 + 7 * 60 + self._below(13 * 4) * 15
        self.start = np.sort(local - self.clock)
        self.end = self.start + _MINUTES[self.service]
        has_started = np.isin(self.state, _STARTED)
        self.began = np.where(has_started, self.start + self._below(12) - 2, self.start)
        spent = np.where(
            self.state == _PARTIAL,
            _MINUTES[self.service] * (35 + self._below(40)) // 100,
            _MINUTES[self.service] + self._below(10) - 4,
        )
        self.over = self.began + spent
        self.has_started, self.has_ended = has_started, has_started & (self.state != _UNENDED)
        self.changed = np.where(has_started, self.over, self.start) + 3 + self._below(50)
        self.booked = self.start - 30 * 60 - self._below(400 * 60)

    def columns(self) -> list[list[object]]:
        """Return the columns of `Visit`."""
        charge = _CHARGES[self.service]
        insured = self.payer >= 0
        allowed = np.where(insured, _ALLOWED[self.payer, self.service, self.place], charge)
        deductible = np.where(insured & self._hit(HAS_DEDUCTIBLE), np.minimum(allowed, self._below(20_000)), 0)
        coinsurance = np.where(insured & self._hit(HAS_COINSURANCE), (allowed - deductible) // 5, 0)
        truth = deductible + coinsurance
        guess = np.where(self._hit(GUESSED_RIGHT), truth, np.maximum(0, truth + self._below(4_000) - 2_000))
        self.estimate = np.where(insured, guess, -1)
        states = [_NAMES[at] for at in self.state.tolist()]
        tokens = self._tokens()
        refs = self._references(insured)
        target = self._target(charge, insured)
        columns = (
            *(self.practice, self.payer, states, self.service, self.place, charge, allowed, deductible, coinsurance),
            *(target, self.began * 60, self.over * 60, self._named(PAYING), self._named(ANSWERS)),
        )
        return [tokens, refs, *(column if isinstance(column, list) else column.tolist() for column in columns)]

    def lines(self, visits: Sequence[Visit]) -> Iterator[tuple[str, str]]:
        """Yield (month, line) of every observation: one in five is booked first, one in forty edited later."""
        booked, edited = self._below(5) == 0, self._below(40) == 0
        texts = [self._local(column) for column in (self.start, self.end, self.began, self.over, self.changed)]
        moved = self._local(self.changed + 1440 * (2 + self._below(40)))
        providers, modifiers = self._below(40).tolist(), self._below(10).tolist()
        estimates = self.estimate.tolist()
        was_booked = self._local(self.booked)
        flags = zip(booked.tolist(), edited.tolist(), self.has_started.tolist(), self.has_ended.tolist(), strict=True)
        for at, (visit, flag, *times) in enumerate(zip(visits, flags, *texts, strict=True)):
            start, end, began, over, changed = times
            practice, payer = PRACTICES[visit.practice], PAYERS[visit.payer] if visit.payer >= 0 else None
            head = f"{visit.token},{visit.claim_ref},{practice.practice_id},{practice.practice_id}-{providers[at]:02d},"
            code = f",{SERVICES[visit.service].code},{'' if modifiers[at] == 0 else '95'},1,"
            when = f",{start},{end},"
            tail = f",{payer.payer_id if payer else ''},{visit.charge},{estimates[at] if payer else ''},"
            place = PLACES[visit.place]
            if flag[0] and visit.state != "scheduled":
                yield was_booked[at][:7], f"{head}scheduled{code}{place}{when},{tail}{was_booked[at]}\n"
            happened = f"{began if flag[2] else ''},{over if flag[3] else ''}"
            yield changed[:7], f"{head}{visit.state}{code}{place}{when}{happened}{tail}{changed}\n"
            if flag[1]:
                state, other = _EDITS[at % len(_EDITS)]
                state = visit.state if state == "completed" else state
                yield moved[at][:7], f"{head}{state}{code}{other or place}{when}{happened}{tail}{moved[at]}\n"

    def _target(self, charge: Column, insured: NDArray[np.bool_]) -> Column:
        """Work out what is asked of the patient at first; what partial visits bill is near enough."""
        fees = np.select(
            [self.state == _NO_SHOW, self.state == _LATE],
            [
                np.array([practice.no_show_fee_cents for practice in PRACTICES])[self.practice],
                np.array([practice.late_cancel_fee_cents for practice in PRACTICES])[self.practice],
            ],
            0,
        )
        bills = np.isin(self.state, (_COMPLETED, _PARTIAL, _NAMES.index("disputed")))
        return np.where(bills, np.where(insured, self.estimate, charge), fees)

    def _local(self, minutes: Column) -> list[str]:
        """Write times on the clock of the practice, with its offset from UTC."""
        text = np.datetime_as_string((minutes + self.clock).astype("datetime64[m]"))
        ends = np.array([f":00{practice.offset}" for practice in PRACTICES])[self.practice]
        return [f"{one}{other}" for one, other in zip(text.tolist(), ends.tolist(), strict=True)]

    def _tokens(self) -> list[object]:
        raw = self.chance.integers(0, 256, (self.count, 16), dtype=np.uint8)
        raw[:, 6] = raw[:, 6] & 0x0F | 0x40
        raw[:, 8] = raw[:, 8] & 0x3F | 0x80
        text = raw.tobytes().hex()
        whole = (text[at : at + 32] for at in range(0, len(text), 32))
        return [f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}" for h in whole]

    def _references(self, insured: NDArray[np.bool_]) -> list[object]:
        letters = _ALPHABET[self.chance.integers(0, len(ALPHABET), (self.count, RANDOM_LENGTH))]
        bodies = letters.view(f"S{RANDOM_LENGTH}").ravel().astype(str).tolist()
        return [body + check_character(body) if has else "" for body, has in zip(bodies, insured.tolist(), strict=True)]

    def _of(self, size: int, shares: Sequence[float] | None) -> Column:
        return self.chance.choice(size, self.count, p=shares)

    def _named(self, words: Sequence[tuple[str, float]]) -> list[object]:
        return [words[at][0] for at in self._of(len(words), [share for _, share in words]).tolist()]

    def _hit(self, share: float) -> NDArray[np.bool_]:
        return self.chance.random(self.count) < share

    def _below(self, limit: int) -> Column:
        return self.chance.integers(0, limit, self.count)
