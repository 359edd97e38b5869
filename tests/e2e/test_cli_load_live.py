"""`trueup load stripe --live` as a user runs it: read once, killed, run again, and wrong in every way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ledger.gateways.stripe_listing import CannotList
from orchestration.commands.errors import explained
from sandbox.stripe.serving import Sandbox, served
from tests.support.command_line import environment, start, trueup
from tests.support.stripe_sandbox import client_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

    from ledger.store.database import Database

LIVE = ("load", "stripe", "--live")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Yield an account with three payments: three payment intents, charges, balance transactions."""
    with served() as running:
        paid = {"currency": "usd", "payment_method": "pm_card_visa", "payment_method_types": ["card"], "confirm": True}
        for cents in (100, 200, 300):
            client_of(running).v1.payment_intents.create({"amount": cents, **paid})  # type: ignore[typeddict-item] # a dict
        yield running


@pytest.fixture
def env(sandbox: Sandbox, database: Database, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a user of that account."""
    key = {"TRUEUP_STRIPE_KEY": "sk_test_x", "TRUEUP_STRIPE_URL": sandbox.url}
    return environment(tmp_path, database.url, **key)


def test_killed_and_run_again_it_is_whole_and_a_third_run_finds_nothing(
    env: dict[str, str], connection: psycopg.Connection
) -> None:
    running = start(*LIVE, env=env)
    assert running.stdout is not None
    while not (line := running.stdout.readline()).startswith("payment_intent: 3 read, 3 versions new"):
        assert line, "it ended before it was killed"
    running.kill()
    running.communicate()
    finished = trueup(*LIVE, "--json", env=env)
    assert finished.returncode == 0, finished.stderr
    document = json.loads(finished.stdout)
    assert document["quarantined"] == 0
    assert {one["object_type"]: one["read"] for one in document["objects"] if one["read"]} == {
        "payment_intent": 3,
        "charge": 3,
        "balance_transaction": 3,
    }
    kept = connection.execute("select object_type, count(*) from raw.stripe_object group by 1 order by 1").fetchall()
    assert kept == [("balance_transaction", 3), ("charge", 3), ("payment_intent", 3)]
    again = trueup(*LIVE, env=env)
    assert again.returncode == 0
    assert "Nothing at Stripe is new, nothing changed." in again.stdout


def test_without_a_key_it_says_so(env: dict[str, str]) -> None:
    finished = trueup(*LIVE, env=env | {"TRUEUP_STRIPE_KEY": ""})
    assert (finished.returncode, finished.stdout) == (3, "")
    assert "TRUEUP_STRIPE_KEY" in finished.stderr


def test_what_cannot_be_listed_is_exit_code_3() -> None:
    assert explained(CannotList("Stripe does not answer.")) == (3, "Stripe does not answer.")


@pytest.mark.parametrize(
    "words", [["load", "stripe"], [*LIVE, "pyproject.toml"], ["load", "stripe", "--since", "2026-01-01"]]
)
def test_files_or_live(env: dict[str, str], words: list[str]) -> None:
    assert trueup(*words, env=env).returncode == 2
