"""Each contract refuses its counter-example, and only that contract does; clean data keeps them all."""

from __future__ import annotations

import gc
import time
from datetime import date
from typing import TYPE_CHECKING

import pytest

from expectations.catalog import CONTRACTS, of_feed
from expectations.contract import Contract, Rows, Severity, Verdict, came_since, every_row
from expectations.runner import run
from ledger.store.database import connect
from orchestration import ops
from orchestration.defs.contracts import keep_broken

if TYPE_CHECKING:
    from ledger.store.database import Database

AS_OF = date(2026, 11, 1)

# One clean row a table: a visit that was charged 100.00, remitted 80.00 less a provider adjustment of 5.00.
CLEAN = """
    insert into raw.file (kind, file_sha256, byte_count)
    select 'visits', repeat('0', 64), 1;

    insert into raw.visit
        (visit_token, claim_ref, practice_id, provider_id, state, service_code, units, place_of_service,
         scheduled_start, scheduled_end, payer_id, charge_cents, patient_estimate_cents, state_changed_at,
         row_sha256, file_sha256, row_number, load_id)
    select '00000000-0000-4000-8000-000000000001', 'CLAIM1', 'practice', 'provider', 'completed', '99213', 1, '10',
        '2026-10-20T09:00Z', '2026-10-20T09:30Z', 'payer', 10000, 2000, '2026-10-20T10:00Z',
        'a', 'f', 1, load_id
    from raw.file;
    insert into raw.claim_ref select claim_ref, visit_token, load_id from raw.visit;

    insert into raw.stripe_object
        (object_id, object_type, version_at, object_sha256, payload, file_sha256, line_number, load_id)
    select 'ch_1', 'charge', '2026-10-20T11:00Z', 'a',
        '{"amount": 2000, "amount_captured": 2000,
          "metadata": {"visit_token": "00000000-0000-4000-8000-000000000001"}}',
        'f', 1, load_id
    from raw.file;

    insert into raw.era_transaction
        (file_sha256, st_index, bpr_cents, paid_on, claims_cents, provider_adjustments_cents, residual_cents,
         claim_count, verdict, body_sha256, load_id)
    select 'f', 0, 7500, '2026-10-25', 8000, 500, 0, 1, 'posted', 'b', load_id from raw.file;
    insert into raw.era_claim
        (file_sha256, st_index, claim_index, claim_ref, status_code, charge_cents, paid_cents,
         patient_responsibility_cents, is_reversal)
    values ('f', 0, 0, 'CLAIM1', '1', 10000, 8000, 2000, false);
    insert into raw.era_adjustment (file_sha256, st_index, claim_index, adjustment_index, group_code, reason_code,
        amount_cents)
    values ('f', 0, 0, 0, 'PR', '2', 2000);
    insert into raw.era_provider_adjustment
        (file_sha256, st_index, provider_adjustment_index, reason_code, amount_cents)
    values ('f', 0, 0, 'WO', 500);

    insert into raw.fee (payer_id, service_code, modifiers, place_of_service, effective_from, allowed_cents,
        file_sha256, row_number, load_id)
    select 'payer', '99213', '', '10', '2026-01-01', 9000, 'f', 1, load_id from raw.file;
    insert into raw.practice select 'practice', 0, 0, 'pro_rata', 'key', 'f', 1, load_id from raw.file;
    insert into raw.bank_deposit select 'deposit', '2026-10-27', 7500, 'trace', 'f', 1, load_id from raw.file;
"""

