"""Where work on a request stands: at which practice, in which transaction, for whom and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from portal_api.cookies import BROWSER, Jar
from portal_api.forms import Form

if TYPE_CHECKING:
    from datetime import datetime

    import psycopg
    import sqlalchemy as sa
    from starlette.responses import Response

    from ledger.settings import Settings
    from portal_api.access import Who
    from portal_api.audit_chain import Entry
    from portal_api.keys import Keys
    from portal_api.tenants.practices import Practice


@dataclass(frozen=True)
class Browser:
    """What asks: from where, which browser, and what its forms must carry. Work without a request has the default."""

    address: str = ""
    agent: str = ""
    token: str = ""
    known: str = ""
    is_new: bool = False
    csrf: str = ""
    said: str = ""
    path: str = ""
    jar: Jar = field(default_factory=lambda: Jar(is_plain=True))

    def keep(self, answer: Response) -> None:
        """Have the browser known by its cookie, which links and codes that it asks for are bound to."""
        self.jar.put(answer, BROWSER, self.token)


@dataclass
class Deeds:
    """What is still to be done when the work is: entries for the audit, and whether something waits to be sent."""

    entries: list[Entry] = field(default_factory=list)
    has_notices: bool = False


@dataclass(frozen=True)
class Here:
    """The practice, the transaction, who asks (None: nobody signed in), the time and what came in the form.

    Whoever raises has nothing kept; whoever returns has all of it committed before the answer leaves.
    """

    practice: Practice
    db: sa.Connection
    who: Who | None
    now: datetime
    settings: Settings
    keys: Keys
    origin: str
    browser: Browser = field(default_factory=Browser)
    form: Form = field(default_factory=Form)
    deeds: Deeds = field(default_factory=Deeds)

    @property
    def me(self) -> Who:
        """Who is signed in; only for routes that need somebody."""
        if self.who is None:
            raise LookupError("Nobody is signed in.")
        return self.who

    @property
    def books(self) -> psycopg.Connection:
        """The same transaction as ledger.store's functions take it."""
        return cast("psycopg.Connection", self.db.connection.driver_connection)
