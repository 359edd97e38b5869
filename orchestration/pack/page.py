"""The page of a pack: one file that stands alone, and that an auditor can read from its result to its ground."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from orchestration import checks
from orchestration.pack import statements
from orchestration.pack.kept import Closing
from orchestration.pack.proofs import Proof
from orchestration.pack.sums import Term

if TYPE_CHECKING:
    import psycopg

_TRACK = 1000  # a bar's track is this many units wide, whatever the page
_STEPS = "select step, kind, amount_cents from {revenue_waterfall} as r order by position"
_CHECKLIST = 'select "check", key, state, found, why, made_by from {close_checklist} as r order by place'
_RUN = "select run_id, finished_at, settings, models_sha256, trueup_version from {close_run} as r"
_VISITS = "select count from {month_summary} as r where measure = 'visits'"
_RECURRING = "select closing_cents from {mrr_movements} as r"


class Bar(NamedTuple):
    """A step of the waterfall with its place on the track."""

    step: str
    kind: str
    amount_cents: int
    left: int
    width: int


class Proven(NamedTuple):
    """Two sums that have to be equal, in cents."""

    says: str
    left_cents: int
    right_cents: int

    @property
    def difference(self) -> int:
        """What is missing on the right; 0 when the two tie."""
        return self.left_cents - self.right_cents


class Checked(NamedTuple):
    """A check of the checklist as it stood at the closing, with what was found under it."""

    name: str
    asks: str | None
    state: str
    points: list[dict[str, Any]]


def write(
    connection: "psycopg.Connection", closing: Closing, proven: Sequence[Proof], totals: Mapping[Term, int]
) -> str:
    """Return the page as HTML; every figure in it is one that the closing kept, or a sum of those."""
    from dashboards.templating import document

    def read(query: str) -> list[tuple[Any, ...]]:
        return statements.rows_of(connection, query, closing.tables) or []

    steps = read(_STEPS)
    return document(
        "pack.html",
        "pack.css",
        closing=closing,
        moment=_moment,
        iso=lambda moment: f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        proofs=[Proven(proof.says, *proof.sides(totals)) for proof in proven],
        bars=_placed(steps),
        amounts={step: cents for step, _, cents in steps},
        extra=[(step, cents) for step, kind, cents in steps if kind in {"part", "note"}],
        visits=next((row[0] for row in read(_VISITS)), None),
        recurring_cents=next((row[0] for row in read(_RECURRING)), None),
        checklist=_checklist(read(_CHECKLIST)),
        statements=list(statements.told(connection, closing.tables)),
        run=_run(read(_RUN)),
    )


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _run(rows: Sequence[tuple[Any, ...]]) -> list[tuple[str, object]]:
    """Name what the figures were made with; settings follow in the order of their names."""
    if not rows:
        return []
    run_id, finished_at, settings, models, version = rows[0]
    return [
        ("reconcile", f"{run_id}, finished {_moment(finished_at)}"),
        ("Trueup", f"{version}, models {models}"),
        *sorted((name, value) for name, value in settings.items() if name not in {"singleton", "since"}),
    ]


def _checklist(rows: Sequence[tuple[Any, ...]]) -> list[Checked]:
    """Group points by check, in the order of the checklist; a check without points says what it asks."""
    names = ("check", "key", "state", "found", "why", "made_by")
    found = []
    for name, group in groupby((dict(zip(names, row, strict=True)) for row in rows), key=itemgetter("check")):
        points = list(group)
        kept = points[0]["state"] == "ok"
        asks = points[0]["found"] if kept else checks.ASKED.get(name)
        states = {point["state"] for point in points}
        state = next(each for each in ("open", "explained", "told", "ok") if each in states)
        found.append(Checked(name, asks, state, [] if kept else points))
    return found


def _placed(steps: Sequence[tuple[str, str, int]]) -> list[Bar]:
    """Hang each movement from where the one before ended; a total stands on zero."""
    level, spans = 0, []
    for step, kind, cents in steps:
        if kind in {"total", "movement"}:
            before = 0 if kind == "total" else level
            level = before + cents
            spans.append((step, kind, cents, min(before, level), max(before, level)))
    low = min([0, *(span[3] for span in spans)])
    reach = max([1, *(span[4] - low for span in spans)])
    return [
        Bar(step, kind, cents, (start - low) * _TRACK // reach, max((end - start) * _TRACK // reach, 2))
        for step, kind, cents, start, end in spans
    ]
