"""From the bytes of a remittance to the books: each rule of accounting with its source, on one world read once.

"X12 RFI n" is a request for interpretation that X12 has answered.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from ingestion import visit_ledger
from ingestion.era835 import load as era835
from ingestion.era835.archive import Archive
from ledger.settings import Settings
from ledger.store.database import connect
from orchestration.reconcile import reconcile
from tests.support import world_files
from tests.support.accounting_rules import RULES, about, cas, number_of, said, token
from tests.support.oracle import small
from tests.support.product_run import Product
from tests.support.remittance_writer import Claim, More, Payment, interchange

if TYPE_CHECKING:
    from ledger.store.database import Database

AS_OF = date(2026, 11, 1)
CORRECTED = said(9000, "CO-45:5000 PR-2:1000", payer_number="C")
PROVIDER, OTHER_PROVIDER = "1999999976", "1999999968"


def files() -> dict[str, bytes]:
    """Return what the payer sent in four weeks, a file a week."""
    weeks: list[list[Claim]] = [[], []]
    for place, rule in enumerate(RULES):
        weeks[0] += about(place, rule.first)
        weeks[1] += about(place, rule.later)
    corrected = about(number_of("corrected in another"), (CORRECTED,))
    produced = More(dates=(("405", date(2026, 9, 28)),))
    first = Payment("RULES1", tuple(weeks[0]), paid_on=date(2026, 10, 1), provider=(("L6", "", -150),), more=produced)
    # A payment is never below 0: interest outweighs what the second week takes back.
    second = Payment("RULES2", tuple(weeks[1]), paid_on=date(2026, 10, 8), provider=(("L6", "", -30000),))
    third = Payment("RULES3", corrected, paid_on=date(2026, 10, 15))
    return {
        "week1.835": interchange((first, *chain(0))),
        "week2.835": interchange((second, *chain(1))),
        "week3.835": interchange((third, *chain(2))),
        "week4.835": interchange(chain(3)),
    }


def chain(week: int) -> tuple[Payment, ...]:
    """Return what a provider gets in a week: paid, reversed and carried, recovered in part, settled by a cheque."""
    number, on = "CHAIN1", date(2026, 10, 2 + 7 * week)
    paid = Claim("CHAINOFAPROVIDER1", 20000, 12000, payer_number=number, adjustments=cas("CO-45:8000"))
    back = Claim("CHAINOFAPROVIDER1", -20000, -12000, 0, "22", number, adjustments=cas("CO-45:-8000"))
    small_one = Claim("CHAINOFAPROVIDER2", 5000, 5000, payer_number="CHAIN2")
    sent = (
        Payment("CHAIN1", (paid,)),
        Payment("CHAIN2", (back,), provider=(("FB", number, -12000),), method="NON"),
        Payment("CHAIN3", (small_one,), provider=(("WO", number, 5000),), method="NON"),
        Payment("CHAIN4", (), provider=(("72", number, -7000), ("WO", number, 7000)), method="NON"),
    )[week]
    elsewhere = replace(back, ref="CHAINOFAPROVIDER3", payer_number="CHAIN3")
    mine = replace(sent, payee_npi=PROVIDER, paid_on=on)
    if week != 1:
        return (mine,)
    return (mine, replace(mine, trace="OTHER2", payee_npi=OTHER_PROVIDER, claims=(elsewhere,)))


@pytest.fixture(scope="module")
def product(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Product:
    """One world with a visit a rule, loaded and reconciled once."""
    home = tmp_path_factory.mktemp("rules")
    books = Product(module_database, Settings(home=home, database_url=module_database.url))
    places = range(len(RULES))
    visits = [small.visit(visit_token=token(place), claim_ref=f"RULE{place:013d}") for place in places]
    visits.append(small.visit(visit_token=token(99), claim_ref="CHAINOFAPROVIDER1"))
    (home / "visits.csv").write_bytes(world_files.visits_csv(visits))
    archive = Archive(home / "archive", bytes(32))
    with connect(module_database) as connection:
        visit_ledger.load(connection, home / "visits.csv")
        for name, data in files().items():
            (home / name).write_bytes(data)
            list(era835.load(connection, home / name, archive))
        connection.commit()
    reconcile(books.settings, module_database, as_of=AS_OF, on_step=lambda *_: None)
    return books


def test_every_remittance_of_the_world_balances_and_posts(product: Product) -> None:
    rows = product.rows("select trn_number, verdict, residual_cents from marts.era_tieout")
    assert {(row["verdict"], row["residual_cents"]) for row in rows} == {("posted", 0)}
    assert product.rows("select * from raw.era_finding where severity = 'error'") == []
    assert product.rows("select * from raw.era_claim where residual_cents <> 0") == []
    assert product.rows("select * from raw.era_service where residual_cents <> 0") == []


@pytest.mark.parametrize("place", range(len(RULES)), ids=[f"{rule.says} ({rule.source})" for rule in RULES])
def test_the_books_follow_the_rule(product: Product, place: int) -> None:
    (row,) = product.rows(f"select * from marts.visit_revenue where visit_token = '{token(place)}'")
    expect = RULES[place].expect
    assert {column: row[column] for column in expect} == expect


def test_what_never_posts_is_not_without_a_visit_either(product: Product) -> None:
    """CLP02 23 and 25 (X12 RFI 1423): neither a payment of a visit nor one that has lost its visit."""
    strays = product.rows("select claim_ref from marts.unmatched_remits")
    assert {row["claim_ref"] for row in strays} == {"CHAINOFAPROVIDER2", "CHAINOFAPROVIDER3"}


def test_the_submitted_code_stands_beside_the_paid_one(product: Product) -> None:
    """SVC06 of a bundled line (X12 RFI 2320, 2551, 2044) and of unbundled ones (X12 RFI 2283)."""
    rows = product.rows(
        "select service_code, submitted_code, charge_cents from raw.era_service"
        " where coalesce(submitted_code, '') <> '' order by claim_index, service_index"
    )
    assert [tuple(row.values()) for row in rows] == [
        *(("99215", "99213", 10000), ("99213", "99215", 15000), ("99212", "99215", 0)),
    ]


def test_nobody_is_told_to_appeal_a_capitated_claim(product: Product) -> None:
    """CARC 24: the money comes in the capitation payment; a real denial says nothing of the kind."""
    leaks = product.rows("select visit_token, amount_cents, evidence from marts.leaks where category = 'denied'")
    told = {row["visit_token"]: row["evidence"].get("capitation") for row in leaks}
    assert told == {
        token(number_of("a capitated claim")): "paid as capitation: no appeal",
        token(number_of("was refused is a denial")): None,
    }


def test_a_remittance_that_pays_nothing_expects_nothing_at_the_bank(product: Product) -> None:
    """BPR04 NON with BPR02 0 (X12 RFI 352 and 2228)."""
    expected = {row["trn_number"] for row in product.rows("select trn_number from marts.eft_tieout")}
    assert expected == {"RULES1", "RULES2", "RULES3", "CHAIN1"}


def test_interest_is_cash_where_the_provider_line_pays_it(product: Product) -> None:
    """PLB L6, negative (X12 RFI 2601): it raises the payment and moves no balance; AMT*I does neither."""
    (remit,) = product.rows("select * from marts.era_tieout where trn_number = 'RULES1'")
    assert remit["bpr_cents"] == remit["claims_cents"] + 150
    (line_of_it,) = product.rows("select * from marts.provider_balances where trn_number = 'RULES1'")
    assert (line_of_it["kind"], line_of_it["amount_cents"]) == ("interest", -150)
    assert (line_of_it["moves_balance"], line_of_it["open_balance_cents"]) == (False, 0)


def test_cash_is_booked_on_the_date_of_the_payment(product: Product) -> None:
    """BPR16, neither the date of the group (GS04, 30 September here) nor that of production (DTM*405, the 28th)."""
    (remit,) = product.rows("select paid_on from marts.era_tieout where trn_number = 'RULES1'")
    assert remit["paid_on"] == date(2026, 10, 1)


def test_a_reversal_names_the_claim_it_undoes_in_the_other_file(product: Product) -> None:
    """X12 RFI 227 and 791."""
    place = number_of("corrected in another")
    (link,) = product.rows(f"select * from marts.reversals where visit_token = '{token(place)}'")
    (first,) = product.rows(f"select * from raw.era_claim where payer_claim_number = 'ICN{place}A' and paid_cents > 0")
    undone = (link["undoes_file_sha256"], link["undoes_st_index"], link["undoes_claim_index"])
    assert undone == (first["file_sha256"], first["st_index"], first["claim_index"])
    assert link["file_sha256"] != first["file_sha256"]
    assert (link["linked_by"], link["why_unlinked"]) == ("payer_claim_number", None)


def test_a_carried_balance_is_recovered_and_settled_by_a_cheque(product: Product) -> None:
    """FB, then WO, then 72 beside WO (X12 RFI 1756, 1374 and 758): the chain nets to zero, the cheque moves nothing."""
    rows = product.rows(f"select * from marts.provider_balances where provider_id = '{PROVIDER}' order by position")
    assert [(row["reason_code"], row["amount_cents"], row["open_balance_cents"]) for row in rows] == [
        *(("FB", -12000, 12000), ("WO", 5000, 7000), ("72", -7000, 7000), ("WO", 7000, 0)),
    ]
    assert {(row["visit_token"], row["practice_id"]) for row in rows} == {(token(99), "north")}


def test_only_the_balance_that_is_not_level_leaks(product: Product) -> None:
    """X12 RFI 1756 and 1374. What the payer will still take back is positive."""
    (leak,) = product.rows("select * from marts.leaks where category = 'recoupment_open'")
    assert (leak["amount_cents"], leak["period"], leak["visit_token"]) == (12000, "2026-10", None)
    assert leak["evidence"]["provider_id"] == OTHER_PROVIDER
    assert leak["evidence"]["lines"] == [
        {"paid_on": "2026-10-09", "trn_number": "OTHER2", "reason_code": "FB", "amount_cents": -12000}
    ]
    (month,) = product.rows("select * from marts.month_summary where measure = 'leak_recoupment_open'")
    assert (month["period"], month["amount_cents"], month["count"]) == ("2026-10", 12000, 1)
