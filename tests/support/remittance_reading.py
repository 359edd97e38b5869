"""One plain remittance and short ways to say what was read of it."""

from __future__ import annotations

from typing import Any

from ingestion.era835 import Remittances, parse
from tests.support.remittance_writer import Claim, Line, Payment, interchange

LINE = Line(
    charge=15000,
    paid=9604,
    modifiers=("95", "GT"),
    adjustments=(("CO", "45", 3000), ("PR", "2", 2200), ("CO", "253", 196)),
    submitted="99214",
    units="1.5",
    line_ref="LINE7",
    remarks=("N130",),
)
CLAIM = Claim(charge=15000, paid=9604, owed=2200, lines=(LINE,), remarks=("MA01", "MA18"))
PAYMENT = Payment(claims=(CLAIM,))


def content(read: Remittances) -> dict[str, list[dict[str, Any]]]:
    """All tables but what names the file and its envelope."""
    left_out = {"file_sha256", "isa_control", "gs_control", "st_control", "byte_offset"}
    return {
        name: [{key: value for key, value in row.items() if key not in left_out} for row in table.to_pylist()]
        for name, table in read.tables()
        if name != "findings"
    }


def rules(read: Remittances) -> list[str]:
    return read.findings["rule"].to_pylist()


def only(read: Remittances, name: str = "transactions") -> dict[str, Any]:
    (row,) = getattr(read, name).to_pylist()
    return dict(row)


def changed(data: bytes, old: bytes, new: bytes) -> Remittances:
    assert data.count(old) == 1, old
    return parse(data.replace(old, new))


PLAIN = interchange((PAYMENT,))
