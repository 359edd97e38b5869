"""`trueup send` where something is in the way: a declined card, no key, a key of another kind (else: test_the_loop)."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from ledger.rules.requests import ChargeVisit
from ledger.store import outbox
from ledger.store.database import connect
from tests.support.command_line import environment, trueup
from tests.support.sending import Shop, shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.store.database import Database

VISITS = [UUID(int=number, version=4) for number in (1, 2)]


@pytest.fixture
def opened(database: Database) -> Iterator[Shop]:
    with shop(database) as made:
        yield made


def sent(env: dict[str, str], *words: str, code: int = 0) -> dict[str, Any]:
    finished = trueup("send", *words, "--json", env=env)
    assert finished.returncode == code, finished.stderr
    document: dict[str, Any] = json.loads(finished.stdout)
    return document


def test_what_is_declined_ends_with_1_and_stands_on_the_worklist(
    opened: Shop, database: Database, tmp_path: Path
) -> None:
    opened.stripe.declines[opened.customer] = "expired_card"
    with contextlib.closing(connect(database)) as connection:
        outbox.put(connection, ChargeVisit(VISITS[0], opened.customer, 4200), "P1")
        connection.commit()
    key = {"TRUEUP_STRIPE_KEY": "sk_test_x", "TRUEUP_STRIPE_URL": opened.recorder.url}
    env = environment(tmp_path, database.url, **key)
    finished = trueup("send", env=env)
    assert finished.returncode == 1
    assert "expired_card new_card" in " ".join(finished.stdout.split())
    assert "There are no books of this version yet" in finished.stderr
    (row,) = sent(env)["worklist"]
    assert (row["business_key"], row["state"]) == (f"charge:{VISITS[0]}", "declined")


def test_nothing_is_sent_without_a_key_or_with_one_that_stripe_refuses(
    opened: Shop, database: Database, tmp_path: Path
) -> None:
    env = environment(tmp_path, database.url)
    without = trueup("send", env=env)
    assert without.returncode == 3
    assert "TRUEUP_STRIPE_KEY" in without.stderr
    live = trueup("send", env=env | {"TRUEUP_STRIPE_KEY": "sk_live_x"})
    assert live.returncode == 2
    assert "sk_live_x" not in live.stderr
    opened.put(ChargeVisit(VISITS[0], opened.customer, 4200))
    opened.stripe.failing = [401]
    refused = trueup("send", env=env | {"TRUEUP_STRIPE_KEY": "sk_test_x", "TRUEUP_STRIPE_URL": opened.recorder.url})
    assert refused.returncode == 3
    assert "refuses TRUEUP_STRIPE_KEY" in refused.stderr
