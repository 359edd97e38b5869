"""The month in figures, of all practices and of one, and the rows behind each figure."""

from fastapi import APIRouter

from dashboards.door import AtAllBooks, AtBooks
from dashboards.pages import month, rows
from dashboards.rows_of import RowsOf

router = APIRouter()


@router.get("/")
def newest_month(here: AtBooks) -> str:
    """Show the newest month that brought revenue."""
    return month.html(here, None)


@router.get("/months/{period}")
def one_month(here: AtBooks, period: str) -> str:
    """Show a month, to who sees one practice that practice's."""
    return month.html(here, period)


@router.get("/months/{period}/practices/{practice}")
def one_practice(here: AtAllBooks, period: str, practice: str) -> str:
    """Show the month of one practice."""
    return month.html(here, period, practice)


@router.get("/months/{period}/rows/{mart}")
def rows_of_figure(here: AtBooks, period: str, mart: str, part: int = 1) -> str:
    """Show the rows a figure is made of: a mart cut by the columns that the query names."""
    return rows.html(here, period, RowsOf.asked(mart, here.query), part)
