"""Claim references and their check character."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.rules.claim_ref import ALPHABET, check_character, issue, same, verify

BODIES = st.text(ALPHABET, min_size=16, max_size=16)


def test_an_issued_reference_has_17_characters_that_clm01_and_the_contract_allow() -> None:
    for _ in range(50):
        claim_ref = issue()
        assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{17}", claim_ref)
        assert verify(claim_ref)


def test_issued_references_differ() -> None:
    assert len({issue() for _ in range(1000)}) == 1000


@given(body=BODIES, place=st.integers(0, 16), other=st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_found(body: str, place: int, other: str) -> None:
    claim_ref = body + check_character(body)
    changed = claim_ref[:place] + other + claim_ref[place + 1 :]
    assert verify(changed) == (changed == claim_ref)


@given(body=BODIES, first=st.integers(0, 16), second=st.integers(0, 16))
def test_two_characters_that_changed_places_are_always_found(body: str, first: int, second: int) -> None:
    claim_ref = body + check_character(body)
    swapped = list(claim_ref)
    swapped[first], swapped[second] = swapped[second], swapped[first]
    changed = "".join(swapped)
    assert verify(changed) == (changed == claim_ref)


def test_what_has_another_length_or_alphabet_is_not_one_of_ours() -> None:
    good = issue()
    assert not any(map(verify, ["", good[:-1], good + "0", "U" * 17, good.lower() if not good.isdigit() else "x"]))


@pytest.mark.parametrize(
    ("sent", "returned", "one_claim"),
    [
        ("7K2M9QX4T1ZBW3CV5", "7K2M9QX4T1ZBW3CV5", True),
        ("7K2M9QX4T1ZBW3CV5", "7k2m-9qx4 t1zb-w3cv5", True),
        ("7K2M9QX4T1ZBW3CV5", "7K2M9QX4T1ZB", True),
        ("7K2M9QX4T1ZBW3CV5", "7K2M9QX4T1Z", False),
        ("7K2M9QX4T1ZBW3CV5", "7K2M9QX4T1ZBW3CV6", False),
        ("", "", False),
    ],
)
def test_a_reference_is_known_in_the_forms_in_which_payers_give_it_back(
    sent: str, returned: str, one_claim: bool
) -> None:
    assert same(sent, returned) is same(returned, sent) is one_claim
