"""Places of service: the two-digit CMS code on a claim line, and which of them are telehealth."""

from __future__ import annotations

from ledger.rules.codes_file import rows_of

_ROWS = rows_of("place_of_service")
NAMES = {row["place_of_service"]: row["name"] for row in _ROWS}
AT_HOME, ELSEWHERE = "10", "02"
"""Telehealth in the patient's home, and anywhere else."""
# 02 pays at the facility rate and 10 at the non-facility rate, so telling one for the other changes the payment.
TELEHEALTH = frozenset(row["place_of_service"] for row in _ROWS if row["is_telehealth"] == "true")
