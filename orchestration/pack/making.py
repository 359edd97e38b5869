"""Makes the pack of a closing once, and gives out the same bytes ever after."""

from contextlib import closing as ended
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from ledger.store import closed_packs, periods
from ledger.store.closed_packs import FORMATS, Kept
from ledger.store.database import Database, connect
from orchestration.pack import archive, kept, page, pdf, workbook
from orchestration.pack.proofs import proofs
from orchestration.pack.sums import added_up, control_totals

if TYPE_CHECKING:
    from collections.abc import Collection

ENDINGS = {"html": "html", "pdf": "pdf", "xlsx": "xlsx", "csv": "zip"}
"""How a file of each format ends: the CSV of all tables are one zip."""


class NoSuchPack(Exception):  # noqa: N818 - the public name says what is wrong
    """A month has no such closing, and so no pack; the message says what it has."""


@dataclass(frozen=True)
class Pack:
    """The pack of one closing: its files by format, and why it lacks one, in a sentence."""

    period: str
    version: int
    files: dict[str, Kept]
    without: dict[str, str]

    def name(self, form: str) -> str:
        """Give the name of a file of it."""
        return f"trueup-close-{self.period}-v{self.version}.{ENDINGS[form]}"


def made(database: Database, period: str, version: int | None = None) -> Pack:
    """Return the pack of a closing, the one that stands by default; what it lacks is made of what the closing kept.

    Raises NoSuchPack, kept.NotAsSealed, and exports.DoesNotFit where a cell cannot hold an amount. A killed one made
    nothing, or whole files.
    """
    with ended(connect(database)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        chosen = _chosen(connection, period, version)
        lacking = [form for form in FORMATS if form not in closed_packs.kept(connection, period, chosen)]
        files, without = drawn(connection, period, chosen, lacking) if lacking else ({}, {})
        connection.commit()
        closed_packs.keep(connection, period, chosen, files)
        connection.commit()
        return Pack(period, chosen, closed_packs.kept(connection, period, chosen), without)


def _chosen(connection: psycopg.Connection, period: str, version: int | None) -> int:
    closings = periods.closings(connection, period)
    standing = periods.closed(connection).get(period)
    if version is None and standing is None:
        before = f" Of when it was closed before: --version {max(closings)}." if closings else ""
        raise NoSuchPack(f"{period} is open and has no pack: `trueup close {period}` makes one.{before}")
    chosen = version or (standing.version if standing else 0)
    if chosen not in closings:
        times = "never" if not closings else "once" if len(closings) == 1 else f"{len(closings)} times"
        raise NoSuchPack(f"{period} has no version {chosen}: it was closed {times}.")
    return chosen


def drawn(
    connection: psycopg.Connection, period: str, version: int, lacking: "Collection[str]"
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Make files of a closing, and say why one could not be made."""
    closing = kept.read(connection, period, version)
    proven = list(proofs(version, closing.tables))
    asked = {term for proof in proven for term in proof.terms}.union(control_totals(closing.tables))
    totals = added_up(connection, closing.tables, asked)
    files: dict[str, bytes] = {}
    without: dict[str, str] = {}
    if "html" in lacking:
        files["html"] = page.write(connection, closing, proven, totals).encode()
    if "pdf" in lacking:
        html = files.get("html") or closed_packs.content(connection, period, version, "html")
        try:
            files["pdf"] = pdf.tagged(html.decode())
        except pdf.NoPango as missing:
            without["pdf"] = str(missing)
    if "xlsx" in lacking:
        files["xlsx"] = workbook.write(connection, closing, proven, totals)
    if "csv" in lacking:
        files["csv"] = archive.write(connection, closing)
    return files, without
