"""`trueup demo`, and everything one does next: again, export, status."""

import csv
import io
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import parquet

from dashboards.app import create_app
from ledger.settings import Settings
from ledger.store import database
from orchestration import dbt_project
from tests.dashboards.conftest import served
from tests.support import figures_read, screens
from tests.support.browsers import chromium
from tests.support.command_line import environment, trueup, visits

TABLES = dbt_project.marts()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # A socket's path holds 107 bytes; pytest's own folders can be longer.
    place = Path("/tmp") / f"te{os.getpid()}"  # noqa: S108 - made for this module alone
    place.mkdir()
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def env(folder: Path) -> dict[str, str]:
    return environment(folder / "home")


@pytest.fixture(scope="module")
def demo(env: dict[str, str]) -> Iterator[subprocess.CompletedProcess[str]]:
    """Run the demo by itself; its server then stays for the commands that follow."""
    finished = trueup("demo", env=env)
    with database.opened(None, Path(env["TRUEUP_HOME"])):
        yield finished


def test_the_demo_ends_well_with_a_summary_and_a_dashboard(
    demo: subprocess.CompletedProcess[str], env: dict[str, str]
) -> None:
    assert demo.returncode == 0, demo.stderr
    for heading in (
        "MONTH-START SUMMARY of 2026-09",
        "Net collection rate",
        "POS-adjusted revenue",
        "Leaks",
        "Tie-outs",
    ):
        assert heading in demo.stdout
    assert "OFF BY" not in demo.stdout
    page = Path(env["TRUEUP_HOME"]) / "exports" / "month-2026-09.html"
    assert str(page) in demo.stdout
    assert "<html" in page.read_text(encoding="utf-8")


def test_the_month_start_mail_of_the_sample_says_this(
    demo: subprocess.CompletedProcess[str], env: dict[str, str]
) -> None:
    assert demo.returncode == 0
    shown = trueup("mail", "show", "2026-09", env=env)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout == (Path(__file__).parent / "month_mail_of_the_sample.txt").read_text(encoding="utf-8")


def test_one_visit_is_walked_through_the_loop_of_its_money(demo: subprocess.CompletedProcess[str]) -> None:
    story = demo.stdout.partition("ONE VISIT")[2].partition("MONTH-START")[0]
    for words in (
        "list price $150.00",
        "on file: $40.00",
        "leaves $25.00 to the patient",
        "a memo of \N{MINUS SIGN}$15.00",
        "credit note cn_",
        "the memo is posted",
        "balance $0.00",
        "webhooks once more: nothing moved.",
    ):
        assert words in story


def test_the_demo_again_says_the_same_and_that_nothing_is_new(
    demo: subprocess.CompletedProcess[str], env: dict[str, str]
) -> None:
    began = time.monotonic()
    again = trueup("demo", env=env)
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("already loaded, nothing changed") == 6
    assert "Nothing new since the last run" in again.stdout
    assert "balance $0.00" in again.stdout.partition("ONE VISIT")[2]
    assert again.stdout.partition("MONTH-START")[2] == demo.stdout.partition("MONTH-START")[2]
    assert time.monotonic() - began < 20


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("name", ["visit_revenue", "leaks", "era_tieout"])
def test_every_table_is_the_same_in_every_format(name: str, env: dict[str, str], tmp_path: Path) -> None:
    as_csv = list(csv.DictReader(io.StringIO(trueup("export", name, env=env).stdout)))
    as_json = json.loads(trueup("export", name, "--format", "json", env=env).stdout)
    assert trueup("export", name, "--out", tmp_path / "t.parquet", env=env).returncode == 0
    as_parquet = parquet.read_table(tmp_path / "t.parquet")
    assert as_parquet.num_rows == len(as_json) == len(as_csv)
    for column in as_parquet.column_names:
        if column.endswith("_cents"):
            expected = [int(row[column]) if row[column] else None for row in as_csv]
            assert as_parquet[column].to_pylist() == expected
            assert [row[column] for row in as_json] == expected


@pytest.mark.usefixtures("demo")
def test_an_unknown_table_ends_with_2_and_the_list(env: dict[str, str]) -> None:
    finished = trueup("export", "salaries", env=env)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.endswith(f"There are: {', '.join(TABLES)}.\n")


@pytest.mark.usefixtures("demo")
def test_after_the_demo_nothing_is_behind(env: dict[str, str]) -> None:
    status = json.loads(trueup("status", "--json", env=env).stdout)
    assert status["last_run"]["is_behind"] is False
    assert status["last_failure"] is None
    assert all(feed["files"] for feed in status["feeds"])


def test_the_demo_is_not_mixed_with_other_data(folder: Path) -> None:
    env = environment(folder / "own")
    own = folder / "visits.csv"
    own.write_text(visits(1, 3))
    with database.opened(None, folder / "own"):
        assert trueup("load", "visits", own, env=env).returncode == 0
        finished = trueup("demo", env=env)
        assert (finished.returncode, finished.stdout) == (3, "")
        assert "must not be mixed" in finished.stderr
        feeds = json.loads(trueup("status", "--json", env=env).stdout)["feeds"]
    assert [feed["files"] for feed in feeds] == [1, 0, 0, 0, 0, 0]


@pytest.mark.usefixtures("demo")
def test_every_figure_of_the_month_is_that_of_the_marts_to_the_cent(env: dict[str, str]) -> None:
    home = Path(env["TRUEUP_HOME"])
    with (
        database.opened(None, home) as books,
        served(create_app(Settings(home=home, database_url=books.url, timezone="UTC"), books)) as address,
        chromium() as browser,
        database.connect(books) as connection,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/months/2026-09")
        screens.check(page, "books-demo")
        shown, held = figures_read.shown(page), figures_read.held(connection, "2026-09")
        assert len(shown) > 150
        assert [(name, got, held[name]) for name, got in shown if not figures_read.same(name, got, held[name])] == []
        page.locator(".tasks a").first.click()
        assert page.locator("h1").inner_text() == "Memo register"
        page.go_back()
        page.locator('[data-figure="revenue_waterfall.outstanding"] a').first.click()
        rows = dict(figures_read.shown(page))
        assert rows["sum"] == held["revenue_waterfall.outstanding"]
        page.locator("td a").first.click()
        assert len(page.locator("h1").inner_text()) == len("00000000-0000-4000-8000-000000000000")
