"""Writes the inputs of big books: visits of 24 months, what their patients paid at Stripe, what their payers answered.

The same size gives the same bytes. Files come by the month (visits, Stripe), by payer and week (835), and once (fees,
practices, bank). `late/one-more.835` answers 1,000 visits that no payer answered; `totals.json` says what is in it all.
"""

from __future__ import annotations

import contextlib
import csv
import json
import shutil
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.books import remits, stripe, visits
from bench.books.catalog import (
    FIRST_DAY,
    LAST_DAY,
    PAYERS,
    PLACES,
    PRACTICES,
    SERVICES,
    WEEKS,
    allowed_cents,
    paid_on,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

_SEED = 835
_LATE_CLAIMS = 1000
_BUFFER = 1 << 20


@dataclass(frozen=True)
class Books:
    """The files by kind, in the order in which they are best loaded, and what they hold; amounts in cents."""

    files: dict[str, tuple[Path, ...]]
    late: Path
    totals: dict[str, int]

    @property
    def byte_count(self) -> int:
        """The size of all files but the late one."""
        return sum(path.stat().st_size for paths in self.files.values() for path in paths)


def kept(folder: Path, count: int) -> Books:
    """Return the books of so many visits under a folder; write them when they are not there whole."""
    beside = folder / "totals.json"
    if not beside.exists():
        shutil.rmtree(folder, ignore_errors=True)
        totals = _Writer(folder, count).write()
        beside.write_text(json.dumps(totals, indent=1) + "\n")
    kinds = {"practices": "practices.csv", "fees": "fees.csv", "visits": "visits-*.csv", "stripe": "stripe-*.jsonl"}
    kinds |= {"era": "era/*.835", "bank": "bank.csv"}
    files = {kind: tuple(sorted(folder.glob(pattern))) for kind, pattern in kinds.items()}
    return Books(files, folder / "late" / "one-more.835", json.loads(beside.read_text()))


class _Writer:
    """Goes through the weeks once; what a payer has still to send is all it remembers of the earlier ones."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder, self._count = folder, count
        self._monthly: dict[str, TextIO] = {}
        self._totals: dict[str, int] = defaultdict(int)
        self._unanswered: list[visits.Visit] = []
        self._deposits: list[tuple[Any, ...]] = []

    def write(self) -> dict[str, int]:
        """Write everything and return the totals."""
        for name in ("era", "late"):
            (self._folder / name).mkdir(parents=True)
        self._fixed()
        till, payers = stripe.Till(self._stripe_line), remits.Payers()
        with contextlib.ExitStack() as stack:
            self._stack = stack
            chance = np.random.default_rng(_SEED)
            for week, count in enumerate(self._weekly()):
                self._week(visits.drawn(chance, week, count), week, till, payers)
                self._send(payers, week)
            self._send(payers, WEEKS)
            paid_out = list(till.pay_out())
        self._bank(paid_out)
        self._late()
        return {"visits": self._count, **self._totals, **till.totals, **payers.totals}

    def _weekly(self) -> Iterator[int]:
        days = (LAST_DAY - FIRST_DAY).days + 1
        for week in range(WEEKS):
            before, after = (self._count * min(7 * at, days) // days for at in (week, week + 1))
            yield after - before

    def _week(self, week: visits.Week, number: int, till: stripe.Till, payers: remits.Payers) -> None:
        for month, line in week.lines:
            self._out("visits", month, "csv", visits.HEADER).write(line)
        self._totals["observations"] += len(week.lines)
        for visit in week.visits:
            till.serve(visit)
            payers.answer(visit, number)
        self._totals["charge_cents"] += sum(visit.charge for visit in week.visits)
        quiet = [visit for visit in week.visits if remits.unanswered(visit) and visit.payer == 0]
        self._unanswered = (self._unanswered + quiet)[-_LATE_CLAIMS:]

    def _out(self, kind: str, month: str, suffix: str, header: str) -> TextIO:
        last = f"{LAST_DAY + timedelta(days=31):%Y-%m}"
        name = f"{kind}-{min(max(month, f'{FIRST_DAY:%Y-%m}'), last)}.{suffix}"
        if name not in self._monthly:
            out = (self._folder / name).open("w", encoding="utf-8", newline="", buffering=_BUFFER)
            self._monthly[name] = self._stack.enter_context(out)
            out.write(header)
        return self._monthly[name]

    def _stripe_line(self, at: int, text: str) -> None:
        month = str(np.datetime64(at, "s").astype("datetime64[M]"))
        self._out("stripe", month, "jsonl", "").write(text)

    def _send(self, payers: remits.Payers, week: int) -> None:
        for payer in range(len(PAYERS)):
            path = self._folder / "era" / f"{PAYERS[payer].edi_id.lower()}-{paid_on(week):%Y%m%d}.835"
            with path.open("wb", buffering=_BUFFER) as out:
                transfers = payers.send(out, week, payer)
            if not path.stat().st_size:
                path.unlink()
            # One in two hundred is missing at the bank.
            seen = [transfer for transfer in transfers if int(transfer.trace) % 200]
            self._deposits += [(t.paid_on + timedelta(days=1), t.cents, t.trace, "HCCLAIMPMT") for t in seen]

    def _bank(self, paid_out: Iterable[tuple[Any, int]]) -> None:
        rows = [*self._deposits, *((day, cents, "", "STRIPE TRANSFER") for day, cents in paid_out)]
        rows.sort(key=str)
        names = ("deposit_id", "deposited_on", "amount_cents", "trace_number", "description")
        _table(self._folder / "bank.csv", names, ((f"DEP-{at:06d}", *row) for at, row in enumerate(rows)))
        self._totals["deposits"], self._totals["deposits_cents"] = len(rows), sum(row[1] for row in rows)

    def _late(self) -> None:
        with (self._folder / "late" / "one-more.835").open("wb") as out:
            payers = remits.late(self._unanswered)
            payers.send(out, WEEKS + 2, 0)
        self._totals["late_claims"] = payers.totals["claims"]
        self._totals["late_paid_cents"] = payers.totals["payer_paid_cents"]

    def _fixed(self) -> None:
        names = ("practice_id", "no_show_fee_cents", "late_cancel_fee_cents", "partial_visit")
        _table(self._folder / "practices.csv", names, ([getattr(p, name) for name in names] for p in PRACTICES))
        fees = (
            (payer.payer_id, service.code, "", PLACES[place], "2024-01-01", "", allowed_cents(at, number, place))
            for at, payer in enumerate(PAYERS)
            for number, service in enumerate(SERVICES)
            for place in range(len(PLACES))
        )
        columns = "payer_id,service_code,modifiers,place_of_service,effective_from,effective_to,allowed_cents"
        _table(self._folder / "fees.csv", columns.split(","), fees)


def _table(path: Path, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)
