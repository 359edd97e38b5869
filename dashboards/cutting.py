"""Which rows of a table are asked for: values by column, as an address says them, or a command."""

from collections.abc import Callable, Mapping, Sequence

from psycopg import sql

ANY, TO, NOT = "*", "..", "!"


class NoSuchColumn(ValueError):  # noqa: N818 - named for what it says
    """A table has no column of a name; the sentence says which it has."""


def condition(
    where: Mapping[str, Sequence[str]], types: Mapping[str, str], put: Callable[[str], sql.Composable] = sql.Literal
) -> sql.Composable:
    """Return the SQL that is true of the rows asked for, of a table with columns of these types.

    Of several values of a column a row has any. "" is empty, "*" is not empty, "a..b" from a to b, either of them left
    out at will; "!" before a value is every other one: of several such a row has none. `put` gives the SQL of a value.
    Raises NoSuchColumn.
    """
    parts: list[sql.Composable] = [sql.SQL("true")]
    for name, values in where.items():
        if name not in types:
            raise NoSuchColumn(f"This table has no column “{name}”. It has: {', '.join(types)}.")
        column, kind = sql.Identifier(name), sql.SQL(types[name])
        wanted = [value for value in values if not value.startswith(NOT)]
        unwanted = [value.removeprefix(NOT) for value in values if value.startswith(NOT)]
        if wanted:
            parts.append(_any(column, kind, wanted, put))
        if unwanted:
            parts.append(sql.SQL("{} is not true").format(_any(column, kind, unwanted, put)))
    return sql.SQL(" and ").join(parts)


def _any(
    column: sql.Identifier, kind: sql.SQL, values: Sequence[str], put: Callable[[str], sql.Composable]
) -> sql.Composable:
    equal = [value for value in values if value not in {"", ANY} and TO not in value]
    tests = [_test(column, kind, value, put) for value in values if value not in equal]
    if len(equal) == 1:
        tests.append(sql.SQL("{} = cast({} as {})").format(column, put(equal[0]), kind))
    elif equal:
        listed = sql.SQL(", ").join(map(put, equal))
        tests.append(sql.SQL("{} = any(cast(array[{}] as {}[]))").format(column, listed, kind))
    return sql.SQL("({})").format(sql.SQL(" or ").join(tests))


def _test(column: sql.Identifier, kind: sql.SQL, value: str, put: Callable[[str], sql.Composable]) -> sql.Composable:
    if value in {"", ANY}:
        return sql.SQL("{} is {} null").format(column, sql.SQL("not" if value else ""))
    first, _, last = value.partition(TO)
    ends: list[sql.Composable] = [
        sql.SQL("{} {} cast({} as {})").format(column, sql.SQL(sign), put(end), kind)
        for sign, end in ((">=", first), ("<=", last))
        if end
    ]
    return sql.SQL("({})").format(sql.SQL(" and ").join(ends or [sql.SQL("true")]))
