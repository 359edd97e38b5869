"""What fields of a visit may say, wherever they come from: a file, or what a practice offers in its portal."""

from __future__ import annotations

import re

SERVICE_CODE = re.compile(r"[A-Z0-9][0-9]{3}[A-Z0-9]")
"""A CPT or HCPCS code: five characters, digits in the middle."""
OWED_BY = frozenset({"patient", "unbilled", "no_payer"})
"""Where ar_ageing names payers, these name others: a payer of that name would be added to them."""
