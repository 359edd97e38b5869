"""The words for the codes of a remittance: each code once, each meaning a sentence, each name short."""

from __future__ import annotations

import re

import pytest

from ledger.rules.adjustment import GROUP_CODES, MEANINGS, AdjustmentClass, is_denial, refuses_by_capitation
from ledger.rules.codes_file import rows_of
from ledger.rules.remittance_codes import PROVIDER_ADJUSTMENTS, REMARKS, name_of

PATIENT, FEE = AdjustmentClass.PATIENT_RESPONSIBILITY, AdjustmentClass.CONTRACTUAL


@pytest.mark.parametrize(("name", "key"), [("rarc", ("remark_code",)), ("remittance", ("element", "code"))])
def test_a_code_stands_in_its_list_once_and_no_field_is_empty(name: str, key: tuple[str, ...]) -> None:
    rows = rows_of(name)
    assert len({tuple(row[column] for column in key) for row in rows}) == len(rows) > 0
    assert all(value and value == value.strip() for row in rows for value in row.values())


@pytest.mark.parametrize("meanings", [MEANINGS, REMARKS], ids=["carc", "rarc"])
def test_a_code_has_the_form_of_its_list_and_a_sentence_that_ends_with_a_point(meanings: dict[str, str]) -> None:
    assert all(re.fullmatch(r"(?:[ABNP]|M|MA)?[0-9]{1,3}", code) for code in meanings)
    assert all(re.fullmatch(r"[A-Z].*[a-z)0-9]\.", meaning) for meaning in meanings.values())
    assert all(len(meaning) < 90 for meaning in meanings.values())


def test_two_codes_of_a_list_do_not_say_the_same_except_where_the_list_has_twins() -> None:
    twins = {"M20", "M51"}  # HCPCS code, procedure code
    assert len({REMARKS[code] for code in REMARKS if code not in twins}) == len(REMARKS) - len(twins)


def test_the_usual_codes_of_an_office_are_known() -> None:
    assert {"MA01", "MA130", "N130", "N290", "N362", "N620", "M15"} <= set(REMARKS)
    assert {"FB", "WO", "L6", "72", "CS", "J1"} <= set(PROVIDER_ADJUSTMENTS)
    assert {*range(1, 4), 16, 18, 22, 23, 27, 29, 45, 50, 96, 97, 109, 197, 204, 253} <= {
        int(code) for code in MEANINGS if code.isdecimal()
    }


@pytest.mark.parametrize(
    ("element", "codes"),
    [
        ("CLP02", ("1", "2", "3", "4", "19", "20", "21", "22", "23", "25")),
        ("BPR04", ("ACH", "BOP", "CHK", "FWT", "NON")),
        ("CLP06", ("12", "HM", "MB", "MC")),
        ("CLP09", ("1", "7", "8")),
        ("CAS01", tuple(sorted(GROUP_CODES))),
    ],
)
def test_every_code_that_an_element_may_have_has_a_name(element: str, codes: tuple[str, ...]) -> None:
    assert all(name_of(element, code) for code in codes)


def test_an_unknown_code_has_no_name() -> None:
    assert (name_of("CLP02", "99"), name_of("CLP02", None)) == (None, None)


@pytest.mark.parametrize(
    ("paid_cents", "classes", "denied"),
    [
        (0, [AdjustmentClass.OTHER], True),
        (0, [FEE, AdjustmentClass.OTHER], True),
        (0, [FEE], False),
        (0, [], False),
        (0, [PATIENT, AdjustmentClass.OTHER], False),
        (0, [FEE, AdjustmentClass.CAPITATION], True),
        (100, [AdjustmentClass.OTHER], False),
    ],
)
def test_a_denial_is_told_by_its_money_and_never_by_its_status(
    paid_cents: int, classes: list[AdjustmentClass], denied: bool
) -> None:
    """X12 RFI 207."""
    assert is_denial(paid_cents, classes) is denied


@pytest.mark.parametrize(
    ("classes", "by_capitation"),
    [
        ([AdjustmentClass.CAPITATION], True),
        ([FEE, AdjustmentClass.CAPITATION], True),
        ([AdjustmentClass.CAPITATION, AdjustmentClass.OTHER], False),
        ([FEE], False),
        ([], False),
    ],
)
def test_what_capitation_alone_refuses_is_told_apart(classes: list[AdjustmentClass], by_capitation: bool) -> None:
    assert refuses_by_capitation(classes) is by_capitation
