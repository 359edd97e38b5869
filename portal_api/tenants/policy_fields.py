"""The policies as a form asks for them: a label and bounds for each, and the sentence for what is out of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING

from ledger.rules.billing import PartialVisit
from portal_api.tenants.practices import Policies

if TYPE_CHECKING:
    from portal_api.forms import Form


CENT_DIGITS, MOST_DIGITS = 2, 9


@dataclass(frozen=True)
class Number:
    """A whole number with its bounds; of money, cents, which people write as dollars."""

    name: str
    label: str
    least: int
    most: int

    @property
    def is_money(self) -> bool:
        """Tell whether it is an amount."""
        return self.name.endswith("_cents")

    def written(self, policies: Policies) -> str:
        """Return the value as the form shows it."""
        value = int(getattr(policies, self.name))
        return f"{value // 100}.{value % 100:02}" if self.is_money else str(value)

    def read(self, text: str) -> int:
        """Return the value of what somebody wrote; raises ValueError with a sentence."""
        whole, _, part = text.removeprefix("$").replace(",", "").partition(".")
        digits = whole + part.ljust(CENT_DIGITS, "0") if self.is_money else whole
        is_number = digits.isascii() and digits.isdigit() and (len(part) <= CENT_DIGITS if self.is_money else not part)
        value = int(digits) if is_number and len(digits) <= MOST_DIGITS else -1
        if not self.least <= value <= self.most:
            low, high = (f"${n // 100:,}" if self.is_money else f"{n:,}" for n in (self.least, self.most))
            raise ValueError(f"{self.label}: please give a number from {low} to {high}.")
        return value


# Known ones with their bounds; one that a room added since is asked for by its name.
_KNOWN = (
    Number("patient_idle_minutes", "Sign patients out after minutes without a click", 5, 60),
    Number("patient_session_hours", "Sign patients out in any case after hours", 1, 24),
    Number("staff_idle_minutes", "Sign staff out after minutes without a click", 5, 60),
    Number("staff_session_hours", "Sign staff out in any case after hours", 1, 24),
    Number("message_retention_days", "Keep messages for days", 1, 3_650),
    Number("cancel_hours", "Patients cancel without a fee until hours before", 0, 336),
    Number("late_cancel_fee_cents", "Fee for cancelling later, in dollars", 0, 100_000),
    Number("no_show_fee_cents", "Fee for a missed visit, in dollars", 0, 100_000),
    Number("hold_minutes", "Hold a time for a patient who is booking, for minutes", 2, 60),
    Number("offer_minutes", "Hold an offer of the waiting list, for minutes", 5, 1_440),
)
NUMBERS = _KNOWN + tuple(
    Number(each.name, each.name.removesuffix("_cents").replace("_", " ").capitalize(), 0, 1_000_000)
    for each in fields(Policies)
    if isinstance(each.default, int)
    and not isinstance(each.default, bool)
    and each.name not in {known.name for known in _KNOWN}
)
_FLAGS = {
    "accepts_new_patients": "New patients can book",
    "wants_card": "Patients save a card before a visit; who has none is not charged by itself",
    "video_recording": "A visit may be recorded, where everybody in it agrees",
}
FLAGS = {each.name: _FLAGS[each.name] for each in fields(Policies) if each.type == "bool"}
PARTIAL = {
    PartialVisit.PRO_RATA: "for the time it lasted",
    PartialVisit.FULL: "in full",
    PartialVisit.NONE: "not at all",
}


def read(policies: Policies, form: Form) -> tuple[Policies, list[str]]:
    """Return the policies as the form wants them, and a sentence for each field that will not do."""
    values, problems = asdict(policies), []
    for number in NUMBERS:
        try:
            values[number.name] = number.read(form.get(number.name))
        except ValueError as refusal:
            problems.append(str(refusal))
    values |= {name: bool(form.get(name)) for name in FLAGS}
    if form.get("partial_visit") in set(PartialVisit):
        values["partial_visit"] = form.get("partial_visit")
    return replace(policies, **values), problems
