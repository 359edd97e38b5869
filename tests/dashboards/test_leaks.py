"""The leak report: its sums are the marts', its sentences say why, its months are drawn to scale."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import leak_guide
from dashboards.leak_choice import DIMENSIONS, NONE, Choice
from dashboards.leak_trend import HEIGHT, WIDTH, Month, trend
from dashboards.leak_words import because
from dashboards.money import dollars
from tests.dashboards import sample_books

if TYPE_CHECKING:
    import httpx

COLUMNS = {"payer": "payer_id", "provider": "provider_id", "practice": "practice_id", "age": "bucket"}
AMOUNTS = st.integers(0, 10**9)


@pytest.mark.parametrize("by", DIMENSIONS)
def test_every_way_of_adding_up_has_all_leaks(client: httpx.Client, by: str) -> None:
    leaks = sample_books.leaks()
    counts = Counter(leak[COLUMNS.get(by, by)] for leak in leaks)
    page = client.get("/leaks", params={"by": by}).text
    groups = page.split('id="groups"')[1].split("</section>")[0]
    assert sorted(map(int, re.findall(r'data-label="Leaks">(\d+)', groups))) == sorted(counts.values())
    at_stake = sum(max(leak["amount_cents"] or 0, 0) for leak in leaks)
    assert f"<dt>At stake</dt><dd>{dollars(at_stake)}<small>" in page


def test_a_group_leads_to_its_leaks_and_back(client: httpx.Client) -> None:
    page = client.get("/leaks", params={"by": "payer"}).text
    assert 'href="/leaks?payer=payer-a"' in page
    assert 'href="/leaks?payer=-"' in page
    chosen = client.get("/leaks", params={"payer": NONE}).text
    expected = sum(1 for leak in sample_books.leaks() if leak["payer_id"] is None)
    assert f"<dt>Leaks</dt><dd>{expected}</dd>" in chosen
    assert 'href="/leaks?by=payer"' in chosen
    month = client.get(f"/months/{sample_books.MONTH}/leaks", params={"category": "denied"}).text
    of_path = client.get(f"/months/{sample_books.MONTH}/leaks/denied").text
    assert month.split("<main")[1] == of_path.split("<main")[1]


@pytest.mark.parametrize(
    ("query", "status"), [("by=colour", 400), ("work=maybe", 400), ("category=nothing", 404), ("part=9", 404)]
)
def test_what_cannot_be_asked_is_said(client: httpx.Client, query: str, status: int) -> None:
    assert client.get(f"/leaks?{query}").status_code == status


@pytest.mark.parametrize("work", ["waiting", "resolved", "dismissed"])
def test_nobody_took_anything_up(client: httpx.Client, work: str) -> None:
    assert "No leak." in client.get("/leaks", params={"work": work}).text
    assert "No leak." not in client.get("/leaks", params={"work": "nobody"}).text


def test_one_leak_says_why_and_offers_nothing_to_whoever_is_on_this_machine(client: httpx.Client) -> None:
    leak = next(each for each in sample_books.leaks() if each["category"] == "orphan_charge")
    page = client.get(f"/leaks/{leak['leak_id']}").text
    assert "ch_sample3 took $42.00" in page
    assert "Find out what it was for" in page
    assert "<form method=" not in page
    assert client.get(f"/leaks/{'f' * 32}").status_code == 404


@pytest.mark.parametrize("category", sorted(leak_guide._GUIDES))
def test_evidence_is_a_sentence_also_where_a_fact_is_missing(category: str) -> None:
    for evidence in ({}, {"denied_cents": 100, "expected_allowed_cents": None, "charge_ids": ["ch_1", "ch_2"]}):
        said = because(category, evidence)
        assert said.endswith((".", "appeal."))
        assert "{" not in said
        assert "None" not in said


def test_evidence_names_its_amounts() -> None:
    facts = {"pos": "02", "expected_allowed_cents": 12_050, "allowed_cents": 9_900}
    assert because("underpaid", facts) == "The fee schedule says $120.50 at POS 02; the payer allowed $99.00."
    assert because("a_new_category", facts) == ""
    unbilled = {"state": "completed", "patient_target_cents": 7_500}
    assert because("completed_not_billed", unbilled).endswith("no invoice, payment or memo asks for it.")
    void = because("completed_not_billed", unbilled | {"voided_invoice": "in_1"})
    assert void.endswith("asks for it. Its usage was on the subscription's invoice in_1, which is void.")
    assert "nothing to appeal" in because("denied", {"denied_cents": 1, "capitation": "paid as capitation: no appeal"})


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), max_size=60))
def test_months_are_drawn_to_one_scale(amounts: list[tuple[int, int]]) -> None:
    months = [Month(f"2026-{place:02d}", up, -down) for place, (up, down) in enumerate(amounts)]
    drawn = trend(months)
    assert [column.month for column in drawn.columns] == months
    for column, (up, down) in zip(drawn.columns, amounts, strict=True):
        assert (column.above > 0) == (up > 0)
        assert (column.below > 0) == (down > 0)
        assert drawn.zero >= column.above
        assert drawn.zero + column.below <= HEIGHT + 2
        assert 0 <= column.x < column.x + column.width <= WIDTH
    for one in drawn.columns:
        for other in drawn.columns:
            if one.month.at_stake_cents >= other.month.at_stake_cents:
                assert one.above >= other.above


@given(st.sampled_from(list(DIMENSIONS)), st.one_of(st.none(), st.text(min_size=1, max_size=8)))
def test_what_was_chosen_can_be_chosen_back(by: str, value: str | None) -> None:
    first = Choice(by=by)
    inside = first.within(value)
    assert inside.narrowed == {by: value or NONE}
    assert inside.by != by
    assert inside.without(by) == first
