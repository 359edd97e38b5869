"""Two times of one month side by side."""

from contextlib import ExitStack
from typing import Annotated

from fastapi import APIRouter, Query, Request

from dashboards.door import AtAllBooks
from dashboards.pages import compare

router = APIRouter()
A_TIME = Query(description="A day (2026-10-31), a closing of the month (v1), or now")


@router.get("/compare")
def two_times(
    request: Request,
    here: AtAllBooks,
    period: str = "",
    left: Annotated[str, A_TIME] = "",
    right: Annotated[str, A_TIME] = "now",
) -> str:
    """Show a month at two times."""
    if not (period and left):
        return compare.html(here, period, None)
    with ExitStack() as stack:
        times = [
            stack.enter_context(request.app.state.door.reading(here, _asked(time), period)) for time in (left, right)
        ]
        return compare.html(here, period, (compare.side(times[0], period), compare.side(times[1], period)))


def _asked(time: str) -> dict[str, str]:
    if time in {"", "now"}:
        return {}
    return {"version": time[1:]} if time.startswith("v") else {"as_of": time}
