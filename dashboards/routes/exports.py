"""Every table as a file, as the page beside it reads it; who took which is in the audit."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from typing import IO, BinaryIO, cast

import psycopg
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

from dashboards import leak_work
from dashboards.desk import File
from dashboards.door import AtBooks
from dashboards.here import Here
from dashboards.reading import relation
from dashboards.rows_of import NOT_COLUMNS

router = APIRouter()
IN_MEMORY = 8_000_000  # bytes; what is more is written to a file that has no name
CHUNK = 1 << 16
# Both stand in the name of the file and in the audit.
_NAME, _MONTH, _OPAQUE = re.compile("[a-z_]+"), re.compile("[0-9]{4}-[0-9]{2}"), re.compile("[A-Za-z0-9_.-]{1,40}")
_MONTHS = re.compile(r"|\*|[0-9-]*\.\.[0-9-]*")
_MOST = 3


@router.get("/exports/{name}.{form}", response_class=StreamingResponse)
def export(here: AtBooks, request: Request, name: str, form: str, period: str | None = None) -> StreamingResponse:
    """Give a table of the marts; of one month, as of a day or as closed, cut by its columns as the address says."""
    is_month = period is not None and _MONTH.fullmatch(period) is not None
    if not _NAME.fullmatch(name) or not (period is None or is_month or _MONTHS.fullmatch(period)):
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such file.")
    file = File(name, form, period if is_month else None, _where(here, name, request.query_params, is_month=is_month))
    with ExitStack() as unsent:
        sink = unsent.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))
        media_type, count = _written(here, file, cast("BinaryIO", sink))
        headers = {
            "Content-Disposition": f'attachment; filename="{_taken(here, file, count)}"',
            "Content-Length": str(sink.tell()),
        }
        sink.seek(0)
        unsent.pop_all()
        return StreamingResponse(_chunks(sink), headers=headers, media_type=media_type)


def _where(here: Here, name: str, asked: QueryParams, *, is_month: bool) -> dict[str, list[str]]:
    """Return the values by column that an address asks for; a period that is no month is one, such as none."""
    columns = [each for each in asked if each not in NOT_COLUMNS | {"work"} and (each != "period" or not is_month)]
    where = {column: asked.getlist(column) for column in columns}
    if name == "leaks" and (work := asked.get("work")):
        where["leak_id"] = leak_work.ids(here, work)
    return where


def _written(here: Here, file: File, sink: BinaryIO) -> tuple[str, int]:
    """Write the file; give its media type and the number of rows."""
    mart, exports = relation(here, file.name), here.desk.exports
    if exports is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There are no files here.")
    try:
        return exports.media_type(file.form), exports.write(here.connection, file, mart, sink)
    except LookupError:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such file.") from None
    except (psycopg.DataError, psycopg.errors.UndefinedFunction) as wrong:
        said = wrong.diag.message_primary or "a value cannot be read"
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"These rows cannot be chosen so: {said}.") from None
    except ValueError as refusal:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(refusal)) from refusal


def _taken(here: Here, file: File, count: int) -> str:
    """Write in the audit who took what, and give the file's name."""
    asked = [("period", file.period)] if file.period else []
    asked += here.as_of.query.items() if here.as_of else []
    asked += [(name, _shown(values)) for name, values in file.where.items()]
    if here.desk.staff:
        said = " ".join([f"table/{file.name}.{file.form}", *(f"{name}={value}" for name, value in asked)])
        here.desk.staff.record(here.reader, "books.exported", f"{said} rows={count}")
    return f"{'-'.join([file.name, *(value for _, value in asked)])}.{file.form}"


def _shown(values: Sequence[str]) -> str:
    """Write the values of a column for the audit and the file's name: what may be anybody's words is not repeated."""
    shown = ("none" if not value else value if _OPAQUE.fullmatch(value) else "chosen" for value in values[:_MOST])
    return "+".join(shown)


def _chunks(sink: IO[bytes]) -> Iterator[bytes]:
    with sink:
        while chunk := sink.read(CHUNK):
            yield chunk
