"""The closings as whoever is on this machine sees them: everything to read, nothing to do."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import pytest

from ledger.store import closed_packs, periods
from ledger.store.database import connect
from tests.dashboards.sample_books import MONTH

if TYPE_CHECKING:
    import httpx

    from ledger.store.database import Database

FOUND = {
    "as_of": "2026-10-01",
    "checks": [
        {
            "check": "eft_tieout",
            "asks": "What payers announced is at the bank",
            "force": "explainable",
            "do": "Ask the payer",
            "state": "open",
            "points": [
                {
                    "key": f"T{number}",
                    "found": f"missing <{number}>: 4000 cents",
                    "state": "open",
                    "why": None,
                    "made_by": None,
                }
                | {"made_at": None}
                for number in range(9)
            ],
        },
        {"check": "run", "asks": "All is reconciled", "force": "hard", "do": "reconcile", "state": "ok", "points": []},
    ],
    "feeds": [{"feed": "bank", "loaded_on": "2026-10-01", "through": None}],
    "contracts": [
        {"contract": "one", "feed": "bank_deposits", "severity": "warning", "state": "warns", "sentence": "a hole"}
    ],
}


@pytest.fixture(scope="module", autouse=True)
def _looked(books: Database) -> None:
    with contextlib.closing(connect(books, autocommit=True)) as connection:
        connection.execute("insert into ledger.look values (%s, now(), 'Ada', %s)", (MONTH, json.dumps(FOUND)))


def test_an_open_month_says_what_holds_it_up_and_how_to_close_it(client: httpx.Client) -> None:
    page = client.get(f"/closing/{MONTH}").text
    assert "Open: 9 points hold it up." in page
    assert "missing &lt;8&gt;: $40.00 " in page
    assert "4000" not in page
    assert "<summary>1 more</summary>" in page
    assert "a hole" in page
    assert f"trueup close {MONTH}" in page
    assert "Explain" not in page
    assert 'method="post"' not in page
    assert "9 points open" in client.get("/closing").text


@pytest.mark.parametrize("deed", ["look", "explain", "close", "reopen", "packs/1"])
def test_nothing_is_done_from_here(client: httpx.Client, deed: str) -> None:
    assert client.post(f"/closing/{MONTH}/{deed}").status_code == 403


def test_a_closed_month_has_its_packs_and_what_was_closed_before_stays_there(
    books: Database, client: httpx.Client
) -> None:
    with connect(books) as connection:
        for version, why in ((1, None), (2, "again")):
            if version > 1:
                periods.append(connection, MONTH, "reopen", "a file was forgotten", "Ben")
            periods.append(connection, MONTH, "close", why, "Ada")
            closed_packs.keep(connection, MONTH, version, {"csv": f"PK {version}".encode()})
        connection.commit()
    page = client.get(f"/closing/{MONTH}").text
    assert "Closed, version 2" in page
    assert page.index("-v2.zip") < page.index("-v1.zip")
    assert page.count("not made yet") == 6
    assert f"trueup pack {MONTH} --version 1" in page
    file = client.get(f"/closing/{MONTH}/packs/1/csv")
    assert (file.content, file.headers["content-type"]) == (b"PK 1", "application/zip")
    assert file.headers["content-disposition"] == f'attachment; filename="trueup-close-{MONTH}-v1.zip"'
    assert client.get(f"/closing/{MONTH}/packs/1/pdf").status_code == 404
