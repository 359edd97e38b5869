"""What `trueup close` tells a person of a month that stays open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration import checks
from orchestration.checklist import Checked, Point
from orchestration.closing import Closing
from orchestration.commands.close import show
from orchestration.commands.output import Output

if TYPE_CHECKING:
    import pytest


def test_amounts_of_findings_are_told_in_dollars(capsys: pytest.CaptureFixture[str]) -> None:
    check = next(check for check in checks.QUERIES if check.name == "balance_tieout")
    found = "mismatch: charge of 4000 cents, 0 cents in the Stripe balance"
    point = Point(check.name, "ch_1", found, "open")
    show("2026-10", Closing((Checked(check, (point,)),), None, is_new=False), Output(as_json=False))
    heard = capsys.readouterr().out
    assert "ch_1: mismatch: charge of $40.00, $0.00 in the Stripe balance" in heard
