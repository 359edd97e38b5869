"""Single values of a feed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import values
from ledger.rules.money import MOST_CENTS
from ledger.rules.showing import Refused, shown

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (values.uuid, "0B8F9C4E-0000-4000-8000-00000000ABCD", "0b8f9c4e-0000-4000-8000-00000000abcd"),
        (values.instant, "2026-09-01T10:00:00-04:00", "2026-09-01T14:00:00+00:00"),
        (values.instant, "2026-09-01 14:00:00Z", "2026-09-01T14:00:00+00:00"),
        (values.cents, "0", 0),
        (values.cents, str(MOST_CENTS), MOST_CENTS),
        (values.signed_cents, "-1250", -1250),
        (values.units, "2", 2),
        (values.claim_ref, "A" * 20, "A" * 20),
        (values.service_code, "G2012", "G2012"),
        (values.service_code, "0591T", "0591T"),
        (values.place_of_service, "02", "02"),
        (values.modifiers, "gt|95 | GT", "95|GT"),
        (values.opaque, "payer 60054", "payer 60054"),
    ],
)
def test_a_good_value_is_read_into_its_normal_form(read: Callable[[str], object], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (values.uuid, "0b8f9c4e00004000800000000000abcd"),
        (values.uuid, "not-a-token"),
        (values.instant, "2026-09-01T10:00:00"),
        (values.instant, "2026-09-01"),
        (values.instant, "2026-02-30T10:00:00Z"),
        (values.instant, "0001-01-01T00:00:00+14:00"),
        (values.instant, "yesterday"),
        (values.day, "20260901"),
        (values.day, "2026-9-1"),
        (values.day, "2026-02-29"),
        (values.cents, "-1"),
        (values.cents, "12.0"),
        (values.cents, "1 2"),
        (values.cents, "1_000"),
        (values.cents, "1e3"),
        (values.cents, "٣"),
        (values.cents, "+5"),
        (values.cents, str(MOST_CENTS + 1)),
        (values.cents, "9" * 40),
        (values.signed_cents, "--5"),
        (values.units, "0"),
        (values.units, "1.5"),
        (values.claim_ref, "A" * 21),
        (values.claim_ref, "claim-1"),
        (values.service_code, "9921"),
        (values.service_code, "office visit"),
        (values.place_of_service, "2"),
        (values.place_of_service, "\uff11\uff10"),
        (values.modifiers, "95|"),
        (values.modifiers, "955"),
        (values.opaque, "a\x00b"),
        (values.opaque, "two\nlines"),
        (values.opaque, "caf\udce9"),
        (values.opaque, "x" * 101),
    ],
)
def test_a_bad_value_is_refused_with_a_word_on_how_to_mend_it(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(Refused, match=r"(write|give|check|must|leave)"):
        read(text)


@given(
    moment=st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - the zone is drawn beside it
    minutes=st.integers(-14 * 60, 14 * 60),
)
def test_one_instant_has_one_form_whatever_its_offset_and_the_forms_sort_as_the_times(
    moment: datetime, minutes: int
) -> None:
    here = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert values.instant(here.isoformat()) == values.instant(here.astimezone(UTC).isoformat())
    later = here + timedelta(microseconds=1)
    assert values.instant(here.isoformat()) < values.instant(later.isoformat())


@pytest.mark.parametrize("value", ["12.50", "$1,250.00", "-3", "2026-09-01", "09/01/2026", "2026-09-01T10:00:00"])
def test_amounts_and_dates_are_shown(value: str) -> None:
    assert shown(value) == value


@pytest.mark.parametrize("value", ["Someone", "123-45-6789", "555-0100", "9999999999", "a@b.example", "XYZ123456789"])
def test_of_anything_else_only_length_and_kinds_are_shown(value: str) -> None:
    assert value not in shown(value)
    assert str(len(value)) in shown(value)
