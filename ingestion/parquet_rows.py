"""Reads Parquet as rows of text, so that one contract of columns serves CSV and Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ingestion.landing import FeedUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    import pyarrow.parquet as pq

    from ingestion.feed import Content

MAGIC = b"PAR1"
_ROWS_AT_A_TIME = 20_000
_UUID_BYTES = 16


@dataclass(frozen=True)
class ParquetRows:
    """An open Parquet file; `names` are its columns."""

    name: str
    names: list[str]
    file: pq.ParquetFile

    def texts(self, wanted: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Yield the wanted columns of each row as text. Raises FeedUnreadable where the file is damaged."""
        import pyarrow as pa

        try:
            for batch in self.file.iter_batches(batch_size=_ROWS_AT_A_TIME, columns=list(wanted)):
                yield from zip(*(_texts(batch.column(name)) for name in wanted), strict=True)
        except (pa.ArrowException, OSError) as error:
            raise FeedUnreadable(f"{self.name} is damaged Parquet and was not loaded. Write it again.") from error


def opened(name: str, content: Content) -> ParquetRows:
    """Open a Parquet file. Raises FeedUnreadable when it only begins like one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(content)
    except (pa.ArrowException, OSError) as error:
        raise FeedUnreadable(f"{name} begins like Parquet but is cut off or damaged. Write it again.") from error
    return ParquetRows(name, list(file.schema_arrow.names), file)


def _texts(column: pa.Array[Any]) -> list[str]:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):
        # Python's times end at microseconds, as PostgreSQL's do.
        zone = None if column.type.tz is None else "UTC"
        column = column.cast(pa.timestamp("us", tz=zone), safe=False)
    return [_text(value) for value in column.to_pylist()]


def _text(value: object) -> str:
    """Write a value as the CSV of the same feed would.

    A whole number kept as a float, as pandas keeps whole numbers with gaps, is that whole number.
    """
    if value is None or value != value:  # noqa: PLR0124 - only NaN differs from itself
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, bytes):
        return str(UUID(bytes=value)) if len(value) == _UUID_BYTES else value.decode("utf-8", "surrogateescape")
    if isinstance(value, list):
        return "|".join(map(str, value))
    return str(value)
