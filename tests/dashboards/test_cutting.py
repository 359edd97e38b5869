"""What an address or a command asks of a table's columns is what SQL finds, held against plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from dashboards.cutting import NoSuchColumn, condition

if TYPE_CHECKING:
    import psycopg

TYPES = {"amount_cents": "bigint"}
AMOUNTS = st.none() | st.integers(-3, 3)
VALUES = st.sampled_from(["", "*", "-1", "0", "2", "-1..1", "..0", "1..", ".."])
ASKED = st.lists(st.tuples(st.booleans(), VALUES).map(lambda pair: f"{'!' * pair[0]}{pair[1]}"), max_size=4)


def is_of(amount: int | None, value: str) -> bool:
    """Tell whether an amount is what one value asks for."""
    if value in {"", "*"}:
        return (amount is None) == (value == "")
    first, between, last = value.partition("..")
    if not between:
        return amount == int(value)
    if not first and not last:
        return True
    return amount is not None and (not first or amount >= int(first)) and (not last or amount <= int(last))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(AMOUNTS, max_size=6), ASKED)
def test_rows_are_those_that_have_any_of_the_values_and_none_of_those_with_a_mark(
    connection: psycopg.Connection, amounts: list[int | None], asked: list[str]
) -> None:
    query = sql.SQL(
        "select amount_cents from unnest(cast(%s as bigint[])) with ordinality as rows (amount_cents, place)"
        " where {} order by place"
    ).format(condition({"amount_cents": asked}, TYPES))
    wanted = [value for value in asked if not value.startswith("!")]
    unwanted = [value[1:] for value in asked if value.startswith("!")]
    assert [row[0] for row in connection.execute(query, [amounts])] == [
        amount
        for amount in amounts
        if (not wanted or any(is_of(amount, value) for value in wanted))
        and not any(is_of(amount, value) for value in unwanted)
    ]


def test_a_value_is_a_value_whatever_is_in_it_and_a_column_is_one_of_the_table(connection: psycopg.Connection) -> None:
    nasty = "a'; drop table x; -- %s"
    query = sql.SQL("select from (values ({})) as rows (name) where {}")
    found = connection.execute(query.format(nasty, condition({"name": [nasty]}, {"name": "text"})))
    assert found.rowcount == 1
    with pytest.raises(NoSuchColumn, match=r"no column “x”\. It has: name"):
        condition({"x": ["1"]}, {"name": "text"})
