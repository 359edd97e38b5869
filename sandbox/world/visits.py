"""The month's visits: who, when, in which state, at what list price and with what patient estimate."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

from sandbox.world.catalog import PAYERS, PRACTICES, SERVICES, FeeSchedule, Payer, Practice, Service
from sandbox.world.draw import Draw
from sandbox.world.money import share

BILLING_STATES = ("completed", "partially_completed")
STATES = (
    ("completed", 845), ("partially_completed", 26), ("no_show", 40), ("late_cancelled", 26),
    ("cancelled", 42), ("abandoned", 9), ("scheduled", 5), ("started", 3), ("disputed", 4),
)  # fmt: skip


@dataclass
class Patient:
    """A patient as Stripe and payers know one: a customer id and the terms of a plan (cents, percent)."""

    customer_id: str
    practice: Practice
    payer: Payer | None
    copay_cents: int
    coinsurance_percent: int
    deductible_cents: int
    has_secondary: bool


@dataclass
class Visit:
    """One visit. Money in cents; estimate_cents is None for self-pay; share is the plan's (PR-1, PR-2, PR-3)."""

    token: str
    claim_ref: str
    patient: Patient
    provider_id: str
    state: str
    service: Service
    modifiers: str
    units: int
    place: str
    scheduled_start: datetime
    scheduled_end: datetime
    started_at: datetime | None
    ended_at: datetime | None
    booked_at: datetime
    closed_at: datetime
    charge_cents: int
    estimate_cents: int | None = None
    share: tuple[int, int, int] = (0, 0, 0)
    expected: dict[str, int | None] = field(default_factory=dict)
    remit: str = ""
    paying: str = ""
    responsibility: int | None = None

    @property
    def bills(self) -> bool:
        """Whether the state bills."""
        return self.state in BILLING_STATES

    @property
    def insured(self) -> bool:
        """Whether a payer stands behind the visit."""
        return self.patient.payer is not None

    @property
    def day(self) -> date:
        """The service date in UTC."""
        return (self.started_at or self.scheduled_start).astimezone(UTC).date()

    @property
    def expected_cents(self) -> int | None:
        """What the fee schedule allows at the ledger's place of service; None = unpriced."""
        return self.expected[self.place]

    def first_target(self) -> int:
        """Return the patient's target in cents before a payer adjudicates (a disputed visit is on hold: charge)."""
        practice = self.patient.practice
        if self.state in ("no_show", "late_cancelled"):
            return practice.no_show_fee_cents if self.state == "no_show" else practice.late_cancel_fee_cents
        if self.state not in (*BILLING_STATES, "disputed"):
            return 0
        if self.estimate_cents is not None:
            return self.estimate_cents
        return self._partial_charge() if self.state == "partially_completed" else self.charge_cents

    def _partial_charge(self) -> int:
        policy = self.patient.practice.partial_visit
        if policy != "pro_rata" or not (self.started_at and self.ended_at):
            return self.charge_cents if policy == "full" else 0
        delivered = int((self.ended_at - self.started_at).total_seconds())
        planned = int((self.scheduled_end - self.scheduled_start).total_seconds())
        return min(self.charge_cents, share(self.charge_cents, delivered, planned))

    def target(self) -> int:
        """Return the patient's target in cents once everything planned has been adjudicated."""
        return self.responsibility if self.bills and self.responsibility is not None else self.first_target()


def patients(draw: Draw, count: int) -> list[Patient]:
    """Return the patients, each of one practice and one payer (or none)."""
    payers: list[tuple[Payer | None, int]] = [(None, 18), *zip(PAYERS, (28, 24, 18, 12), strict=True)]
    found = []
    for _ in range(count):
        payer = draw.weighted(payers)
        practice = draw.weighted([(PRACTICES[0], 45), (PRACTICES[1], 33), (PRACTICES[2], 22)])
        copay, coinsurance = draw.weighted([((draw.pick([1500, 2000, 2500, 3000, 4000]), 0), 65), ((0, 20), 35)])
        if payer and payer.sequesters:
            copay, coinsurance = 0, 20
        deductible = draw.between(40, 400) * 100 if draw.hit(18) else 0
        secondary = bool(payer and payer.sequesters and draw.hit(35))
        found.append(Patient(draw.stripe_id("cus"), practice, payer, copay, coinsurance, deductible, secondary))
    return found


