"""Dagster's home holds no password, sends nothing out, and its user interface only shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from ledger.settings import Settings
from orchestration import dagster_home

if TYPE_CHECKING:
    import pytest

    from ledger.store.database import Database

CODE = Path("/run/trueup/code")


def test_the_user_interface_is_read_only_on_loopback() -> None:
    command = dagster_home.webserver(8999, CODE)
    assert "--read-only" in command
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[command.index("--port") + 1] == "8999"


def test_no_other_process_opens_a_port() -> None:
    for command in (dagster_home.code_server(CODE), dagster_home.daemon(CODE)):
        assert str(CODE) in command
        assert not [word for word in command if "port" in word or "host" in word]


def test_the_database_of_dagster_stands_beside_the_books(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(dagster_home.URL_VARIABLE, "")
    environment = dagster_home.environment(settings, database)
    assert environment["TRUEUP_DATABASE_URL"] == database.url
    assert (environment["TRUEUP_STRIPE_KEY"], environment["TRUEUP_STRIPE_URL"]) == ("", "https://api.stripe.com")
    sandbox = replace(settings, stripe_key="sk_test_x", stripe_url="http://127.0.0.1:8353")
    given = Settings.from_environment(dagster_home.environment(sandbox, database))
    assert (given.stripe_key, given.stripe_url) == (sandbox.stripe_key, sandbox.stripe_url)
    name = database.dbt_environment()["TRUEUP_DBT_NAME"]
    assert f"/{name}_dagster?" in environment[dagster_home.URL_VARIABLE]


def test_the_settings_file_sends_nothing_out_and_holds_no_address(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(dagster_home.URL_VARIABLE, "")
    home = dagster_home.prepare(settings.home, database)
    written = yaml.safe_load((home / "dagster.yaml").read_text(encoding="utf-8"))
    assert written["telemetry"] == {"enabled": False}
    assert written["nux"] == {"enabled": False}
    for storage in ("run_storage", "schedule_storage", "event_log_storage"):
        assert written[storage]["config"] == {"postgres_url": {"env": dagster_home.URL_VARIABLE}}
