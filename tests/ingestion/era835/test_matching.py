"""A person says whose a claim is: what stands then, what is refused, and that nothing is said twice."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from ingestion import visit_ledger
from ingestion.era835.archive import Archive
from ingestion.era835.load import load
from ingestion.era835.matching import ClaimName, UnknownVisit, known_visit, match, named_claim
from ingestion.era835.settlement import CannotSettle, UnknownTransaction, release
from tests.support.feed_files import visit, write_csv
from tests.support.remittance_writer import Claim, Payment, interchange

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.landing import Connection

WHY, WHO = "The payer mistyped the reference", "anna"
FIRST, SECOND = (UUID(visit(number)["visit_token"]) for number in (1, 2))
POSTED = Payment(claims=(Claim(ref="NOBODYS"), Claim(ref="FORWARDED", status="23"), Claim(ref="ASKED", status="25")))
HELD = Payment("TRACE9", claims=(Claim(ref="NOBODYS"),), amount=10396)


@pytest.fixture
def claims(raw: Connection, tmp_path: Path) -> dict[str, ClaimName]:
    """Load two visits and two remittances and name the claims."""
    visit_ledger.load(raw, write_csv(tmp_path / "visits.csv", [visit(1), visit(2)]))
    named = {}
    for name, payment in {"posted": POSTED, "held": HELD}.items():
        path = tmp_path / f"{name}.835"
        path.write_bytes(interchange((payment,)))
        (receipt,) = load(raw, path, Archive(tmp_path / "archive", bytes(32)))
        named[name] = ClaimName(receipt.file_sha256, 0, 0)
    return named | {
        "forwarded": named["posted"]._replace(claim_index=1),
        "asked": named["posted"]._replace(claim_index=2),
    }


def words(raw: Connection) -> list[tuple[int, UUID | None, str]]:
    return raw.execute("select ordinal, visit_token, settled_by from raw.era_match order by match_id").fetchall()


def test_a_word_is_kept_with_who_and_why_and_the_same_again_is_not(
    raw: Connection, claims: dict[str, ClaimName]
) -> None:
    done = match(raw, claims["posted"], FIRST, WHY, WHO)
    assert (done.is_new, done.visit_token, done.why, done.settled_by) == (True, FIRST, WHY, WHO)
    again = match(raw, claims["posted"], FIRST, "another reason", "ben")
    assert (again.is_new, again.why, again.match_id) == (False, WHY, done.match_id)
    assert words(raw) == [(1, FIRST, WHO)]


def test_another_visit_is_only_taken_by_who_knows_of_the_first(raw: Connection, claims: dict[str, ClaimName]) -> None:
    match(raw, claims["posted"], FIRST, WHY, WHO)
    with pytest.raises(CannotSettle, match=f"was matched to visit {FIRST} on 20.* by anna already. Nothing was done"):
        match(raw, claims["posted"], SECOND, WHY, "ben")
    assert match(raw, claims["posted"], SECOND, WHY, "ben", instead_of=FIRST).is_new
    assert match(raw, claims["posted"], None, WHY, WHO, instead_of=SECOND).is_new
    assert match(raw, claims["posted"], FIRST, WHY, WHO).is_new
    assert words(raw) == [(1, FIRST, WHO), (2, SECOND, "ben"), (3, None, WHO), (4, FIRST, WHO)]


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("held", "stands in a transaction that is held: nothing of it posts. Settle that first"),
        ("forwarded", "never counts, whatever visit it is about: the payer sent it on to another"),
        ("asked", "never counts, whatever visit it is about: it is a predetermination"),
    ],
)
def test_what_never_posts_is_not_matched(raw: Connection, claims: dict[str, ClaimName], claim: str, said: str) -> None:
    with pytest.raises(CannotSettle, match=said):
        match(raw, claims[claim], FIRST, WHY, WHO)
    assert words(raw) == []


def test_what_was_released_can_be_matched(raw: Connection, claims: dict[str, ClaimName]) -> None:
    release(raw, claims["held"].transaction, WHY, WHO)
    assert match(raw, claims["held"], FIRST, WHY, WHO).is_new


def test_what_was_never_matched_is_not_taken_back(raw: Connection, claims: dict[str, ClaimName]) -> None:
    with pytest.raises(CannotSettle, match="there is nothing to take back"):
        match(raw, claims["posted"], None, WHY, WHO)


@pytest.mark.parametrize("name", [str(FIRST), str(FIRST).upper(), "CLAIM0001", " claim-0001 "])
@pytest.mark.usefixtures("claims")
def test_a_visit_is_named_by_its_token_or_our_reference(raw: Connection, name: str) -> None:
    assert known_visit(raw, name) == FIRST


@pytest.mark.parametrize("name", [str(UUID(int=9)), "CLAIM0009", "", "%", "'"])
@pytest.mark.usefixtures("claims")
def test_a_visit_that_is_not_there_is_said_without_what_was_typed(raw: Connection, name: str) -> None:
    with pytest.raises(UnknownVisit, match="The visit ledger has no visit of this token") as refused:
        known_visit(raw, name)
    assert not name or name not in str(refused.value).replace("'s page", "")


def test_a_claim_is_named_by_its_places(raw: Connection, claims: dict[str, ClaimName]) -> None:
    posted = claims["posted"]
    assert named_claim(raw, posted.file_sha256[:12], 0, 0) == posted
    assert str(posted) == f"{posted.file_sha256[:12]}#0/0"
    with pytest.raises(UnknownTransaction, match="has no claim /9"):
        named_claim(raw, posted.file_sha256, 0, 9)


@pytest.mark.parametrize(
    "attack", ["update raw.era_match set why = 'x'", "delete from raw.era_match", "truncate raw.era_match"]
)
def test_a_word_is_never_changed(raw: Connection, claims: dict[str, ClaimName], attack: str) -> None:
    match(raw, claims["posted"], FIRST, WHY, WHO)
    with pytest.raises(psycopg.errors.RestrictViolation, match="only ever added to"):
        raw.execute(attack.format("raw.era_match").encode())
