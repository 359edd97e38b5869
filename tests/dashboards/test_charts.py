"""Columns show what they stand for: every amount, above or below zero, within the drawing."""

from hypothesis import given
from hypothesis import strategies as st

from dashboards.charts import HEIGHT, WIDTH, columns, nice

CENTS = st.integers(min_value=-(10**11), max_value=10**11)
PLACES = st.lists(st.dictionaries(st.sampled_from(["payers", "patients", "no_visit"]), CENTS), max_size=40)


@given(PLACES)
def test_every_amount_has_its_block_within_the_drawing(places: list[dict[str, int]]) -> None:
    drawn = columns(places)
    given_amounts = [(n, name, cents) for n, place in enumerate(places) for name, cents in place.items() if cents]
    assert [(block.place, block.series, block.amount_cents) for block in drawn.blocks] == given_amounts
    for block in drawn.blocks:
        assert block.x >= 0
        assert block.x + block.width <= WIDTH + 2
        assert block.y >= 0
        assert block.y + block.height <= HEIGHT + 1


@given(PLACES)
def test_what_came_in_stands_on_zero_and_what_went_back_hangs_from_it(places: list[dict[str, int]]) -> None:
    drawn = columns(places)
    (zero,) = {tick.y for tick in drawn.ticks if tick.amount_cents == 0}
    assert all(
        block.y + block.height <= zero + 1 if block.amount_cents > 0 else block.y >= zero for block in drawn.blocks
    )


@given(st.integers(min_value=1, max_value=10**13))
def test_an_axis_ends_at_a_round_number_of_dollars_above_what_it_holds(cents: int) -> None:
    end = nice(cents)
    assert end >= cents
    assert end <= max(100, 2.5 * cents)
    assert str(end // 100).rstrip("0") in {"1", "2", "5"}


def test_heights_are_to_scale() -> None:
    first, second = columns([{"payers": 50_000}, {"payers": 100_000}]).blocks
    assert (first.height, second.height) == (HEIGHT // 2, HEIGHT)
    assert second.x - first.x == WIDTH // 2