# What a database that lost its constraints, or a loader that lost its mind, would let in.
COUNTER_EXAMPLES = {
    "visit_has_its_columns": "alter table raw.visit drop column provider_id",
    "visit_is_unique": """
        alter table raw.visit drop constraint visit_pkey;
        insert into raw.visit select * from raw.visit
    """,
    "visit_state_is_listed": "update raw.visit set state = 'asleep'",
    "visit_place_of_service_is_two_digits": "update raw.visit set place_of_service = '2'",
    "visit_place_of_service_is_listed": "update raw.visit set place_of_service = '98'",
    "visit_charge_cents_is_not_negative": "update raw.visit set charge_cents = -1",
    "visit_patient_estimate_cents_is_not_negative": "update raw.visit set patient_estimate_cents = -1",
    "insured_visits_have_an_estimate": "update raw.visit set patient_estimate_cents = null",
    "visit_is_fresh": "update raw.visit set state_changed_at = '2026-09-01T00:00Z'",
    "visit_has_no_hole": """
        create temporary table later as select * from raw.visit;
        update later set state_changed_at = '2026-10-29T10:00Z';
        insert into raw.visit select * from later
    """,
    "stripe_object_has_its_columns": "alter table raw.stripe_object drop column load_id",
    "stripe_object_is_unique": """
        alter table raw.stripe_object drop constraint stripe_object_pkey;
        insert into raw.stripe_object select * from raw.stripe_object
    """,
    "stripe_amounts_are_cents": """update raw.stripe_object set payload = payload || '{"amount": -2000}'""",
    "charges_name_a_known_visit": """
        update raw.stripe_object
        set payload = payload || '{"metadata": {"visit_token": "00000000-0000-4000-8000-000000000002"}}'
    """,
    "stripe_object_is_fresh": "update raw.stripe_object set version_at = '2026-09-01T00:00Z'",
    "stripe_object_has_no_hole": """
        create temporary table later as select * from raw.stripe_object;
        update later set version_at = '2026-10-29T11:00Z';
        insert into raw.stripe_object select * from later
    """,
    "era_transaction_has_its_columns": "alter table raw.era_transaction drop column payee_npi",
    "era_claim_has_its_columns": "alter table raw.era_claim drop column facility_code",
    "era_adjustment_has_its_columns": "alter table raw.era_adjustment drop column group_code",
    "era_provider_adjustment_has_its_columns": "alter table raw.era_provider_adjustment drop column reference",
    "era_transaction_is_unique": """
        alter table raw.era_transaction drop constraint era_transaction_pkey;
        update raw.era_transaction set verdict = 'held';
        insert into raw.era_transaction select * from raw.era_transaction
    """,
    "era_claim_is_unique": """
        insert into raw.era_claim select * from raw.era_claim;
        update raw.era_claim set paid_cents = 4000
    """,
    "era_transaction_verdict_is_listed": """
        alter table raw.era_transaction drop constraint era_transaction_verdict_check;
        update raw.era_transaction set verdict = 'lost'
    """,
    "posted_remittances_balance": "update raw.era_transaction set residual_cents = 1",
    "remittance_claims_sum_to_their_transaction": "update raw.era_claim set paid_cents = 7999",
    "provider_adjustments_sum_to_their_transaction": "delete from raw.era_provider_adjustment",
    "remittance_claims_name_a_known_visit": "delete from raw.claim_ref",
    "era_transaction_is_fresh": "update raw.era_transaction set paid_on = '2026-09-01'",
    "fee_has_its_columns": "alter table raw.fee drop column modifiers",
    "fee_allowed_cents_is_not_negative": "update raw.fee set allowed_cents = -1",
    "fee_periods_end_after_they_start": "update raw.fee set effective_to = '2025-12-31'",
    "practice_has_its_columns": "alter table raw.practice drop column policy_key",
    "practice_no_show_fee_cents_is_not_negative": "update raw.practice set no_show_fee_cents = -1",
    "practice_late_cancel_fee_cents_is_not_negative": "update raw.practice set late_cancel_fee_cents = -1",
    "practice_partial_visit_is_listed": "update raw.practice set partial_visit = 'half'",
    "bank_deposit_has_its_columns": "alter table raw.bank_deposit drop column trace_number",
}

# What is not two digits is in no code set either; which load is the newest cannot be told without its number.
BREAKS_WITH_IT = {
    "visit_place_of_service_is_two_digits": {"visit_place_of_service_is_listed"},
    "stripe_object_has_its_columns": {"stripe_object_is_fresh"},
}


def broken(database: Database, statements: str = "", as_of: date = AS_OF) -> set[str]:
    """Name the contracts that `statements` break on clean data."""
    with connect(database) as connection:
        connection.execute(CLEAN)
        connection.execute(statements)
    return {verdict.contract.name for verdict in judged(database, as_of) if not verdict.kept}


