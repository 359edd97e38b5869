"""Adjustments of a remittance (CAS): the group says who bears the amount, group and reason what kind of money it is."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from ledger.rules.codes_file import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable

# Claim adjustment group codes of 005010X221A1, CAS01.
PATIENT_RESPONSIBILITY = "PR"
CONTRACTUAL_OBLIGATION = "CO"
GROUP_CODES = frozenset({PATIENT_RESPONSIBILITY, CONTRACTUAL_OBLIGATION, "OA", "PI"})


class Bearer(StrEnum):
    """Who bears an adjusted amount."""

    PATIENT = "patient"
    PRACTICE = "practice"


class AdjustmentClass(StrEnum):
    """What kind of money an adjustment of a paid claim is."""

    PATIENT_RESPONSIBILITY = "patient_responsibility"
    CONTRACTUAL = "contractual"
    SEQUESTRATION = "sequestration"
    CAPITATION = "capitation"
    OTHER = "other"


_LISTED = {
    (row["group_code"], row["reason_code"]): AdjustmentClass(row["class"]) for row in rows_of("adjustment_class")
}
# Claim adjustment reason codes (CARC), each with its meaning in a short sentence.
MEANINGS = {row["reason_code"]: row["meaning"] for row in rows_of("carc")}


def bearer(group_code: str) -> Bearer:
    """Say who bears an adjustment: liability follows the group alone, so CO-1 is not the patient's and PR-45 is."""
    return Bearer.PATIENT if group_code == PATIENT_RESPONSIBILITY else Bearer.PRACTICE


def adjustment_class(group_code: str, reason_code: str) -> AdjustmentClass:
    """Return the kind of money of an adjustment of a claim that is no denial."""
    if bearer(group_code) is Bearer.PATIENT:
        return AdjustmentClass.PATIENT_RESPONSIBILITY
    return _LISTED.get((group_code, reason_code), AdjustmentClass.OTHER)


def is_denial(paid_cents: int, classes: Iterable[AdjustmentClass]) -> bool:
    """Say whether a claim is denied, by the classes of its adjustments other than 0: never by its status (X12 RFI 207).

    It paid nothing, asks nothing of the patient, and something that is not contractual takes the rest off.
    """
    found = set(classes)
    asks = AdjustmentClass.PATIENT_RESPONSIBILITY in found
    return paid_cents == 0 and not asks and bool(found - {AdjustmentClass.CONTRACTUAL})


def refuses_by_capitation(classes: Iterable[AdjustmentClass]) -> bool:
    """Say whether capitation alone (CO-24) takes off what is not contractual: the capitation payment pays for it."""
    kept = {AdjustmentClass.CONTRACTUAL, AdjustmentClass.PATIENT_RESPONSIBILITY}
    return set(classes) - kept == {AdjustmentClass.CAPITATION}
