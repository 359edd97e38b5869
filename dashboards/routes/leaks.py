"""The leaks, by category."""

from fastapi import APIRouter

from dashboards.door import AtBooks
from dashboards.pages import leak

router = APIRouter()


@router.get("/months/{period}/leaks/{category}")
def leaks_of(here: AtBooks, period: str, category: str, part: int = 1) -> str:
    """Show the leaks of one category in one month."""
    return leak.html(here, period, category, part)
