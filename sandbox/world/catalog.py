"""Who takes part: practices, payers, services and what each payer allows for a service. All ids are invented."""

from dataclasses import dataclass
from datetime import date

from sandbox.world.draw import Draw
from sandbox.world.money import share


@dataclass(frozen=True)
class Practice:
    """A practice; fees in cents, clock_minutes is its offset from UTC."""

    practice_id: str
    payee_npi: str
    clock_minutes: int
    no_show_fee_cents: int
    late_cancel_fee_cents: int
    partial_visit: str
    provider_ids: tuple[str, ...]
    reference_length: int


@dataclass(frozen=True)
class Payer:
    """A payer and the habits of its remittances; level_percent is what it allows of the list price."""

    payer_id: str
    name: str
    edi_id: str
    trn_payer: str
    method: str
    level_percent: int
    filing_code: str
    number: int
    sequesters: bool = False
    echoes_place: bool = True
    claim_level: bool = False


@dataclass(frozen=True)
class Service:
    """A service code with its list price in cents for one unit and its length in minutes."""

    code: str
    minutes: int
    charge_cents: int
    max_units: int = 1


@dataclass(frozen=True)
class Fee:
    """A row of the fee schedule; dates inclusive, effective_to None means open."""

    payer_id: str
    service_code: str
    modifiers: str
    place_of_service: str
    effective_from: date
    effective_to: date | None
    allowed_cents: int


def _providers(first: int, count: int) -> tuple[str, ...]:
    return tuple(f"PRV-{number:03d}" for number in range(first, first + count))


PRACTICES = (
    Practice("PRC-EAST", "9990000011", -240, 5000, 2500, "pro_rata", _providers(1, 10), 17),
    Practice("PRC-LAKE", "9990000022", -300, 7500, 4000, "full", _providers(11, 8), 20),
    Practice("PRC-WEST", "9990000033", -420, 0, 0, "none", _providers(19, 7), 17),
)
PAYERS = (
    Payer("PAY-7KQ2", "SAMPLE HEALTH PLAN ONE", "TSTA1", "1990000101", "ACH", 72, "12", 1),
    Payer("PAY-M4TD", "SAMPLE HEALTH PLAN TWO", "TSTB2", "1990000202", "ACH", 68, "HM", 2),
    Payer("PAY-93XC", "SAMPLE FEDERAL PLAN", "TSTC3", "1990000303", "ACH", 65, "MB", 3, sequesters=True),
    Payer(
        "PAY-R1VH", "SAMPLE STATE PLAN", "TSTD4", "1990000404", "CHK", 63, "MC", 4, echoes_place=False, claim_level=True
    ),
)
SERVICES = (
    (Service("90834", 45, 16500), 24),
    (Service("90837", 60, 22500), 22),
    (Service("90832", 30, 12000), 10),
    (Service("99213", 20, 14500), 16),
    (Service("99214", 30, 20500), 14),
    (Service("90791", 60, 29000), 6),
    (Service("99204", 45, 32000), 4),
    (Service("H0004", 15, 4500, 4), 4),
)
PLACE_PERCENT = {"10": 100, "02": 87, "11": 103}


class FeeSchedule:
    """What a payer allows; a service with no row is unpriced."""

    def __init__(self, draw: Draw, month_start: date) -> None:
        self.rows: list[Fee] = []
        for payer in PAYERS:
            for service, _ in SERVICES:
                if (payer.number, service.code) != (4, "H0004"):
                    self._price(payer, service, draw.between(-3, 3), month_start)

    def _price(self, payer: Payer, service: Service, jitter: int, month_start: date) -> None:
        opened, middle = date(month_start.year, 1, 1), month_start.replace(day=15)
        for place, percent in PLACE_PERCENT.items():
            cents = share(service.charge_cents, (payer.level_percent + jitter) * percent, 10_000)
            if payer.number == 2:  # noqa: PLR2004 - the second payer changes its rates in the middle of the month
                self._add(payer, service, "", place, opened, middle.replace(day=14), cents)
                self._add(payer, service, "", place, middle, None, share(cents, 103, 100))
            else:
                self._add(payer, service, "", place, opened, None, cents)
            if payer.number == 1 and place == "10":
                self._add(payer, service, "93", place, opened, None, share(cents, 90, 100))

    def _add(self, payer: Payer, service: Service, *rest: object) -> None:
        self.rows.append(Fee(payer.payer_id, service.code, *rest))  # type: ignore[arg-type] # the rest in Fee's order

    def allowed(self, payer_id: str, service_code: str, modifiers: str, place: str, day: date) -> int | None:
        """Return the cents allowed for one unit, the row with the most matching modifiers first; None = unpriced."""
        have = set(filter(None, modifiers.split("|")))
        fitting = [
            row
            for row in self.rows
            if (row.payer_id, row.service_code, row.place_of_service) == (payer_id, service_code, place)
            and row.effective_from <= day <= (row.effective_to or day)
            and set(filter(None, row.modifiers.split("|"))) <= have
        ]
        return max(fitting, key=lambda row: len(row.modifiers)).allowed_cents if fitting else None
