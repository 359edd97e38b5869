"""The code lists that Python and the seeds share."""

from __future__ import annotations

import pytest

from ledger.rules.adjustment import GROUP_CODES, MEANINGS, AdjustmentClass, Bearer, adjustment_class, bearer
from ledger.rules.codes_file import rows_of
from ledger.rules.place_of_service import NAMES, TELEHEALTH


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("carc", ("reason_code",)),
        ("adjustment_class", ("group_code", "reason_code")),
        ("place_of_service", ("place_of_service",)),
        ("provider_adjustment", ("reason_code",)),
        ("account", ("account",)),
        ("balance_transaction", ("type", "reporting_category")),
    ],
)
def test_a_code_stands_in_its_list_once_and_no_field_is_empty(name: str, key: tuple[str, ...]) -> None:
    rows = rows_of(name)
    assert len({tuple(row[column] for column in key) for row in rows}) == len(rows) > 0
    assert all(value and value == value.strip() for row in rows for value in row.values())


def test_02_and_10_are_telehealth_and_nothing_else_is() -> None:
    assert set(NAMES) > TELEHEALTH == {"02", "10"}


def test_every_meaning_is_one_short_sentence() -> None:
    assert len(MEANINGS) >= 60
    assert {"1", "2", "3", "45", "253", "23", "29", "97"} <= set(MEANINGS)
    assert all(meaning.endswith(".") and len(meaning) < 90 for meaning in MEANINGS.values())


def test_only_a_forward_balance_and_an_overpayment_recovery_make_a_chain() -> None:
    kinds = {row["reason_code"]: row["kind"] for row in rows_of("provider_adjustment")}
    chained = {code for code, kind in kinds.items() if kind in {"forward_balance", "overpayment_recovery"}}
    assert chained == {"FB", "WO"}
    assert {kinds[code] for code in ("72", "L6", "LE", "CT")} == {
        *("authorized_return", "interest", "levy", "capitation"),
    }
    assert all(row["meaning"].endswith(".") for row in rows_of("provider_adjustment"))


def test_every_account_of_the_chart_has_a_kind_and_the_side_of_its_kind() -> None:
    debit, credit = {"asset", "expense", "contra_revenue"}, {"liability", "revenue"}
    chart = rows_of("account")
    assert {row["kind"] for row in chart} == debit | credit
    assert all(row["normal_side"] == ("debit" if row["kind"] in debit else "credit") for row in chart)
    assert all(row["meaning"].endswith(".") for row in chart)


@pytest.mark.parametrize("name", ["provider_adjustment", "balance_transaction"])
def test_a_code_posts_to_an_account_of_the_chart(name: str) -> None:
    chart = {row["account"] for row in rows_of("account")}
    assert {row["account"] for row in rows_of(name)} <= chart
    assert all(row["meaning"].endswith(".") for row in rows_of(name))


def test_only_the_lines_that_make_a_chain_move_the_forward_balances() -> None:
    chained = {row["reason_code"] for row in rows_of("provider_adjustment") if row["account"] == "forward_balances"}
    assert chained == {"FB", "WO"}


def test_each_of_the_49_types_that_stripe_lists_has_its_account() -> None:
    """Stripe's OpenAPI 2026-05-27, parameter type of GET /v1/balance_transactions."""
    assert len({row["type"] for row in rows_of("balance_transaction")}) == 49


def test_the_group_alone_says_who_bears_an_amount() -> None:
    assert [group for group in sorted(GROUP_CODES) if bearer(group) is Bearer.PATIENT] == ["PR"]


@pytest.mark.parametrize(
    ("group", "reason", "expected"),
    [
        ("CO", "45", AdjustmentClass.CONTRACTUAL),
        ("CO", "253", AdjustmentClass.SEQUESTRATION),
        ("PR", "45", AdjustmentClass.PATIENT_RESPONSIBILITY),
        ("PR", "1", AdjustmentClass.PATIENT_RESPONSIBILITY),
        ("OA", "45", AdjustmentClass.OTHER),
        ("OA", "23", AdjustmentClass.OTHER),
        ("CO", "97", AdjustmentClass.OTHER),
        ("CO", "24", AdjustmentClass.CAPITATION),
        ("OA", "24", AdjustmentClass.OTHER),
    ],
)
def test_an_adjustment_has_the_class_the_contract_gives_it(group: str, reason: str, expected: AdjustmentClass) -> None:
    assert adjustment_class(group, reason) is expected
