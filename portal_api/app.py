"""The portal's composition root: settings and database in, an application out."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from ledger.gateways.mail import Console, mailer
from portal_api import chores, document, keys, problems
from portal_api.bodies import WithBounds
from portal_api.delivering import Gateways
from portal_api.dependencies import Edge
from portal_api.door import AtDoor, Door, utc_now
from portal_api.headers import WithHeaders
from portal_api.problems import not_found
from portal_api.routes import routers, video_callbacks, webhooks
from portal_api.templating import STATIC
from portal_api.video import joining
from portal_api.video.own_room import own_rooms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from ledger.settings import Settings
    from ledger.store.database import Database


def create_app(
    settings: Settings, database: Database, *, clock: Callable[[], datetime] = utc_now, does_chores: bool = False
) -> FastAPI:
    """Build the web door over `database`, whose schemas are prepared.

    `does_chores`: deliver notices and do what else is due, in a thread beside the requests.
    """
    edge = Edge(database)
    door = Door(settings, database, keys.found(settings), clock)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with chores.running(door, gateways(settings)) if does_chores else contextlib.nullcontext():
            yield
        edge.close()
        door.close()

    app = FastAPI(title="Trueup", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.door, app.state.edge = door, edge
    app.state.own_rooms = own_rooms(door)
    app.add_middleware(WithBounds)
    app.add_middleware(WithHeaders)
    webhooks.add_to(app, settings, edge)
    app.mount("/static", StaticFiles(directory=str(STATIC)), name="static")
    problems.add_to(app)
    app.include_router(video_callbacks.router(settings, door))
    subjects = routers()
    for router in subjects:
        app.include_router(router)
    document.add_to(app, subjects)

    @app.get("/health")
    def health() -> dict[str, str]:
        """Tell that the door is open and the database answers; 503 when it does not."""
        edge.committed(lambda connection: connection.execute("select"))
        return {"status": "ok"}

    # The last one: at a practice, what is nowhere else is not found in the practice's looks.
    app.get("/{path:path}", include_in_schema=False)(_nothing)
    return app


def _nothing(_here: AtDoor) -> None:
    raise not_found()


def gateways(settings: Settings) -> Gateways:
    """Return what delivers notices: the mail server and the telephone of the settings, else the console."""
    console = Console()
    mail = mailer(settings.mail_url, settings.mail_from, console)
    twilio = joining.gateway(settings)
    return Gateways(mail, twilio.text if twilio and twilio.account.sms_from else console.text)
