"""Every mart that has months says what it does with closed ones."""

from __future__ import annotations

import yaml

from orchestration import dbt_project

MODELS = dbt_project.directory() / "models" / "marts"
# What is, by nature: working lists, the journal's own tables (nothing posts to a closed month) and roll-forwards, whose
# months lead into each other. As they were published they are read by `trueup export --period`.
SHOW_WHAT_IS = {
    *("leaks", "memos", "close_bridge", "closed_months", "unified_revenue", "subscription_invoices", "metered_lines"),
    *("revenue_feed", "trial_balance", "roll_forwards", "ar_rollforward", "plb_rollforward", "stripe_rollforward"),
    *("deferred_revenue", "cash", "memo_totals", "corrected_claims", "leak_sums", "remit_claims"),
}


def test_a_mart_with_months_keeps_closed_ones_or_is_listed_here() -> None:
    models = [model for path in MODELS.rglob("_models.yml") for model in yaml.safe_load(path.read_text())["models"]]
    with_months = {model["name"] for model in models if "period" in {c["name"] for c in model.get("columns", ())}}
    kept = {path.stem for path in MODELS.rglob("*.sql") if "{{ closed_months_stay(" in path.read_text()}
    assert kept.isdisjoint(SHOW_WHAT_IS)
    assert {name for name in with_months if not name.startswith("int_")} == kept | SHOW_WHAT_IS
