"""Metered visits in the plan and the leaks, as a user runs them: what was sent, taken back, and stands for nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ledger.rules.visit import Actor, State
from ledger.store import visits
from ledger.store.visits import Deed
from tests.support.command_line import environment, trueup
from tests.support.subscribed import Club, club

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from ledger.store.database import Database


def put_right(opened: Club, visit: UUID, to: State) -> None:
    """Have staff put a visit right that is over."""
    with opened.books.transaction():
        visits.advance(opened.books, visit, to, Deed(f"{visit}/{to}", Actor.STAFF, opened.now(), "It was not so."))


@pytest.mark.timeout(600)
def test_the_plan_and_the_leaks_know_what_was_metered(database: Database, tmp_path: Path) -> None:
    env = environment(tmp_path, database.url)
    with club(database, tmp_path) as opened:
        member = opened.member()
        sent, late, taken_back, redone = (opened.visit(member) for _ in range(4))
        assert [each.outcome.state for each in opened.deliver()] == ["done"] * 4
        sent_long_ago = "update ledger.outbox set changed_at = now() - interval '25 hours' where visit_token = %s"
        opened.books.execute(sent_long_ago, (late,))
        for visit in (late, taken_back, redone):
            put_right(opened, visit, State.NO_SHOW)
        assert [each.operation for each in opened.deliver()] == ["cancel_usage"] * 2
        put_right(opened, redone, State.COMPLETED)
        assert opened.deliver() == []
    assert trueup("reconcile", env=env).returncode == 0

    rows: list[dict[str, Any]] = json.loads(trueup("plan", "--json", env=env).stdout)["rows"]
    found = {row["visit_token"]: (row["action"], row["amount_cents"], row["why"]) for row in rows}
    expected = {
        sent: ("nothing", 0, "Its usage is sent already."),
        late: ("blocked", 7_500, "It bills nothing any more, and Stripe cancels usage within 24 hours only"),
        taken_back: ("nothing", 0, "Nothing is due"),
        redone: ("blocked", 15_000, "Its usage was taken back"),
    }
    for visit, (action, cents, why) in expected.items():
        assert found[str(visit)][:2] == (action, cents)
        assert found[str(visit)][2].startswith(why)
    leaks = json.loads(trueup("export", "leaks", "--format", "json", env=env).stdout)
    assert [(leak["visit_token"], leak["category"]) for leak in leaks] == [(str(redone), "completed_not_billed")]
