"""The waterfall holds every cent once."""

from hypothesis import given
from hypothesis import strategies as st

from dashboards.waterfall import SCALE, of_measures, waterfall

NAMES = (
    *("gross_revenue", "contractual", "sequestration", "denied", "other_adjustment", "price_concession"),
    *("missed_visit_fees", "payer_paid", "patient_collected", "patient_balance", "unbilled", "payer_receivable"),
)
CENTS = st.integers(min_value=-(10**10), max_value=10**10)
MEASURES = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, CENTS))


@given(MEASURES, CENTS, st.sampled_from(["contractual", "payer_paid", "outstanding", "unbilled"]))
def test_what_the_steps_do_not_explain_is_shown(measures: dict[str, int], lost: int, step: str) -> None:
    told = of_measures({name: cents for name, cents in measures.items() if name != "payer_receivable"})
    assert waterfall(told).residual_cents == 0
    broken = waterfall({**told, step: told[step] + lost})
    assert broken.residual_cents >= abs(lost)
    assert abs(lost) in {abs(each.residual_cents) for each in broken.sums}


@given(MEASURES)
def test_each_bar_hangs_where_the_one_before_ended(measures: dict[str, int]) -> None:
    drawn = waterfall(of_measures(measures))
    assert 0 <= drawn.zero <= SCALE
    assert all(bar.left >= 0 and bar.left + bar.width <= SCALE + 2 for bar in drawn.bars)
    net = next(bar.step.amount_cents for bar in drawn.bars if bar.step.name == "net_patient_service_revenue")
    off = sum(bar.step.amount_cents for bar in drawn.bars if bar.step.kind == "adjustment")
    assert net == measures.get("gross_revenue", 0) + off


@given(MEASURES)
def test_who_owes_adds_up_to_what_is_outstanding(measures: dict[str, int]) -> None:
    measures.pop("payer_receivable", None)
    drawn = waterfall(of_measures(measures))
    outstanding = next(bar.step.amount_cents for bar in drawn.bars if bar.step.name == "outstanding")
    assert sum(part.amount_cents for part in drawn.owed) == outstanding


@given(MEASURES)
def test_a_bar_is_filled_as_taken_off_only_where_its_step_takes_off(measures: dict[str, int]) -> None:
    steps = waterfall(of_measures(measures)).bars
    assert all(bar.step.amount_cents <= 0 for bar in steps if bar.fill in {"adjustment", "received"})
    assert all(bar.step.amount_cents > 0 for bar in steps if bar.fill == "added")
    fees = waterfall(of_measures({"gross_revenue": 100, "denied": 40, "missed_visit_fees": 5})).bars
    assert {bar.step.name: bar.fill for bar in fees}["missed_visit_fees"] == "added"
    assert {bar.step.name: bar.fill for bar in fees}["denied"] == "adjustment"


def test_a_month_without_any_figure_can_be_drawn() -> None:
    drawn = waterfall({})
    assert drawn.residual_cents == 0
    assert [bar.step.name for bar in drawn.bars if bar.step.kind == "total"] == [
        "gross_patient_service_revenue",
        "net_patient_service_revenue",
        "outstanding",
    ]