def judged(database: Database, as_of: date = AS_OF) -> tuple[Verdict, ...]:
    """Give every verdict on a database."""
    return run(database.sqlalchemy("psycopg2"), CONTRACTS, as_of)


def test_every_contract_has_a_counter_example() -> None:
    assert [contract.name for contract in CONTRACTS] == list(dict.fromkeys(contract.name for contract in CONTRACTS))
    assert set(COUNTER_EXAMPLES) == {contract.name for contract in CONTRACTS}


def test_clean_data_keeps_every_contract(database: Database) -> None:
    assert broken(database) == set()


def test_an_empty_database_keeps_every_contract(database: Database) -> None:
    assert [verdict for verdict in judged(database) if not verdict.kept] == []


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_a_contract_refuses_its_counter_example_and_no_other_does(contract: Contract, database: Database) -> None:
    assert broken(database, COUNTER_EXAMPLES[contract.name]) == {contract.name, *BREAKS_WITH_IT.get(contract.name, ())}


def test_a_table_that_is_gone_breaks_all_its_contracts_and_no_other(database: Database) -> None:
    assert broken(database, "drop table raw.fee") == {contract.name for contract in of_feed("fees")}


def test_two_observations_of_a_visit_at_one_time_are_no_breach_since_the_larger_hash_wins(database: Database) -> None:
    tie = """
        create temporary table tie as select * from raw.visit;
        update tie set row_sha256 = 'b', state = 'no_show';
        insert into raw.visit select * from tie
    """
    assert broken(database, tie) == set()


def test_a_remittance_that_does_not_balance_is_no_breach_while_it_is_held(database: Database) -> None:
    assert broken(database, "update raw.era_transaction set verdict = 'held', residual_cents = 7") == set()


def test_freshness_is_measured_at_the_as_of_day_and_not_today(database: Database) -> None:
    assert broken(database, as_of=date(2027, 1, 1)) == {
        "visit_is_fresh",
        "stripe_object_is_fresh",
        "era_transaction_is_fresh",
    }


def test_a_week_without_a_row_is_no_hole(database: Database) -> None:
    week = COUNTER_EXAMPLES["visit_has_no_hole"].replace("2026-10-29", "2026-10-28")
    assert broken(database, week) == set()


def _only(condition: str) -> Rows:
    return lambda _contract: condition


def test_only_the_rows_asked_for_are_judged(database: Database) -> None:
    with connect(database) as connection:
        connection.execute(CLEAN)
        connection.execute("update raw.visit set state = 'asleep', place_of_service = '2'")
    blocking = [contract for contract in of_feed("visits") if contract.severity is Severity.BLOCKING]
    url = database.sqlalchemy("psycopg2")
    found = {
        rows: {v.contract.name for v in run(url, blocking, AS_OF, _only(rows)) if not v.kept}
        for rows in ("state_changed_at < '2026-10-20'", "state_changed_at >= '2026-10-20'")
    }
    assert list(found.values()) == [set(), {"visit_state_is_listed", "visit_place_of_service_is_two_digits"}]


def test_what_came_since_a_load_is_judged_by_blocking_contracts_and_everything_by_warnings(database: Database) -> None:
    with connect(database) as connection:
        connection.execute(CLEAN)
        connection.execute(
            "update raw.visit set state = 'asleep', place_of_service = '00';"
            "update raw.era_claim set paid_cents = paid_cents + 1; update raw.fee set allowed_cents = -1"
        )
        (last,) = connection.execute("select max(load_id) from raw.file").fetchone() or (0,)
    url = database.sqlalchemy("psycopg2")
    found = {
        load: {v.contract.name for v in run(url, CONTRACTS, AS_OF, came_since(load)) if not v.kept}
        for load in (last, 0)
    }
    warnings = {"visit_place_of_service_is_listed"}
    assert found[last] == warnings
    assert found[0] == {
        *warnings,
        "visit_state_is_listed",
        "remittance_claims_sum_to_their_transaction",
        "fee_allowed_cents_is_not_negative",
    }


