"""The whole graph as Dagster sees it: which assets there are, what each reads, and what checks them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from expectations.catalog import CONTRACTS
from expectations.contract import Severity
from orchestration import dbt_project

if TYPE_CHECKING:
    from collections.abc import Mapping

OURS = {
    ("raw", "visits"),
    ("raw", "practices"),
    ("raw", "stripe_objects"),
    ("raw", "bank_deposits"),
    ("raw", "remittances"),
    ("raw", "fees"),
    ("ledger", "memos"),
    ("ledger", "journal"),
}
LAYERS = ("staging", "intermediate", "marts")


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    """Assemble the definitions over the project as it is, without a database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from orchestration.graph import assembled  # noqa: PLC0415 - its import warns of other libraries' parts

        return assembled(dbt_project.Dbt(tmp_path_factory.mktemp("home"), {}).manifest())


@pytest.fixture(scope="module")
def reads(graph: dg.Definitions) -> Mapping[tuple[str, ...], set[tuple[str, ...]]]:
    """Map each asset that is made here to what it reads."""
    return {
        tuple(spec.key.path): {tuple(dep.asset_key.path) for dep in spec.deps}
        for definition in graph.assets or ()
        if isinstance(definition, dg.AssetsDefinition)
        for spec in definition.specs
    }


def test_there_is_an_asset_for_every_feed_the_memos_and_every_model_and_code_list(
    reads: Mapping[tuple[str, ...], set[tuple[str, ...]]],
) -> None:
    project = dbt_project.directory()
    models = {path.stem for path in (project / "models").rglob("*.sql")}
    lists = {path.stem for path in (project.parent / "ledger" / "rules" / "codes").glob("*.csv")}
    unread = {"rarc", "remittance", "service_category"}  # words for people, and what is mapped before it is kept
    seeds = {("codes", name) for name in lists - unread}
    assert {key for key in reads if key[0] not in LAYERS} == OURS | seeds
    assert sorted(name for layer, name in reads if layer in LAYERS) == sorted(models)


def test_sources_are_the_assets_that_load_them(reads: Mapping[tuple[str, ...], set[tuple[str, ...]]]) -> None:
    outside = {key for keys in reads.values() for key in keys} - set(reads)
    # The files taken in, what was refused of them and the settings of a run are no feeds. The registers of memos and
    # entries are read by views that are made before there are any. What closings keep is written by a person's command,
    # and what is counted of practices is the portal's. The worklist is people's, on pages and by command.
    kept = {("ledger", name) for name in ("closed_month", "standing_table", "standing_figure", "practice_count")}
    worked = {("ledger", name) for name in ("worklist", "worklist_entry")}
    told = {("ops", name) for name in ("run", "run_setting", "touched", "partition", "raw_total", "contract_result")}
    ours = {("raw", "file"), ("raw", "quarantine"), *told}
    registers = {("ledger", "memo_register"), ("ledger", "journal_register")}
    sent = {("ledger", name) for name in ("metered_usage", "outbox", "subscriber")}  # by the dispatcher and its causes
    assert outside <= ours | kept | registers | sent | worked
    assert ("raw", "visits") in reads["staging", "stg_visits__visits"]
    assert ("raw", "remittances") in reads["staging", "stg_era__claims"]


def test_memos_stand_between_what_is_desired_and_the_marts_that_read_them(
    reads: Mapping[tuple[str, ...], set[tuple[str, ...]]],
) -> None:
    assert reads["ledger", "memos"] == {("intermediate", "int_memos__desired")}
    readers = {key for key, read in reads.items() if ("ledger", "memos") in read}
    assert readers
    assert readers == {("ledger", "journal"), *(("marts", name) for name in ("memos", "visit_revenue", "close_bridge"))}
    assert {layer for layer, _ in readers - {("ledger", "journal")}} == {"marts"}


def test_the_journal_stands_between_what_is_due_and_the_marts_that_read_it(
    reads: Mapping[tuple[str, ...], set[tuple[str, ...]]],
) -> None:
    looked_at = {("intermediate", "int_journal__due"), ("intermediate", "int_journal__entries")}
    assert reads["ledger", "journal"] == {*looked_at, ("ledger", "memos")}
    readers = {key for key, read in reads.items() if ("ledger", "journal") in read}
    assert {("marts", "revenue_feed"), ("intermediate", "int_journal__months")} <= readers


def test_every_contract_is_a_check_of_its_feed_and_blocks_as_it_says(graph: dg.Definitions) -> None:
    (contracts,) = graph.asset_checks or ()
    assert isinstance(contracts, dg.AssetsDefinition)
    assert {(tuple(spec.asset_key.path), spec.name, spec.blocking) for spec in contracts.check_specs} == {
        (("raw", contract.feed), contract.name, contract.severity is Severity.BLOCKING) for contract in CONTRACTS
    }


def test_every_data_test_of_dbt_is_a_check(graph: dg.Definitions) -> None:
    checks = {
        spec.name
        for definition in graph.assets or ()
        if isinstance(definition, dg.AssetsDefinition)
        for spec in definition.check_specs
    }
    singular = {path.stem for path in (dbt_project.directory() / "tests").rglob("assert_*.sql")}
    assert singular
    assert singular <= checks


def test_visits_and_payments_share_one_calendar_and_remittances_go_by_file(graph: dg.Definitions) -> None:
    cut = {
        definition.key.path[-1]: definition.partitions_def
        for definition in graph.assets or ()
        if isinstance(definition, dg.AssetsDefinition) and len(definition.keys) == 1
    }
    assert cut["visits"] is cut["stripe_objects"]
    assert isinstance(cut["visits"], dg.DailyPartitionsDefinition)
    assert isinstance(cut["remittances"], dg.DynamicPartitionsDefinition)
    assert {name for name, partitions in cut.items() if partitions is None} == {
        "practices",
        "bank_deposits",
        "fees",
        "memos",
        "journal",
    }


def test_no_python_lies_in_the_dbt_project_where_it_would_join_the_installed_package() -> None:
    assert list(Path(dbt_project.directory()).rglob("*.py")) == []
