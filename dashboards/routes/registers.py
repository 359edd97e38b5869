"""The memo register, the tie-outs and the quarantine."""

from fastapi import APIRouter

from dashboards.door import AtAllBooks, AtBooks
from dashboards.pages import memos, quarantine, tieouts

router = APIRouter()


@router.get("/memos")
def register(here: AtBooks, part: int = 1) -> str:
    """Show the memo register, cut by period, kind, reason and status."""
    return memos.html(here, here.query, part)


@router.get("/tieouts")
def ties(here: AtAllBooks) -> str:
    """Show where every cent that came in went."""
    return tieouts.html(here)


@router.get("/tieouts/{kind}")
def ties_of_kind(here: AtAllBooks, kind: str, status: str | None = None, part: int = 1) -> str:
    """Show the rows of one kind of tie-out."""
    return tieouts.of_kind(here, kind, status, part)


@router.get("/quarantine")
def refused(here: AtAllBooks, part: int = 1) -> str:
    """Show what was refused at the door."""
    return quarantine.html(here, here.query, part)
