"""Months closed from the dashboards: what `trueup close`, `reopen` and `note` do, for whoever is signed in."""

import contextlib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dashboards.desk import Reader, Refused
from ledger.settings import Settings
from ledger.store.database import Database
from orchestration import closing, exports
from orchestration.pack import kept, making
from orchestration.reconcile import Blocked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.desk.staff import PortalStaff


@dataclass(frozen=True)
class Closings:
    """The closings of the books, done by the portal's staff and audited there."""

    settings: Settings
    database: Database
    staff: "PortalStaff"

    def look(self, reader: Reader, period: str) -> None:
        """Judge the checklist of a month anew, to be looked at."""
        closing.look(self.settings, self.database, period, today=self._today(), by=_person(reader))

    def explain(self, reader: Reader, period: str, point: tuple[str, str], why: str) -> None:
        """Say why an open point may stand; raises Refused when it is not open."""
        with self._deed(reader, "point.explained", period):
            closing.note(
                self.settings,
                self.database,
                point,
                period=period,
                today=self._today(),
                by=_person(reader, why),
                waiting=_busy,
            )

    def close(self, reader: Reader, period: str, why: str | None) -> bool:
        """Close a month and make its pack; the closing stands whatever becomes of the pack."""
        with self._deed(reader, "month.closed", period) as deed:
            person = _person(reader, why)
            done = closing.close(self.settings, self.database, period, today=self._today(), by=person, waiting=_busy)
            deed.happened = done.closed is not None and done.is_new
        if done.closed:
            self.pack(reader, period, done.closed.version)
        return done.closed is not None

    def reopen(self, reader: Reader, period: str, why: str) -> None:
        """Open a closed month again; raises Refused when it is open."""
        with self._deed(reader, "month.reopened", period):
            closing.reopen(self.database, period, by=_person(reader, why), waiting=_busy)

    def pack(self, reader: Reader, period: str, version: int) -> None:
        """Make what a closing's pack lacks; raises Refused where something cannot be made."""
        with self._deed(reader, "pack.made", f"{period}/{version}"):
            lacking = making.made(self.database, period, version).without
        if lacking:
            raise Refused(f"{period} is closed, and the rest of its pack is made. {' '.join(lacking.values())}")

    def _today(self) -> date:
        return self.staff.door.clock().astimezone(ZoneInfo(self.settings.timezone)).date()

    @contextlib.contextmanager
    def _deed(self, reader: Reader, action: str, subject: str) -> "Iterator[_Deed]":
        """Do a deed, turn what blocks it into Refused, and record it once it has happened."""
        deed = _Deed()
        try:
            yield deed
        except (Blocked, closing.NoSuchPoint, making.NoSuchPack, kept.NotAsSealed, exports.DoesNotFit) as blocked:
            raise Refused(str(blocked)) from blocked
        if deed.happened:
            self.staff.record(reader, action, f"books/{subject}")


@dataclass
class _Deed:
    happened: bool = True


def _person(reader: Reader, why: str | None = None) -> closing.Person:
    return closing.Person(reader.name, why)


def _busy() -> None:
    raise Refused("The books are in use: something is being loaded, reconciled or closed. Try again in a few minutes.")
