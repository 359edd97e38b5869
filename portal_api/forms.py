"""What a browser sent in a form: fields by name, bounded in size, text only."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.requests import Request  # noqa: TC002 - FastAPI reads it

from portal_api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_BODY = 1 << 18
MOST_FIELDS = 500
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


@dataclass(frozen=True)
class Form:
    """Fields by name, in their order; files as bytes. `is_one`: the request carried a form at all."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    is_one: bool = False

    def get(self, name: str, default: str = "") -> str:
        """Return a field without the blanks around it, or the default."""
        return self.values[name][0].strip() if name in self.values else default

    def __getitem__(self, name: str) -> str:
        """Return a field that the form must have: 400 where it is absent or blank."""
        if not (value := self.get(name)):
            raise Problem(HTTPStatus.BAD_REQUEST, "field-missing", f"Please fill in “{name.replace('_', ' ')}”.")
        return value

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a field, such as of checkboxes."""
        return self.values.get(name, ())


async def read_form(request: Request) -> Form:
    """Read the form of a request, whatever its length says; a request without one has an empty one."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if request.method in {"GET", "HEAD"} or kind not in {URLENCODED, MULTIPART}:
        return Form()
    if kind == MULTIPART:
        return await _with_files(request)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise _too_large()
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Problem(HTTPStatus.BAD_REQUEST, "no-form", "The form could not be read.") from None
    return Form(_gathered(pairs), is_one=True)


async def _with_files(request: Request) -> Form:
    if int(request.headers.get("content-length") or LARGEST_BODY + 1) > LARGEST_BODY:
        raise _too_large()
    texts: list[tuple[str, str]] = []
    files: dict[str, bytes] = {}
    async with request.form(max_files=4, max_fields=MOST_FIELDS, max_part_size=LARGEST_BODY) as form:
        for name, value in form.multi_items():
            if isinstance(value, str):
                texts.append((name, value))
            else:
                files[name] = await value.read()
    return Form(_gathered(texts), files, is_one=True)


def _gathered(pairs: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    values: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        if "\0" in name or "\0" in value:  # PostgreSQL's text has none
            raise Problem(HTTPStatus.BAD_REQUEST, "no-form", "The form could not be read.")
        values[name] = (*values.get(name, ()), value.replace("\r\n", "\n"))
    return values


def _too_large() -> Problem:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "What was sent is too large.")
