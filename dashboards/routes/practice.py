"""How a practice works."""

from typing import Annotated

from fastapi import APIRouter

from dashboards.door import needs
from dashboards.here import Here
from dashboards.pages import practice as pages

router = APIRouter()


AtPractice = Annotated[Here, needs("practice_admin", "finance")]


@router.get("/practice")
def newest_month(here: AtPractice, practice: str | None = None, part: int = 1) -> str:
    """Show a practice's months, and the newest with its providers."""
    return pages.html(here, practice, None, part)


@router.get("/practice/{period}")
def one_month(here: AtPractice, period: str, practice: str | None = None, part: int = 1) -> str:
    """Show a practice's months, and one of them with its providers."""
    return pages.html(here, practice, period, part)
