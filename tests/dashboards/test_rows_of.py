"""A figure leads to the rows it is made of, and these add up to it."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

from dashboards.money import dollars
from tests.dashboards.sample_books import MONTH, token, visits

if TYPE_CHECKING:
    import httpx

ROWS = f"/months/{MONTH}/rows"
LINKED = re.compile(r'<a class="to-rows" href="([^"]*)">([^<]*)</a>')


def _sum(text: str) -> str:
    (found,) = re.findall(r'data-figure="sum">([^<]*)<', text)
    return str(found)


def test_the_rows_behind_every_linked_amount_add_up_to_it(client: httpx.Client) -> None:
    linked = [(unescape(path), text) for path, text in LINKED.findall(client.get(f"/months/{MONTH}").text)]
    amounts = {path: text for path, text in linked if "$" in text and "adds=" in path}
    assert len(amounts) > 30
    for path, text in amounts.items():
        assert _sum(client.get(path).text).lstrip("\N{MINUS SIGN}") == text.lstrip("\N{MINUS SIGN}"), path


def test_a_sum_of_several_columns_shows_what_each_row_adds(client: httpx.Client) -> None:
    asked = {"adds": "gross_revenue_cents,-contractual_cents", "service_period": MONTH}
    text = client.get(f"{ROWS}/visit_revenue", params=asked).text
    expected = sum(visit["gross_revenue_cents"] - visit["contractual_cents"] for visit in visits())
    assert _sum(text) == dollars(expected)
    assert f'href="/visits/{token(0)}"' in text
    assert "Part 1 of 2" in text


@pytest.mark.parametrize(
    ("column", "value", "chosen"),
    [
        ("payer_id", "", lambda visit: visit["payer_id"] is None),
        ("payer_id", "*", lambda visit: visit["payer_id"] is not None),
        ("state", "no_show", lambda visit: visit["state"] == "no_show"),
        ("ended_on", "2026-09-10..2026-09-12", lambda visit: 10 <= visit["ended_on"].day <= 12),
        ("ended_on", "..2026-09-02", lambda visit: visit["ended_on"].day <= 2),
        ("ended_on", "2026-09-30..", lambda visit: visit["ended_on"].day == 30),
    ],
)
def test_rows_are_cut_by_a_value_a_range_or_being_empty(
    client: httpx.Client, column: str, value: str, chosen: object
) -> None:
    text = client.get(f"{ROWS}/visit_revenue", params={column: value}).text
    (number,) = re.findall(r'data-figure="count">([^<]*)<', text)
    assert number == str(sum(map(chosen, visits())))  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("mart", "asked", "status", "said"),
    [
        ("no_such_table", {}, 404, "no such table"),
        ("pg_class", {}, 404, "no such table"),
        ("visit_revenue", {"no_such": "x"}, 400, "no column “no_such”"),
        ("visit_revenue", {"adds": "state"}, 400, "no amount called “state”"),
        ("visit_revenue", {"adds": "1) from raw.visit --"}, 400, "no amount called"),
        ("visit_revenue", {"ended_on": "yesterdays"}, 400, "Invalid input syntax for type date"),
        ("visit_revenue", {"part": "9"}, 404, "The list has"),
    ],
)
def test_what_cannot_be_chosen_is_said(
    client: httpx.Client, mart: str, asked: dict[str, str], status: int, said: str
) -> None:
    answer = client.get(f"{ROWS}/{mart}", params=asked)
    assert answer.status_code == status
    assert said in unescape(answer.text)


def test_a_value_is_only_ever_a_value(client: httpx.Client) -> None:
    answer = client.get(f"{ROWS}/visit_revenue", params={"state": "x' or true --"})
    assert answer.status_code == 200
    assert ">0</dd>" in answer.text
