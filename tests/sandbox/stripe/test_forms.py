"""What the real SDK writes as a form is read back as it was meant."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode

from sandbox.stripe.errors import StripeError
from sandbox.stripe.forms import decoded

WORD = st.text(st.characters(codec="utf-8", exclude_characters="[]"), min_size=1, max_size=12)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "amount": {"type": "integer"},
        "on": {"type": "boolean"},
        "name": {"type": "string"},
        "expand": {"type": "array", "items": {"type": "string"}},
        "created": {"anyOf": [{"type": "object", "properties": {"gte": {"type": "integer"}}}, {"type": "integer"}]},
        "metadata": {
            "anyOf": [
                {"type": "object", "additionalProperties": {"type": "string"}},
                {"type": "string", "enum": [""]},
            ],
        },
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"quantity": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "string"}}},
            },
        },
    },
}
LINE = st.fixed_dictionaries({"quantity": st.integers(), "tags": st.lists(WORD, min_size=1, max_size=3)})
PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "amount": st.integers(),
        "on": st.booleans(),
        "name": WORD,
        "expand": st.lists(WORD, min_size=1, max_size=12),
        "created": st.integers() | st.fixed_dictionaries({"gte": st.integers()}),
        "metadata": st.just("") | st.dictionaries(WORD, WORD, min_size=1, max_size=3),
        "lines": st.lists(LINE, min_size=1, max_size=12),
    },
)


@given(PARAMS)
def test_the_sdks_form_is_read_as_it_was_written(params: dict[str, Any]) -> None:
    assert decoded(urlencode(list(_api_encode(params))), SCHEMA, {}) == params


def test_what_fits_no_type_stays_text_for_the_validation_to_refuse() -> None:
    assert decoded("amount=12.5&on=yes", SCHEMA, {}) == {"amount": "12.5", "on": "yes"}


@pytest.mark.parametrize("text", ["name=a&name[b]=c", "[a]=b", "a]b=c"])
def test_a_form_that_contradicts_itself_is_refused(text: str) -> None:
    with pytest.raises(StripeError):
        decoded(text, SCHEMA, {})
