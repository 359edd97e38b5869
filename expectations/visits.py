"""Contracts on the visit ledger (docs/reference.md)."""

from expectations.contract import (
    Contract,
    Severity,
    columns_stand,
    fresh,
    has_no_hole,
    listed,
    no_row,
    not_negative,
    unique,
)
from ledger.rules import place_of_service
from ledger.rules.visit import State

STALE_AFTER_DAYS = 35
"""Books are read once a month: a feed without one row in a month and some days of grace has lost a file."""

CONTRACTS: tuple[Contract, ...] = (
    columns_stand(
        "visits",
        "visit",
        (
            "visit_token",
            "claim_ref",
            "practice_id",
            "provider_id",
            "state",
            "service_code",
            "units",
            "place_of_service",
            "scheduled_start",
            "scheduled_end",
            "started_at",
            "ended_at",
            "payer_id",
            "charge_cents",
            "patient_estimate_cents",
            "state_changed_at",
            "row_sha256",
            "load_id",
        ),
    ),
    # Two different rows may share (visit_token, state_changed_at): the larger hash is then the current one. What must
    # be one row is an observation, so the hash belongs to the key; the same row twice would count its visit twice.
    unique(
        "visits",
        "visit",
        ("visit_token", "state_changed_at", "row_sha256"),
        "the same observation of a visit stands twice (visit_token, state_changed_at, row_sha256).",
    ),
    listed(
        "visits",
        "visit",
        "state",
        [state.value for state in State],
        "a visit state outside the vocabulary. Correct the state in the visit ledger and load it again.",
    ),
    no_row(
        name="visit_place_of_service_is_two_digits",
        feed="visits",
        table="visit",
        severity=Severity.BLOCKING,
        sentence="a place of service that is not two digits (02 and 10 are telehealth).",
        query="select visit_token from visit where place_of_service !~ '^[0-9][0-9]$'",
    ),
    # The code set grows with CMS: a code we do not know prices nothing, and must not stop the books of everyone else.
    no_row(
        name="visit_place_of_service_is_listed",
        feed="visits",
        table="visit",
        severity=Severity.WARNING,
        sentence="a place of service that the CMS code set of this version lacks; it finds no fee and stays unpriced.",
        query=f"""
            select visit_token as key from visit
            where place_of_service not in ({", ".join(f"'{code}'" for code in sorted(place_of_service.NAMES))})
        """,
        key=("visit_token", "uuid"),
    ),
    not_negative("visits", "visit", "charge_cents"),
    not_negative("visits", "visit", "patient_estimate_cents"),
    no_row(
        name="insured_visits_have_an_estimate",
        feed="visits",
        table="visit",
        severity=Severity.BLOCKING,
        sentence="an insured visit without patient_estimate_cents. Without it the patient's target is unknown.",
        query="select visit_token from visit where payer_id is not null and patient_estimate_cents is null",
    ),
    fresh("visits", "visit", "state_changed_at", STALE_AFTER_DAYS),
    has_no_hole("visits", "visit", "state_changed_at"),
)
