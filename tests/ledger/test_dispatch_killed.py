"""A dispatcher killed with kill -9 at every point, and another after it: one effect at Stripe."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger.rules.outcome import Done
from ledger.rules.requests import ChargeVisit, CreditBalance, CreditInvoice, DebitInvoice, MeterVisit, Request
from tests.support import dispatcher_child
from tests.support.sending import Shop, shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.database import Database

CALLS_OF_A_CHARGE = 5
ROOT = Path(__file__).parents[2]


@pytest.fixture
def opened(module_database: Database) -> Iterator[Shop]:
    with shop(module_database) as made:
        yield made


def dispatcher(opened: Shop, point: str = "") -> subprocess.Popen[bytes]:
    arguments = [opened.database.url, opened.recorder.url, opened.now().isoformat(), point]
    return subprocess.Popen([sys.executable, "-m", dispatcher_child.__name__, *arguments], cwd=ROOT)


def deliver_the_rest(opened: Shop, request: Request, hours: float) -> None:
    assert opened.states()[-1] == "pending"  # nobody recorded anything
    assert opened.deliver() == []  # and nobody takes it while the lease lasts
    opened.later(hours=hours)
    (delivered,) = opened.deliver()
    assert (delivered.attempt, type(delivered.outcome)) == (2, Done)
    assert not opened.put(request)
    opened.later(days=750)
    assert opened.deliver() == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(1, CALLS_OF_A_CHARGE + 1))
def test_killed_at_any_call_of_a_charge(opened: Shop, number: int, when: str) -> None:
    """Before Stripe acted on the call, and after it had, unheard; the next one comes in time or a day too late."""
    target = len(opened.recorder.received) + number
    killed: list[int] = []

    def kill(at: int, _: str) -> None:
        if at == target and not killed:
            killed.append(child.pid)
            os.kill(child.pid, signal.SIGKILL)

    setattr(opened.recorder, when, kill)
    request = opened.a(ChargeVisit)
    opened.put(request)
    child = dispatcher(opened)
    assert child.wait(60) == -signal.SIGKILL
    assert killed
    deliver_the_rest(opened, request, hours=0.2 if number % 2 else 26)
    assert opened.stripe.charges == [4200]
    assert (opened.effects()["invoices"], opened.effects()["asked"]) == (1, 4200)


@pytest.mark.parametrize(("point", "hours"), [("claimed", 0.2), ("called", 26)])
@pytest.mark.parametrize("kind", [ChargeVisit, DebitInvoice, CreditInvoice, CreditBalance, MeterVisit])
def test_killed_between_the_database_and_the_calls(opened: Shop, kind: type[Request], point: str, hours: float) -> None:
    request = opened.a(kind)
    before = opened.effects()
    opened.put(request)
    child = dispatcher(opened, point)
    assert child.wait(60) == -signal.SIGKILL
    assert (opened.effects() != before) == (point == "called")
    deliver_the_rest(opened, request, hours)
    once = opened.effects()
    assert {
        ChargeVisit: once["charged"],
        DebitInvoice: once["asked"],
        CreditInvoice: once["credited"],
        CreditBalance: -once["balance"],
        MeterVisit: len(once["usage"]) * 4200,
    }[kind] == 4200


def test_two_processes_at_once_deliver_everything_once(opened: Shop) -> None:
    for cents in range(101, 121):
        opened.put(opened.a(ChargeVisit, cents))
    both = [dispatcher(opened) for _ in range(2)]
    assert [child.wait(120) for child in both] == [0, 0]
    assert sorted(opened.stripe.charges) == list(range(101, 121))
    assert opened.states() == ["done"] * 20
