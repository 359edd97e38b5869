"""Who takes part in the big books: practices, payers, services and what each payer allows. All ids are invented."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

FIRST_DAY = date(2024, 10, 1)
MONTHS = 24
WEEKS = 105
"""From the first day on; the last is cut short by the end of the books."""
LAST_DAY = date(2026, 9, 30)
AS_OF = date(2026, 10, 20)
REMIT_WEEKS = 2
"""A payer answers so many weeks after the week of the visit."""


class Practice(NamedTuple):
    """A practice; fees in cents, the clock in minutes from UTC."""

    practice_id: str
    npi: str
    clock: int
    no_show_fee_cents: int
    late_cancel_fee_cents: int
    partial_visit: str

    @property
    def offset(self) -> str:
        """The clock as ISO 8601 writes it; all of them are west of Greenwich."""
        return f"-{-self.clock // 60:02d}:00"


class Payer(NamedTuple):
    """A payer: what it allows of the list price in percent, how it pays, and whether it sequesters (CO-253)."""

    payer_id: str
    edi_id: str
    percent: int
    method: str
    sequesters: bool


class Service(NamedTuple):
    """A service, its list price in cents and its length in minutes."""

    code: str
    charge_cents: int
    minutes: int


PRACTICES = (
    Practice("PRC-A1", "9990000101", -240, 5000, 2500, "pro_rata"),
    Practice("PRC-B2", "9990000202", -300, 7500, 4000, "full"),
    Practice("PRC-C3", "9990000303", -420, 0, 0, "none"),
    Practice("PRC-D4", "9990000404", -360, 2500, 2500, "pro_rata"),
    Practice("PRC-E5", "9990000505", -480, 4000, 0, "pro_rata"),
)
PAYERS = (
    Payer("PAY-11AA", "BENCH1", 72, "ACH", sequesters=False),
    Payer("PAY-22BB", "BENCH2", 68, "ACH", sequesters=False),
    Payer("PAY-33CC", "BENCH3", 65, "ACH", sequesters=True),
    Payer("PAY-44DD", "BENCH4", 63, "CHK", sequesters=False),
    Payer("PAY-55EE", "BENCH5", 70, "ACH", sequesters=False),
)
PAYER_SHARES = (0.26, 0.22, 0.16, 0.1, 0.1)
"""Of all visits; the others pay for themselves."""
SERVICES = (
    Service("90834", 16500, 45),
    Service("90837", 22500, 60),
    Service("90832", 12000, 30),
    Service("99213", 14500, 20),
    Service("99214", 20500, 30),
    Service("90791", 29000, 60),
    Service("99204", 32000, 45),
    Service("H0031", 9500, 30),
)
SERVICE_SHARES = (0.24, 0.22, 0.1, 0.16, 0.14, 0.06, 0.04, 0.04)
PLACES = ("10", "02", "11")
PLACE_SHARES = (0.8, 0.16, 0.04)
PLACE_PERCENT = (100, 87, 103)
STATES = (
    ("completed", 0.845),
    ("partially_completed", 0.026),
    ("no_show", 0.040),
    ("late_cancelled", 0.026),
    ("cancelled", 0.042),
    ("abandoned", 0.009),
    ("scheduled", 0.005),
    ("started", 0.003),
    ("disputed", 0.004),
)

PAYING = (
    ("pays", 0.812),
    ("pays by invoice", 0.100),
    ("card fails", 0.030),
    ("is not asked", 0.020),
    ("gets a half back", 0.020),
    ("leaves an invoice open", 0.009),
    ("loses a dispute", 0.004),
    ("wins a dispute", 0.001),
    ("pays twice", 0.003),
    ("never pays an invoice", 0.001),
)
"""How a patient who owes something pays."""
ANSWERS = (
    ("pays", 0.845),
    ("none", 0.050),
    ("denies", 0.050),
    ("denies, then pays", 0.030),
    ("pays, then corrects", 0.025),
)
"""How a payer answers a claim."""
GUESSED_RIGHT, HAS_COINSURANCE, HAS_DEDUCTIBLE = 0.62, 0.85, 0.12
"""Of insured visits: the patient's share was estimated to the cent, is a fifth of the rest, has a deductible."""


def allowed_cents(payer: int, service: int, place: int) -> int:
    """Return what a payer allows for a service at a place; all three are places in the tuples above."""
    return SERVICES[service].charge_cents * PAYERS[payer].percent * PLACE_PERCENT[place] // 10_000


def paid_on(week: int) -> date:
    """Return the day on which payers pay what they adjudicated in a week."""
    return FIRST_DAY + timedelta(days=7 * week + 4)