def test_what_a_settlement_posts_is_judged_though_it_came_long_ago(database: Database) -> None:
    with connect(database) as connection:
        connection.execute(CLEAN)
        connection.execute(
            "update raw.era_transaction set verdict = 'held'; update raw.era_claim set paid_cents = paid_cents + 1"
        )
        (last,) = connection.execute("select max(load_id) from raw.file").fetchone() or (0,)
        connection.execute(
            "insert into raw.era_settlement (file_sha256, st_index, action, why, settled_by)"
            " select file_sha256, st_index, 'release', 'It is right.', 'Ada' from raw.era_transaction"
        )
    verdicts = run(database.sqlalchemy("psycopg2"), of_feed("remittances"), AS_OF, came_since(last))
    assert {v.contract.name for v in verdicts if not v.kept} == {"remittance_claims_sum_to_their_transaction"}


def test_what_broke_a_warning_before_is_judged_again_beside_what_came(database: Database) -> None:
    by_row = [contract for contract in CONTRACTS if contract.key]
    broken_by_row = (
        "visit_place_of_service_is_listed",
        "charges_name_a_known_visit",
        "remittance_claims_name_a_known_visit",
    )
    with connect(database) as connection:
        ops.prepare(connection)
        connection.execute(CLEAN)
        for name in broken_by_row:
            connection.execute(COUNTER_EXAMPLES[name])
        (last,) = connection.execute("select max(load_id) from raw.file").fetchone() or (0,)
    since = came_since(last, "ops.broken_row")

    def found(rows: Rows) -> dict[str, int | None]:
        verdicts = run(database.sqlalchemy("psycopg2"), by_row, AS_OF, rows)
        with connect(database) as connection:
            for verdict in verdicts:
                keep_broken(connection, verdict, verdict.contract.broken(rows(verdict.contract), AS_OF))
        return {verdict.contract.name: verdict.broken_rows for verdict in verdicts if not verdict.kept}

    assert found(since) == {}, "nothing came, and nothing is known to be broken"
    assert found(every_row) == dict.fromkeys(broken_by_row, 1)
    assert found(since) == dict.fromkeys(broken_by_row, 1)
    with connect(database) as connection:
        connection.execute("insert into raw.claim_ref select claim_ref, visit_token, load_id from raw.visit")
        connection.execute(
            "create temporary table late as select * from raw.visit;"
            "update late set visit_token = '00000000-0000-4000-8000-000000000002', load_id = load_id + 1;"
            "insert into raw.visit select * from late"
        )
    assert found(since) == {"visit_place_of_service_is_listed": 2}
    with connect(database) as connection:
        assert connection.execute("select distinct contract from ops.broken_row").fetchall() == [
            ("visit_place_of_service_is_listed",)
        ]


def test_referential_and_freshness_rules_warn_and_only_they_do() -> None:
    warnings = {contract.name for contract in CONTRACTS if contract.severity is Severity.WARNING}
    assert warnings == {
        "visit_is_fresh",
        "stripe_object_is_fresh",
        "visit_has_no_hole",
        "stripe_object_has_no_hole",
        "era_transaction_is_fresh",
        "charges_name_a_known_visit",
        "remittance_claims_name_a_known_visit",
        "visit_place_of_service_is_listed",
    }


def test_the_sentence_names_the_table_and_counts_the_rows_and_shows_no_value(database: Database) -> None:
    with connect(database) as connection:
        connection.execute(CLEAN)
        connection.execute("update raw.visit set state = 'asleep'")
    sentences = [verdict.sentence for verdict in judged(database) if not verdict.kept]
    vocabulary = "a visit state outside the vocabulary. Correct the state in the visit ledger and load it again."
    assert sentences == [f"raw.visit: 1 row: {vocabulary}"]


def test_no_connection_outlives_a_run_even_while_nothing_is_collected(database: Database) -> None:
    others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    gc.disable()
    try:
        with connect(database, autocommit=True) as connection:
            for _ in range(3):
                judged(database)
            # A server process is gone a moment after its client.
            until = time.monotonic() + 5
            while connection.execute(others).fetchall() != [(0,)]:
                assert time.monotonic() < until, connection.execute(others).fetchall()
                time.sleep(0.01)
    finally:
        gc.enable()
