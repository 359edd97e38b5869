"""What the codes of a remittance mean, in words of our own: statuses, methods, remarks, provider adjustments."""

from __future__ import annotations

from ledger.rules.codes_file import rows_of

# Remittance advice remark codes (RARC): the usual ones, each in one sentence.
REMARKS = {row["remark_code"]: row["meaning"] for row in rows_of("rarc")}
# Reasons of a provider-level adjustment (PLB03-1), each in one sentence.
PROVIDER_ADJUSTMENTS = {row["reason_code"]: row["meaning"] for row in rows_of("provider_adjustment")}
_NAMES = {(row["element"], row["code"]): row["name"] for row in rows_of("remittance")}


def name_of(element: str, code: str | None) -> str | None:
    """Return the name of a code of an element (CLP02, CLP06, CLP09, BPR04, CAS01); null for an unknown one."""
    return None if code is None else _NAMES.get((element, code))
