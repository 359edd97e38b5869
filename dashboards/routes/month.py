"""The month in figures."""

from fastapi import APIRouter

from dashboards.door import AtAllBooks
from dashboards.pages import month

router = APIRouter()


@router.get("/")
def newest_month(here: AtAllBooks) -> str:
    """Show the newest month that brought revenue."""
    return month.html(here, None)


@router.get("/months/{period}")
def one_month(here: AtAllBooks, period: str) -> str:
    """Show a month."""
    return month.html(here, period)
