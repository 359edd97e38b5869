"""The dashboards' files: a table as a page could read it, written as `trueup export` writes it."""

from typing import TYPE_CHECKING, BinaryIO

from orchestration import exports, published

if TYPE_CHECKING:
    from dashboards.desk import Connection, File

_COLUMNS = """
    select attname, format_type(atttypid, null)
    from pg_attribute
    where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped
    order by attnum
"""
# When a piece was refused, which the page says and the command, which reads raw, counts as bookkeeping.
_OF_RAW = ("quarantine", "recorded_at")

_MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}


class Exports:
    """Writes marts in the forms of `trueup export`."""

    def media_type(self, form: str) -> str:
        """Give the media type of a form."""
        return _MEDIA_TYPES[form]

    def write(self, connection: "Connection", file: "File", relation: str, sink: BinaryIO) -> int:
        """Write what the relation of a mart says, and give the number of rows."""
        found = (published.Column(*row) for row in connection.execute(_COLUMNS, (relation,)))
        columns = tuple(column for column in found if (file.name, column.name) != _OF_RAW)
        if not columns:
            raise LookupError(f"There is no table {file.name}.")
        table = published.Table(file.name, columns, relation)
        try:
            cut = published.chosen(published.cut(table, file.period) if file.period else table, file.where)
            return exports.FORMATS[file.form](connection, cut, sink)
        except exports.DoesNotFit as refusal:
            raise ValueError(str(refusal)) from refusal
