"""One visit each."""

from uuid import UUID

from fastapi import APIRouter

from dashboards.door import AtBooks
from dashboards.pages import visit

router = APIRouter()


@router.get("/visits/{token}")
def one_visit(here: AtBooks, token: UUID) -> str:
    """Show the books of one visit."""
    return visit.html(here, token)
