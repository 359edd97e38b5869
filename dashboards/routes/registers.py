"""The memo register and the tie-outs."""

from fastapi import APIRouter

from dashboards.door import AtAllBooks, AtBooks
from dashboards.pages import memos, tieouts

router = APIRouter()


@router.get("/memos")
def register(here: AtBooks, part: int = 1) -> str:
    """Show the memo register."""
    return memos.html(here, part)


@router.get("/tieouts")
def ties(here: AtAllBooks) -> str:
    """Show where every cent that came in went."""
    return tieouts.html(here)
