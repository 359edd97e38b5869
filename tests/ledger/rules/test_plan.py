"""Plans and the taxonomy: what can be priced, and that every service has one category."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.rules import opaque
from ledger.rules.codes_file import rows_of
from ledger.rules.opaque import LARGEST_CENTS
from ledger.rules.plan import MOST_PRICES, NoPlan, Plan, prices_of
from ledger.rules.service_category import NAMES, OTHER, category_of, event_name

CENTS = st.integers(1, LARGEST_CENTS)
PLANS = st.builds(Plan, CENTS, st.dictionaries(st.sampled_from(sorted(NAMES)), CENTS, min_size=1, max_size=MOST_PRICES))


@given(PLANS)
def test_what_is_written_of_a_plan_is_read_as_it_was(plan: Plan) -> None:
    assert prices_of(plan.written) == plan.visit_cents
    assert opaque.VISIT_PRICES.admits(plan.written)


@pytest.mark.parametrize(
    ("flat", "visits"),
    [(0, {2: 1}), (LARGEST_CENTS + 1, {2: 1}), (1, {2: 0}), (1, {}), (1, {42: 1}), (1, dict.fromkeys(NAMES, 1))],
)
def test_what_stripe_or_the_taxonomy_has_not_is_no_plan(flat: int, visits: dict[int, int]) -> None:
    with pytest.raises(NoPlan):
        Plan(flat, visits)


@pytest.mark.parametrize(
    ("code", "category"),
    [("90837", 2), (" 90837 ", 2), ("99213", 5), ("99204", 4), ("h0004", 9), ("90838", 2), ("90841", OTHER)],
)
def test_a_service_has_the_category_of_its_range(code: str, category: int) -> None:
    assert category_of(code) == category


@given(st.text(max_size=8))
def test_every_text_has_a_category_whose_events_have_a_name(code: str) -> None:
    assert category_of(code) in NAMES
    assert opaque.EVENT_NAME.admits(event_name(category_of(code)))


def test_no_code_is_in_two_ranges() -> None:
    ranges = sorted((row["first_code"], row["last_code"]) for row in rows_of("service_category"))
    assert all(first <= last and len(first) == len(last) for first, last in ranges)
    assert all(last < following for (_, last), (following, _) in pairwise(ranges))
