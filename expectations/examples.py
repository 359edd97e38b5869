"""Rows that break a contract, as anybody may see them: where they stand, their amounts and days, and no other value."""

import re
from collections.abc import Mapping
from datetime import date

from expectations.contract import Contract, Rows

MOST = 5

# Where a row stands; every other column may hold what somebody typed.
_PLACES = frozenset(
    {
        *("visit_token", "object_id", "file_sha256", "st_index", "claim_index", "service_index"),
        *("row_number", "line_number", "key", "column"),
    }
)
_AMOUNT = re.compile(r"[a-z_]+_cents")
_DAYS = frozenset({"day", "next_day", "paid_on", "deposited_on", "effective_from", "effective_to"})
# Tokens, hashes, Stripe's ids, places in a file: no blank, and no word of a person's.
_PLACE = re.compile(r"[0-9a-f-]{36}|[0-9a-f]{64}(#\d+(/\d+)?)?|[a-z]+_[A-Za-z0-9_]*[0-9][A-Za-z0-9_]*|\d+")
_COLUMN = re.compile(r"[a-z_]+")


def query(contract: Contract, rows: Rows, as_of: date) -> str:
    """Return the query for rows that break a contract, each one JSON object (column `row`), of the rows it judges."""
    given, which = contract.arguments, rows(contract)
    table = f"raw.{contract.table}"
    if contract.expectation == "UnexpectedRowsExpectation":
        broken = contract.broken(which, as_of)
    elif contract.expectation == "ExpectTableColumnsToMatchSet":
        broken = (
            f"select name as column from unnest({_list(given['column_set'])}) as name where name not in ("
            "select column_name from information_schema.columns"
            f" where table_schema = 'raw' and table_name = '{contract.table}')"
        )
    elif contract.expectation == "ExpectColumnValuesToBeInSet":
        broken = _where(table, which, f"{given['column']} <> all ({_list(given['value_set'])})")
    elif contract.expectation == "ExpectColumnValuesToBeBetween":
        broken = _where(table, which, f"{given['column']} < {given['min_value']}")
    else:
        raise ValueError(f"No query finds what breaks {contract.expectation}: write one here, beside the others.")
    return f"select to_jsonb(broken) as row from ({broken}) as broken limit {MOST}"


def shown(row: Mapping[str, object]) -> dict[str, object]:
    """Return of a row what anybody may see."""
    return {name: value for name, value in row.items() if value is not None and _is_shown(name, value)}


def _is_shown(name: str, value: object) -> bool:
    if _AMOUNT.fullmatch(name):
        return isinstance(value, int)
    if name in _DAYS:
        return isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) is not None
    if name == "column":
        return _COLUMN.fullmatch(str(value)) is not None
    return name in _PLACES and _PLACE.fullmatch(str(value)) is not None


def _where(table: str, which: str | None, condition: str) -> str:
    return f"select * from {table} where {condition}" + (f" and ({which})" if which else "")


def _list(values: object) -> str:
    if not isinstance(values, list):
        raise TypeError(type(values))
    return f"array[{', '.join(_quoted(str(value)) for value in values)}]"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
