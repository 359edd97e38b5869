"""The portal and the books at one address: staff sign in once, and /books is theirs as far as their roles go."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboards.app import create_app
from dashboards.desk import Desk
from orchestration.desk.closings import Closings
from orchestration.desk.exports import Exports
from orchestration.desk.leaks import LeakDesk
from orchestration.desk.remits import RemitDesk
from orchestration.desk.staff import PortalStaff
from orchestration.desk.times import Times

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send

    from ledger.settings import Settings
    from ledger.store.database import Database

BOOKS = "/books"


@dataclass(frozen=True)
class OneOrigin:
    """Two applications at one address: what is under /books goes to the books, all else to the portal.

    The portal is told when serving begins and ends.
    """

    portal: "FastAPI"
    books: "FastAPI"

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Hand a request over."""
        if scope["type"] != "lifespan" and (scope["path"] == BOOKS or scope["path"].startswith(f"{BOOKS}/")):
            await self.books({**scope, "root_path": BOOKS}, receive, send)
        else:
            await self.portal(scope, receive, send)


def for_this_machine(settings: "Settings", database: "Database") -> "FastAPI":
    """Build the dashboards for whoever is on this machine: nobody signs in, everything is read and nothing done."""
    return create_app(settings, database, Desk(times=Times(settings.timezone), exports=Exports()))


def with_books(portal: "FastAPI", settings: "Settings", database: "Database") -> OneOrigin:
    """Put the dashboards beside the portal, for its staff."""
    staff = PortalStaff(portal.state.door)
    closings = Closings(settings, database, staff)
    desk = Desk(staff, Times(settings.timezone), Exports(), RemitDesk(database, staff), closings, LeakDesk(staff))
    return OneOrigin(portal, create_app(settings, database, desk))
