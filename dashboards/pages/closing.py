"""The close cockpit: every month, the closing of one, and the questions before a deed."""

import re
from http import HTTPStatus
from typing import Any

from fastapi.responses import Response
from starlette.exceptions import HTTPException

from dashboards.desk import Closings
from dashboards.here import Here
from dashboards.reading import Row, one, rows, told
from dashboards.templating import page

_FORMATS = {
    "html": ("html", "text/html; charset=utf-8", "The page, which stands alone"),
    "pdf": ("pdf", "application/pdf", "The same as tagged PDF"),
    "xlsx": (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "Workbook with formulas",
    ),
    "csv": ("zip", "application/zip", "Every table as CSV"),
}


def months(here: Here) -> str:
    """Render the list of months, newest first."""
    return page(here, "closings.html", months=rows(here, "closings", {"until": _until(here)}))


def month(here: Here, period: str) -> str:
    """Render the closing of a month: what holds it up, or what was kept of it and what came since."""
    events = _events(here, period)
    state = events[-1] if events else None
    shown = _shown(here, events)
    is_closed = shown is not None
    asked = {"period": period, "version": shown["version"] if shown else None}
    return page(
        here,
        "closing.html",
        period=period,
        events=events,
        state=state,
        shown=shown,
        is_closed=is_closed,
        look=None if is_closed or here.as_of else _look(here, period),
        kept=rows(here, "closing_checklist", asked) if is_closed else [],
        packs=_packs(here, period),
        bridge=told(here, "closing_bridge", asked) if is_closed else [],
    )


def explain(here: Here, period: str, check: str, key: str) -> str:
    """Ask why a point may stand; raises HTTPException 404 when it is no open point that may be explained."""
    found = _look(here, known(here, period))
    for checked in found["found"]["checks"] if found else ():
        for point in checked["points"]:
            if (checked["check"], point["key"], point["state"]) == (check, key, "open") and _may_be(checked):
                return page(here, "closing_explain.html", period=period, checked=checked, point=point)
    raise HTTPException(HTTPStatus.NOT_FOUND, "This is no open point that may be explained. It may have been settled.")


def close(here: Here, period: str) -> str:
    """Ask whether to close a month: what that does, and what has to be said before."""
    return page(here, "closing_close.html", period=known(here, period), look=_look(here, period))


def reopen(here: Here, period: str) -> str:
    """Ask why a month is to be opened again; raises HTTPException 404 for one that is open."""
    events = _events(here, period)
    if not events or events[-1]["event"] != "close":
        raise HTTPException(HTTPStatus.NOT_FOUND, "This month is open: there is nothing to reopen.")
    return page(here, "closing_reopen.html", period=period, state=events[-1])


def file(here: Here, period: str, version: int, form: str) -> Response:
    """Give a file of a pack; raises HTTPException 404 when it is not kept."""
    found = rows(here, "closing_file", {"period": period, "version": version, "format": form})
    if not found or form not in _FORMATS:
        raise HTTPException(HTTPStatus.NOT_FOUND, "No such file is kept.")
    name = _file_name(period, version, form)
    if here.desk.staff:
        here.desk.staff.record(here.reader, "pack.taken", f"file/{name}")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(found[0]["content"], media_type=_FORMATS[form][1], headers=headers)


def known(here: Here, period: str) -> str:
    """Return a month that the books know; raises HTTPException 404 for any other."""
    if (
        not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", period)
        or not one(here, "closing_known", {"period": period})["known"]
    ):
        raise HTTPException(HTTPStatus.NOT_FOUND, "The books know no such month.")
    return period


def desk(here: Here) -> Closings:
    """Return who closes months; raises HTTPException 403 where nobody does."""
    if here.desk.closings is None:
        raise HTTPException(HTTPStatus.FORBIDDEN, "Months are not closed from here.")
    return here.desk.closings


def _until(here: Here) -> str | None:
    """Give the day at whose end the page stands; None is now."""
    return here.as_of.query.get("as_of") if here.as_of else None


def _events(here: Here, period: str) -> list[Row]:
    return rows(here, "closing_events", {"period": known(here, period), "until": _until(here)})


def _shown(here: Here, events: list[Row]) -> Row | None:
    """Give the closing that the page shows: the version that was asked for, else the one that stands."""
    closings = {event["version"]: event for event in events if event["event"] == "close"}
    asked = here.as_of.query.get("version") if here.as_of else None
    if asked:
        return closings.get(int(asked))
    return events[-1] if events and events[-1]["event"] == "close" else None


def _look(here: Here, period: str) -> dict[str, Any] | None:
    """Give the checklist as last judged, counted: how many points hold the month up, and which may be explained."""
    found = rows(here, "closing_look", {"period": period})
    if not found:
        return None
    open_points = [
        (checked, point)
        for checked in found[0]["found"]["checks"]
        for point in checked["points"]
        if point["state"] == "open"
    ]
    explainable = [point for checked, point in open_points if _may_be(checked)]
    return {**found[0], "open": len(open_points), "explainable": len(explainable), "may_be": _may_be}


def _may_be(checked: dict[str, Any]) -> bool:
    return bool(checked["force"] == "explainable")


def _packs(here: Here, period: str) -> list[Row]:
    """Give the files of every version's pack, those that lack too."""
    return [
        {**row, "name": _file_name(period, row["version"], row["format"]), "says": _FORMATS[row["format"]][2]}
        for row in rows(here, "closing_packs", {"period": period})
    ]


def _file_name(period: str, version: int, form: str) -> str:
    return f"trueup-close-{period}-v{version}.{_FORMATS[form][0]}"
