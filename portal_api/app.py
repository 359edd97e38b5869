"""The portal's composition root: settings and database in, an application out."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from fastapi import FastAPI

from portal_api import problems
from portal_api.dependencies import Edge
from portal_api.routes import webhooks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ledger.settings import Settings
    from ledger.store.database import Database


def create_app(settings: Settings, database: Database) -> FastAPI:
    """Build the web door over `database`, whose schema is prepared."""
    edge = Edge(database)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        edge.close()

    app = FastAPI(title="Trueup", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    problems.add_to(app)
    app.include_router(webhooks.router(settings, edge))

    @app.get("/health")
    def health() -> dict[str, str]:
        """Tell that the door is open and the database answers; 503 when it does not."""
        edge.committed(lambda connection: connection.execute("select"))
        return {"status": "ok"}

    return app
