"""The data engineer's pages."""

from typing import Annotated

from fastapi import APIRouter, Request

from dashboards.door import needs_all
from dashboards.here import Here
from dashboards.pages import data

router = APIRouter()
AtData = Annotated[Here, needs_all("finance")]


@router.get("/data")
def overview(here: AtData, request: Request) -> str:
    """Show feeds, contracts, runs, the newest files and the partitions."""
    return data.overview(here, request.app.state.dagster)


@router.get("/data/files")
def files(here: AtData, kind: str | None = None, part: int = 1) -> str:
    """Show files with their control totals."""
    return data.files(here, kind, part)


@router.get("/data/partitions/{asset}")
def partitions(here: AtData, request: Request, asset: str, part: int = 1) -> str:
    """Show the partitions of a feed."""
    return data.partitions(here, request.app.state.dagster, asset, part)
