"""What stands behind the pages: who reads them, other times, files, and what people may do, each room's part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple, Protocol, TypeAlias
from uuid import UUID

import psycopg
from starlette.requests import Request

Connection: TypeAlias = psycopg.Connection[Any]
Relations: TypeAlias = Mapping[str, str]

AUDITOR = "auditor"


@dataclass(frozen=True)
class Reader:
    """Who reads: roles (billing, finance, practice_admin, auditor), and the one practice whose figures they see.

    practice_id None: those of all practices. An auditor reads everything and acts never.
    """

    name: str
    roles: frozenset[str] = frozenset()
    practice_id: str | None = None

    @property
    def may_act(self) -> bool:
        """Whether the reader may do anything but read."""
        return AUDITOR not in self.roles

    def may_read(self, *roles: str) -> bool:
        """Tell whether the reader has any of these roles, or is an auditor."""
        return not self.roles.isdisjoint({*roles, AUDITOR})


NOBODY = Reader("nobody")
THIS_MACHINE = Reader("this machine", frozenset({AUDITOR}))


class Entered(NamedTuple):
    """Who came in, and what each of their forms must carry as `csrf`."""

    reader: Reader
    csrf: str = ""


class SignInNeeded(Exception):  # noqa: N818 - named for what is answered
    """Nobody is signed in: `location` is where they can."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


class Staff(Protocol):
    """Knows whoever is signed in."""

    async def form(self, request: Request) -> Mapping[str, str]:
        """Read the form of a request; one without has an empty one."""

    def entered(self, request: Request, form: Mapping[str, str]) -> Entered:
        """Tell who asks; raises SignInNeeded, or HTTPException 403 for a form that is not of one of their pages."""

    def record(self, reader: Reader, action: str, subject: str) -> None:
        """Write in the audit that a reader did `action` (books.exported) to `subject` (table/leaks.csv, no name)."""


class Times(Protocol):
    """Tells what marts said at another time: their names, each with the SQL of a relation in its place.

    It is asked before the connection is restricted to a role, and tells no more than the reader may see: of one
    practice, its own rows, and of no mart that does not say whose its rows are. `period` is the month of the page.
    """

    def as_known(self, connection: Connection, reader: Reader, day: date, period: str | None) -> Relations:
        """Tell the marts as they were known at the end of a day; raises ValueError with a sentence for one to come."""

    def as_closed(self, connection: Connection, reader: Reader, period: str, version: int) -> Relations:
        """Tell the marts as a closing of a month kept them; raises LookupError when there is no such closing."""

    def closings(self, connection: Connection, period: str) -> Mapping[int, date]:
        """Tell on which day each version of a month was closed."""


class File(NamedTuple):
    """A mart as a file: `form` is its ending (csv, xlsx, parquet, json), `period` the month it is cut to.

    `where`: values by column, in the words of dashboards.cutting; only such rows are in it.
    """

    name: str
    form: str
    period: str | None = None
    where: Mapping[str, Sequence[str]] = MappingProxyType({})


class Exports(Protocol):
    """Writes marts as files."""

    def media_type(self, form: str) -> str:
        """Give the media type of a form; raises LookupError for one that nobody writes."""

    def write(self, connection: Connection, file: File, relation: str, sink: BinaryIO) -> int:
        """Write what the relation of a mart says, and give the number of rows.

        Raises LookupError when there is no such relation, ValueError with a sentence when the form cannot hold it, or
        it has no such column.
        """


class Refused(Exception):  # noqa: N818 - named for what is answered
    """A deed was not done, and nothing changed: a sentence that says why, and what to do instead."""


class RemitName(NamedTuple):
    """A remit transaction: the SHA-256 of its file and its place in that, from 0."""

    file_sha256: str
    st_index: int


class Word(NamedTuple):
    """What a person settled since the last reconcile: of a transaction, or of the claim at `claim_index` of it."""

    remit: RemitName
    claim_index: int | None
    done: str
    by: str
    at: datetime
    why: str


class Remits(Protocol):
    """Settles remit transactions and claims; each deed is kept for ever with who and why, and audited.

    Deeds tell whether anything changed (False: it was settled so before) and raise Refused.
    """

    def news(self) -> Sequence[Word]:
        """List what was settled since the last reconcile, the newest first."""

    def visit(self, named: str) -> UUID:
        """Return the token of the visit that a token or a claim reference of ours names."""

    def release(self, reader: Reader, remit: RemitName, why: str) -> bool:
        """Let a held or conflicting transaction post as it is."""

    def replace(self, reader: Reader, remit: RemitName, other: RemitName, why: str) -> bool:
        """Let another transaction stand in the place of one."""

    def match(self, reader: Reader, remit: RemitName, claim_index: int, visit: UUID, why: str) -> bool:
        """Say which visit a claim of a transaction is about."""


class Closings(Protocol):
    """Closes months, and what belongs to that. Every deed raises Refused when it cannot be done now."""

    def look(self, reader: Reader, period: str) -> None:
        """Judge the checklist of a month anew, to be looked at."""

    def explain(self, reader: Reader, period: str, point: tuple[str, str], why: str) -> None:
        """Say why an open point (check, key) may stand."""

    def close(self, reader: Reader, period: str, why: str | None) -> bool:
        """Close a month and make its pack; `why` explains all that may be explained. False: points hold it up."""

    def reopen(self, reader: Reader, period: str, why: str) -> None:
        """Open a closed month again."""

    def pack(self, reader: Reader, period: str, version: int) -> None:
        """Make what a closing's pack lacks."""


class Person(NamedTuple):
    """Somebody a leak can be given to: what they are called on the worklist, and their name."""

    address: str
    name: str


class Leaks(Protocol):
    """What people do about a leak, named by its id, on the worklist; each deed is audited.

    Deeds raise HTTPException: 404 for a leak that is none or not of the reader's practice, 409 for what cannot be done
    as it stands (resolved already), 422 for too few or too many words. `said` names no patient.
    """

    def people(self, reader: Reader, *, is_nobodys: bool) -> list[Person]:
        """Tell whom a leak of the reader's practice can be given to, or one that belongs to no practice."""

    def assign(self, reader: Reader, leak_id: str, address: str) -> None:
        """Give a leak to somebody."""

    def note(self, reader: Reader, leak_id: str, said: str) -> None:
        """Write down what was tried or found out."""

    def resolve(self, reader: Reader, leak_id: str, said: str) -> None:
        """Say how it ended."""

    def dismiss(self, reader: Reader, leak_id: str, said: str) -> None:
        """Say why nothing is to be done about it."""

    def reopen(self, reader: Reader, leak_id: str, said: str) -> None:
        """Say why it is open again."""


@dataclass(frozen=True)
class Desk:
    """What the pages can do beside reading the books as they are now; a part that is None is not offered.

    Without staff the pages are for whoever is on this machine, and nobody acts.
    """

    staff: Staff | None = None
    times: Times | None = None
    exports: Exports | None = None
    remits: Remits | None = None
    closings: Closings | None = None
    leaks: Leaks | None = None
