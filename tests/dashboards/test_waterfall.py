"""The waterfall holds every cent once."""

from hypothesis import given
from hypothesis import strategies as st

from dashboards.waterfall import SCALE, waterfall

NAMES = [
    "contractual",
    "sequestration",
    "denied",
    "other_adjustment",
    "payer_paid",
    "patient_target",
    "patient_collected",
]
KINDS = ["not_billable", "awaiting_payer", "self_pay_policy"]
CENTS = st.integers(min_value=-(10**10), max_value=10**10)


@given(
    CENTS, st.fixed_dictionaries(dict.fromkeys(NAMES, CENTS)), st.fixed_dictionaries(dict.fromkeys(KINDS, CENTS)), CENTS
)
def test_what_the_steps_do_not_explain_is_the_residual(
    gross: int, amounts: dict[str, int], withheld: dict[str, int], lost: int
) -> None:
    reductions = sum(amounts[name] for name in NAMES[:4]) + sum(withheld.values())
    later = gross - reductions - amounts["payer_paid"] - amounts["patient_target"]
    held = {f"withheld_{kind}": cents for kind, cents in {**withheld, "later_payers": later + lost}.items()}
    drawn = waterfall({"gross_charges": gross, **amounts, **held})
    assert drawn.residual_cents == lost
    assert drawn.outstanding_cents == amounts["patient_target"] - amounts["patient_collected"]


@given(CENTS, st.fixed_dictionaries(dict.fromkeys(NAMES, CENTS)))
def test_every_bar_lies_on_the_track(gross: int, amounts: dict[str, int]) -> None:
    drawn = waterfall({"gross_charges": gross, **amounts})
    assert 0 <= drawn.zero <= SCALE
    assert all(bar.left >= 0 and bar.left + bar.width <= SCALE + 2 for bar in drawn.bars)


def test_a_month_without_any_figure_can_be_drawn() -> None:
    drawn = waterfall({})
    assert drawn.residual_cents == 0
    assert [bar.step.label for bar in drawn.bars if bar.step.kind == "total"] == [
        "Gross charges",
        "Net revenue",
        "Outstanding",
    ]
