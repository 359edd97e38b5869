"""What people settle of remits on a page: as the commands do it, by who is signed in, and audited."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from dashboards.desk import Refused, RemitName, Word
from ingestion.era835 import matching, settlement
from ingestion.era835.matching import ClaimName
from ingestion.era835.settlement import Name
from ledger.store.database import Database, connect
from orchestration import ops, settling
from portal_api import audit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from dashboards.desk import Reader
    from orchestration.desk.staff import PortalStaff

PATIENCE = "5s"
"""How long a page waits for a load or a reconcile that holds the remits."""

_NEWS = """
    select file_sha256, st_index, null, action, replaced_by_file_sha256, replaced_by_st_index, null,
        settled_by, settled_at, why
    from raw.era_settlement
    where settlement_id > %(since)s
    union all
    select file_sha256, st_index, claim_index, 'match', null, null, visit_token, settled_by, settled_at, why
    from raw.era_match
    where match_id > %(since)s
    order by settled_at desc
    limit 100
"""


@dataclass(frozen=True)
class RemitDesk:
    """Settles remits over a database for staff of the portal."""

    database: Database
    staff: PortalStaff

    def news(self) -> Sequence[Word]:
        """List what was settled since the last reconcile, by a command or on a page, the newest first."""
        with connect(self.database) as connection:
            rows = connection.execute(_NEWS, {"since": _seen(connection)}).fetchall()
        return [Word(RemitName(*row[:2]), row[2], _done(*row[3:7]), *row[7:]) for row in rows]

    def visit(self, named: str) -> UUID:
        """Return the token of the visit that a token or a claim reference of ours names; raises Refused."""
        with connect(self.database) as connection, _told():
            return matching.known_visit(connection, named)

    def release(self, reader: Reader, remit: RemitName, why: str) -> bool:
        """Let a held or conflicting transaction post as it is."""
        with self._deed(reader, "remit.released", f"remit/{Name(*remit)}") as connection:
            return settling.release(connection, Name(*remit), why, reader.name).done.is_new

    def replace(self, reader: Reader, remit: RemitName, other: RemitName, why: str) -> bool:
        """Let another transaction stand in the place of one."""
        with self._deed(reader, "remit.replaced", f"remit/{Name(*remit)}") as connection:
            return settling.replace(connection, Name(*remit), Name(*other), why, reader.name).done.is_new

    def match(self, reader: Reader, remit: RemitName, claim_index: int, visit: UUID, why: str) -> bool:
        """Say which visit a claim of a transaction is about."""
        claim = ClaimName(*remit, claim_index)
        with self._deed(reader, "claim.matched", f"claim/{claim}") as connection:
            return settling.match(connection, claim, str(visit), why, reader.name).is_new

    @contextlib.contextmanager
    def _deed(self, reader: Reader, action: str, subject: str) -> Iterator[psycopg.Connection]:
        """Settle in a transaction of its own, with an entry in the audit; what is refused leaves none."""
        with _told(), self.staff.acting(reader) as here, connect(self.database) as connection:
            audit.record(here, action, subject)
            connection.execute("select set_config('lock_timeout', %s, true)", [PATIENCE])
            yield connection


def _seen(connection: psycopg.Connection) -> int:
    """Return the last load that the last reconcile saw; 0 before the first."""
    if connection.execute("select to_regclass('ops.run')").fetchone() == (None,):
        return 0
    last = ops.last_success(connection)
    return last.loaded_through if last else 0


def _done(action: str, file_sha256: str | None, st_index: int | None, visit: UUID | None) -> str:
    if action == "replace" and file_sha256 is not None and st_index is not None:
        return f"replaced by {Name(file_sha256, st_index)}"
    if action == "match":
        return f"matched to visit {visit}" if visit else "matched to no visit"
    return "released"


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Tell refusals of the books as pages do."""
    try:
        yield
    except (settlement.CannotSettle, settlement.UnknownTransaction, matching.UnknownVisit) as refusal:
        raise Refused(str(refusal)) from None
    except psycopg.errors.LockNotAvailable:
        raise Refused(
            "A load or a reconcile is under way and holds the remittances. Nothing was done: try again when it is over."
        ) from None
