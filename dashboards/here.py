"""Where work on a page stands: who reads, which snapshot of the books, as of when, and where its links lead."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.exceptions import HTTPException

from dashboards.desk import THIS_MACHINE, Connection, Desk, Reader, Relations


class AsOf(NamedTuple):
    """Another time than now: in words, and as a page's address says it (as_of=2026-10-31 or version=1)."""

    words: str
    query: Mapping[str, str]
    period: str | None = None


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What the frame of every page needs, an error's too.

    `base` stands before the path of every link ("" or "/books"); `path` and `query` are those of this page.
    `closings`: of the page's month, when each version of it was closed.
    """

    reader: Reader = THIS_MACHINE
    desk: Desk = field(default_factory=Desk)
    base: str = ""
    path: str = "/"
    query: Mapping[str, str] = field(default_factory=dict)
    as_of: AsOf | None = None
    closings: Mapping[int, date] = field(default_factory=dict)
    csrf: str = ""
    said: str = ""

    def to(self, path: str, **query: object) -> str:
        """Give the link to a page: the time of this one is kept, that of a closing for its month only."""
        kept = self.as_of.query if self.as_of and (self.as_of.period or "") in f"{path} {query.get('period')}" else {}
        asked = {**kept, **{name: value for name, value in query.items() if value is not None}}
        return f"{self.base}{path}{'?' + urlencode(asked, doseq=True) if asked else ''}"

    @property
    def shown(self) -> dict[str, Any]:
        """All that a frame is made of, by name."""
        return {each.name: getattr(self, each.name) for each in fields(Frame)}

    @property
    def asked(self) -> dict[str, str]:
        """What the address asks beside a time."""
        return {name: value for name, value in self.query.items() if name not in {"as_of", "version", "said"}}

    def at(self, **time: object) -> str:
        """Give the link to this page at another time (as_of, version), or as the books say now."""
        asked = {**self.asked, **time}
        return f"{self.base}{self.path}{'?' + urlencode(asked) if asked else ''}"


@dataclass(frozen=True, kw_only=True)
class Here(Frame):
    """A frame over the books: one snapshot of the marts, in a role that reads them and nothing else.

    `relations`: of another time, the marts that can be told of it and the SQL that tells each; None is now.
    `form`: what a form brought, for a deed.
    """

    connection: Connection
    relations: Relations | None = None
    form: Mapping[str, str] = field(default_factory=dict)

    def given(self, name: str) -> str:
        """Return a field of the form; raises HTTPException 400 when it is absent or blank."""
        if not (value := self.form.get(name, "").strip()):
            raise HTTPException(HTTPStatus.BAD_REQUEST, f"Please fill in “{name.replace('_', ' ')}”.")
        return value
