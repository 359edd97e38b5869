"""Stripe lines are read and hashed quickly just as they are slowly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ingestion import stripe_objects
from ledger.rules.stripe_events import canonical
from tests.support.feed_files import write_json_lines

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.landing import Connection

_SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.characters(max_codepoint=0x80),
)
_JSON = st.recursive(_SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.text(max_size=4), _JSON, max_size=5), st.booleans(), st.sampled_from([None, 1]))
def test_the_quick_way_reads_and_hashes_every_object_as_the_slow_one(
    body: dict[str, Any], escaped: bool, indent: int | None
) -> None:
    line = json.dumps(body, ensure_ascii=escaped, indent=indent).encode("utf-8", "surrogatepass")
    quick = stripe_objects._quickly(line)
    assume(quick is not None)
    assert quick is not None
    assert repr(quick) == repr(json.loads(line))  # as text: 1 and 1.0 and True are not the same here
    assert stripe_objects._quick_canonical(quick) == canonical(body)


@pytest.mark.parametrize("number", ["1.0", "1e2", "-1E2", "18446744073709551616", "-9223372036854775809", "0.1"])
@pytest.mark.parametrize("text", ['{"a":%s}', '{"a": [1,\t%s]}', '{"b":{"a" : %s}}', '{"a":[%s]}'])
def test_a_number_that_the_quick_way_would_spell_otherwise_goes_the_slow_way(number: str, text: str) -> None:
    assert stripe_objects._quickly((text % number).encode()) is None


@pytest.mark.parametrize(
    "line",
    [
        b'{"a":"\\ud800"}',
        b'{"a":NaN}',
        b'{"a":1',
        b"[1]",
        b'"a"',
        b"\xef\xbb\xbf{}",
        b'{"a":"\xff"}',
        b'{"a":"\t"}',
        b'{"a":01}',
        b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}",
    ],
)
def test_what_the_quick_way_cannot_read_is_left_to_the_slow_one(line: bytes) -> None:
    assert stripe_objects._quickly(line) is None


def test_an_object_too_deep_for_the_quick_way_is_hashed_the_slow_way() -> None:
    body: dict[str, Any] = {}
    for _ in range(300):
        body = {"a": body}
    assert stripe_objects._quick_canonical(body) == canonical(body)


def test_a_backslash_in_a_name_is_kept_as_it_is(raw: Connection, tmp_path: Path) -> None:
    stripe_objects.load(
        raw,
        write_json_lines(
            tmp_path / "stripe.jsonl",
            [{"id": "xx_000001", "object": "thing", "amount_\\N": 5, "amount_\tx": 6, "amount_big": 2**80}],
        ),
    )
    (payload,) = raw.execute("select payload from raw.stripe_object").fetchone() or ({},)
    assert payload == {"id": "xx_000001", "amount_\\N": 5, "amount_\tx": 6, "amount_big": 2**80}