def visits(draw: Draw, people: list[Patient], fees: FeeSchedule, first: date, days: int) -> list[Visit]:
    """Return the visits of the month, by scheduled start; more on weekdays, some in the last hours of a month's day."""
    found: list[Visit] = []
    for number in range(-1, days):
        day = first + timedelta(days=number)
        count = 12 if number < 0 else (draw.between(24, 34) if day.weekday() > 4 else draw.between(100, 110))  # noqa: PLR2004 - Saturday is 5
        found.extend(_visit(draw, draw.pick(people), day, late=number < 0) for _ in range(count))
    found.sort(key=lambda visit: (visit.scheduled_start, visit.token))
    for visit in found:
        _price(draw, visit, fees)
    return found


def _visit(draw: Draw, patient: Patient, day: date, *, late: bool) -> Visit:
    service = draw.weighted(SERVICES)
    units = draw.between(2, service.max_units) if service.max_units > 1 else 1
    minutes = service.minutes * units
    zone = timezone(timedelta(minutes=patient.practice.clock_minutes))
    hour = draw.between(19, 22) if late else draw.weighted([(draw.between(7, 18), 88), (draw.between(19, 21), 12)])
    start = datetime(day.year, day.month, day.day, hour, draw.pick([0, 15, 30, 45]), tzinfo=zone)
    state = draw.weighted(STATES)
    began = (
        start + timedelta(minutes=draw.between(-2, 9)) if state in (*BILLING_STATES, "started", "disputed") else None
    )
    spent = minutes * draw.between(35, 75) // 100 if state == "partially_completed" else minutes + draw.between(-4, 6)
    ended = began + timedelta(minutes=spent) if began and state != "started" else None
    return Visit(
        token=draw.token(),
        claim_ref=draw.reference(patient.practice.reference_length) if patient.payer else "",
        patient=patient,
        provider_id=draw.pick(patient.practice.provider_ids),
        state=state,
        service=service,
        modifiers=draw.weighted([("95", 74), ("", 10), ("93", 9), ("GT|95", 7)]),
        units=units,
        place=draw.weighted([("10", 80), ("02", 16), ("11", 4)]),
        scheduled_start=start,
        scheduled_end=start + timedelta(minutes=minutes),
        started_at=began,
        ended_at=ended,
        booked_at=start - timedelta(hours=draw.between(30, 400), minutes=draw.between(0, 59)),
        closed_at=(ended or began or start) + timedelta(minutes=draw.between(3, 55)),
        charge_cents=service.charge_cents * units,
    )


def _price(draw: Draw, visit: Visit, fees: FeeSchedule) -> None:
    payer = visit.patient.payer
    if payer is None:
        visit.expected = dict.fromkeys(("02", "10", "11"))
        return
    for place in ("02", "10", "11"):
        unit = fees.allowed(payer.payer_id, visit.service.code, visit.modifiers, place, visit.day)
        visit.expected[place] = None if unit is None else unit * visit.units
    allowed = visit.expected_cents
    visit.share = patient_share(visit.patient, share(visit.charge_cents, 63, 100) if allowed is None else allowed)
    if visit.bills:
        visit.patient.deductible_cents -= visit.share[0]
    truth = sum(visit.share)
    guesses = [(truth, 58), (visit.patient.copay_cents, 22), (max(0, truth - 1250), 10), (truth + 1575, 10)]
    visit.estimate_cents = draw.weighted(guesses)


def patient_share(patient: Patient, allowed: int) -> tuple[int, int, int]:
    """Return (deductible PR-1, coinsurance PR-2, copay PR-3) of an allowed amount, in cents."""
    deductible = min(patient.deductible_cents, allowed)
    rest = allowed - deductible
    return deductible, share(rest, patient.coinsurance_percent, 100), min(patient.copay_cents, rest)
