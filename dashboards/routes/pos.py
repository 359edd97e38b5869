"""Place of service, and the claims worth correcting."""

from fastapi import APIRouter

from dashboards.door import AtBooks
from dashboards.pages import pos

router = APIRouter()


@router.get("/pos")
def report(here: AtBooks, by: str = "", part: int = 1) -> str:
    """Show the ledger's places of service against those that payers paid on."""
    return pos.html(here, here.query, by, part)


@router.get("/pos/claims")
def corrections(here: AtBooks, part: int = 1) -> str:
    """Show the claims worth correcting."""
    return pos.claims_html(here, here.query, part)
