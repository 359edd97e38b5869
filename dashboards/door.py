"""The way in: a request becomes a page's Here, one snapshot of the marts for whoever asks."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

import psycopg
from fastapi import Depends, Request
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from dashboards.desk import NOBODY, THIS_MACHINE, Connection, Desk, Entered, Relations
from dashboards.here import AsOf, Frame, Here
from dashboards.reading import restricted
from dashboards.sentences import SAID
from ledger.store.database import Database, connect


@dataclass(frozen=True)
class Door:
    """The database, the time zone of the books (an IANA name) and what stands behind the pages."""

    database: Database
    timezone: str
    desk: Desk

    @contextmanager
    def entered(self, request: Request, form: Mapping[str, str]) -> Iterator[Here]:
        """Read the books for whoever asks, as of the time that the address says, in one snapshot."""
        who = self.desk.staff.entered(request, form) if self.desk.staff else Entered(THIS_MACHINE)
        frame = request.state.frame = _frame(request, self.desk, who)
        with self.reading(frame, request.query_params, _month(request)) as here:
            request.state.frame = here
            yield replace(here, form=form)

    @contextmanager
    def reading(self, frame: Frame, asked: Mapping[str, str], period: str | None) -> Iterator[Here]:
        """Read the books for a reader as of a time: as_of=DAY, or version=N of the month `period`; else as now.

        Raises HTTPException with a sentence for a time that is none.
        """
        practice_id = frame.reader.practice_id
        with closing(connect(self.database)) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            as_of, relations = _time(connection, frame, asked, period)
            closings = frame.desk.times.closings(connection, period) if frame.desk.times and period else {}
            known = frame.shown | {"as_of": as_of, "closings": closings}
            with restricted(connection, practice_id):
                connection.execute("select set_config('TimeZone', %s, true)", [self.timezone])
                yield Here(**known, connection=connection, relations=relations)


def _time(
    connection: Connection, frame: Frame, asked: Mapping[str, str], period: str | None
) -> tuple[AsOf | None, Relations | None]:
    if not ({"as_of", "version"} & set(asked)):
        return None, None
    if (times := frame.desk.times) is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "These pages can only be told as of now.")
    try:
        if "as_of" in asked:
            day = _day(asked["as_of"])
            relations = times.as_known(connection, frame.reader, day, period)
            return AsOf(f"as known at the end of {day}", {"as_of": str(day)}), relations
        if period is None or not asked["version"].isdecimal():
            raise HTTPException(HTTPStatus.NOT_FOUND, "A version is a number, of a month that was closed.")
        version = int(asked["version"])
        relations = times.as_closed(connection, frame.reader, period, version)
    except LookupError as none:
        raise HTTPException(HTTPStatus.NOT_FOUND, str(none)) from none
    except ValueError as wrong:
        raise HTTPException(HTTPStatus.BAD_REQUEST, str(wrong)) from None
    return AsOf(f"{period} as closed, version {version}", {"version": str(version)}, period), relations


def frame_of(request: Request) -> Frame:
    """Return the frame of a request, for an answer that is an error; of one that nobody was found for, a bare one."""
    if isinstance(found := getattr(request.state, "frame", None), Frame):
        return found
    return _frame(request, Desk(), Entered(NOBODY if request.scope.get("root_path") else THIS_MACHINE))


def _frame(request: Request, desk: Desk, who: Entered) -> Frame:
    base = request.scope.get("root_path", "")
    return Frame(
        reader=who.reader,
        csrf=who.csrf,
        desk=desk,
        base=base,
        path=request.url.path.removeprefix(base) or "/",
        query=dict(request.query_params),
        said=SAID.get(request.query_params.get("said", ""), ""),
    )


def _month(request: Request) -> str | None:
    return request.path_params.get("period") or request.query_params.get("period")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("as_of is a day: write it as 2026-10-31.") from None


async def _form(request: Request) -> Mapping[str, str]:
    staff = request.app.state.door.desk.staff
    return await staff.form(request) if staff else {}


def _here(request: Request, form: Annotated[Mapping[str, str], Depends(_form)]) -> Iterator[Here]:
    with request.app.state.door.entered(request, form) as here:
        yield here


# Of the function's scope: a request's scope ends only after the answer has left.
_HERE = Depends(_here, scope="function")
AtBooks = Annotated[Here, _HERE]


def needs(*roles: str) -> Any:
    """Return the dependency of a page for readers with any of these roles; auditors read every page."""

    def checked(here: AtBooks) -> Here:
        return _readable(here, roles)

    return Depends(checked, scope="function")


def needs_all(*roles: str) -> Any:
    """Return the dependency of a page over all practices; with roles, for readers with any of them."""

    def checked(here: AtBooks) -> Here:
        return _of_all(_readable(here, roles))

    return Depends(checked, scope="function")


def acting(*roles: str, on_all: bool = False) -> Any:
    """Return the dependency of a deed by people with any of these roles; `on_all`: who see all practices.

    A deed is done now, by somebody signed in who is no auditor, in a form of a page of theirs.
    """

    def checked(here: AtBooks) -> Here:
        if here.desk.staff is None:
            raise _refused("Nobody is signed in here, so nothing can be done. Sign in at the portal and open /books.")
        if not here.reader.may_act:
            raise _refused("An auditor reads everything and changes nothing.")
        if here.as_of:
            raise _refused("What was known at another time cannot be changed. Go back to now first.")
        readable = _readable(here, roles)
        return _of_all(readable) if on_all else readable

    return Depends(checked, scope="function")


AtAllBooks = Annotated[Here, needs_all()]


def done(here: Here, path: str, said: str) -> RedirectResponse:
    """Return the way to the next page after a deed (303), which says a sentence of SAID."""
    if said not in SAID:
        raise KeyError(said)
    return RedirectResponse(here.to(path, said=said), HTTPStatus.SEE_OTHER)


def _readable(here: Here, roles: tuple[str, ...]) -> Here:
    if roles and not here.reader.may_read(*roles):
        raise _refused("This page is for people in another role.")
    return here


def _of_all(here: Here) -> Here:
    if here.reader.practice_id is not None:
        raise _refused("This page is over the books of all practices; you see those of one.")
    return here


def _refused(sentence: str) -> HTTPException:
    return HTTPException(HTTPStatus.FORBIDDEN, sentence)
