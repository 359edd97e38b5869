"""Contracts on the keyed feeds: fee schedule, practices, bank deposits (docs/reference.md)."""

from expectations.contract import Contract, Severity, columns_stand, listed, no_row, not_negative

CONTRACTS: tuple[Contract, ...] = (
    columns_stand(
        "fees",
        "fee",
        (
            "payer_id",
            "service_code",
            "modifiers",
            "place_of_service",
            "effective_from",
            "effective_to",
            "allowed_cents",
            "load_id",
        ),
    ),
    not_negative("fees", "fee", "allowed_cents"),
    no_row(
        name="fee_periods_end_after_they_start",
        feed="fees",
        table="fee",
        severity=Severity.BLOCKING,
        sentence="a fee whose effective_to is before its effective_from prices nothing.",
        query="select file_sha256, row_number from fee where effective_to < effective_from",
    ),
    columns_stand(
        "practices",
        "practice",
        ("practice_id", "no_show_fee_cents", "late_cancel_fee_cents", "partial_visit", "policy_key", "load_id"),
    ),
    not_negative("practices", "practice", "no_show_fee_cents"),
    not_negative("practices", "practice", "late_cancel_fee_cents"),
    listed(
        "practices",
        "practice",
        "partial_visit",
        ("pro_rata", "full", "none"),
        "a partial_visit policy that is none of pro_rata, full, none.",
    ),
    columns_stand(
        "bank_deposits", "bank_deposit", ("deposit_id", "deposited_on", "amount_cents", "trace_number", "load_id")
    ),
)
