"""`trueup status`: what is loaded, what is quarantined, what is stale, which month is open."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from ledger.rules.months import first_open, month_of
from orchestration import ops
from orchestration.commands import workspace
from orchestration.commands.errors import WENT_WELL
from orchestration.commands.output import Json, Output, example, plain_table
from orchestration.commands.reconcile import today

if TYPE_CHECKING:
    import psycopg

    from ledger.store.periods import Closed

EPILOG = example("trueup status", "trueup status --json")


@dataclass(frozen=True)
class Feed:
    """What is loaded of one kind: files, rows kept, pieces refused, when the newest file came."""

    kind: str
    files: int
    rows: int
    quarantined: int
    newest: datetime | None


@dataclass(frozen=True)
class Refusals:
    """How many pieces of a source stand in quarantine under one rule."""

    source: str
    rule: str
    pieces: int


@dataclass(frozen=True)
class Remits:
    """How many remit transactions stand under one verdict (or were replaced), and the sum of their BPR02 in cents."""

    verdict: str
    transactions: int
    bpr_cents: int


@dataclass(frozen=True)
class LastRun:
    """The last reconcile that succeeded and whether anything was loaded or settled, or came by webhooks, since."""

    as_of: date
    finished_at: datetime
    is_behind: bool


@dataclass(frozen=True)
class LastFailure:
    """A newer reconcile that did not succeed, and the sentence that says why."""

    status: str
    started_at: datetime
    sentence: str | None


@dataclass(frozen=True)
class Status:
    """All that `trueup status` shows; `open_month` (YYYY-MM) is the one that memos post to."""

    feeds: tuple[Feed, ...]
    quarantine: tuple[Refusals, ...]
    remits: tuple[Remits, ...]
    stale: tuple[str, ...]
    open_month: str
    closed_months: "tuple[Closed, ...]"
    last_run: LastRun | None
    last_failure: LastFailure | None


def status(as_json: Json = False) -> int:
    """Show what is loaded, what is quarantined or held, what is stale, the open month and the last reconcile."""
    output = Output(as_json)
    with workspace.opened() as books, books.connection() as connection:
        found = read(connection, today(books.settings.timezone))
    output.result(asdict(found))
    if not as_json:
        show(found, output)
    return WENT_WELL


def read(connection: "psycopg.Connection", day: date) -> Status:
    """Read the state of the books as of a day."""
    from ledger.store import periods

    feeds = tuple(
        Feed(*row)
        for row in connection.execute(
            "select kind, count(file.load_id), coalesce(sum(row_count), 0)::bigint,"
            " coalesce(sum(quarantined_count), 0)::bigint, max(loaded_at)"
            " from unnest(array['visits', 'stripe', 'era', 'fees', 'practices', 'bank'])"
            " with ordinality as kinds (kind, place)"
            " left join raw.file using (kind) group by kind, place order by place"
        )
    )
    refusals = connection.execute(
        "select source, rule, count(*) from raw.open_quarantine group by source, rule order by source, rule"
    )
    remits = connection.execute(
        "select case settlement when 'replaced' then settlement else standing.verdict end as stands, count(*),"
        " coalesce(sum(bpr_cents), 0)::bigint from raw.era_transaction"
        " join raw.era_standing as standing using (file_sha256, st_index) group by stands order by stands"
    )
    last_run = _last_run(connection)
    closed = periods.closed(connection)
    return Status(
        feeds=feeds,
        quarantine=tuple(Refusals(*row) for row in refusals),
        remits=tuple(Remits(*row) for row in remits),
        stale=tuple(_stale(feeds, last_run)),
        open_month=first_open(month_of(day), closed),
        closed_months=tuple(closed.values()),
        last_run=last_run,
        last_failure=_last_failure(connection, last_run),
    )


def show(found: Status, output: Output) -> None:
    """Print the state of the books for a person."""
    _show_feeds(found, output)
    if found.quarantine:
        output.line()
        output.table(
            plain_table(
                "In quarantine (trueup export quarantine)",
                ("source", "rule", "pieces"),
                [(item.source, item.rule, f"{item.pieces:,}") for item in found.quarantine],
            )
        )
    if found.remits:
        from dashboards.money import dollars

        output.line()
        output.table(
            plain_table(
                "Remits",
                ("verdict", "transactions", "amount"),
                [(item.verdict, f"{item.transactions:,}", dollars(item.bpr_cents)) for item in found.remits],
            )
        )
    output.line()
    output.line(f"Open month: {found.open_month}")
    _show_closed(found, output)
    output.line(f"Last reconcile: {_said(found.last_run)}")
    if found.last_failure:
        failure = found.last_failure
        output.line(
            f"A later one ({failure.started_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC) {failure.status}: "
            f"{failure.sentence or 'it said nothing.'}"
        )
    for sentence in found.stale:
        output.line(f"Stale: {sentence}")


def _show_closed(found: Status, output: Output) -> None:
    if found.closed_months:
        rows = [
            (month.period, str(month.version), f"{month.closed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC", month.closed_by)
            for month in found.closed_months
        ]
        output.table(plain_table("Closed months", ("month", "version", "closed", "by"), rows))


def _show_feeds(found: Status, output: Output) -> None:
    rows = [
        (
            feed.kind,
            f"{feed.files:,}",
            f"{feed.rows:,}",
            f"{feed.quarantined:,}",
            f"{feed.newest.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if feed.newest else "never",
        )
        for feed in found.feeds
    ]
    output.table(plain_table("Loaded", ("kind", "files", "rows", "quarantined", "newest"), rows))


def _said(run: LastRun | None) -> str:
    if run is None:
        return "never"
    return f"{run.finished_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, as of {run.as_of}"


def _stale(feeds: tuple[Feed, ...], last_run: LastRun | None) -> "list[str]":
    from expectations.visits import STALE_AFTER_DAYS

    now = datetime.now(UTC)
    limit = timedelta(days=STALE_AFTER_DAYS)
    found = [
        f"nothing of {feed.kind} has been loaded for {(now - feed.newest).days} days."
        for feed in feeds
        # Fees and practices change when they change; the other three flow.
        if feed.newest and feed.kind in {"visits", "stripe", "era", "bank"} and now - feed.newest > limit
    ]
    if last_run is None and any(feed.files for feed in feeds):
        found.append("what is loaded has never been reconciled: run `trueup reconcile`.")
    if last_run and last_run.is_behind:
        found.append(
            "files or webhooks came, or remittances were settled, since the last reconcile: `trueup reconcile`."
        )
    return found


def _last_run(connection: "psycopg.Connection") -> LastRun | None:
    if not _has_runs(connection):
        return None
    row = connection.execute(
        "select as_of, finished_at, loaded_through < %s or exists (select from ledger.inbox where not is_landed)"
        " from ops.run"
        " where status = 'succeeded' order by finished_at desc limit 1",
        (ops.loaded_through(connection),),
    ).fetchone()
    return LastRun(*row) if row else None


def _last_failure(connection: "psycopg.Connection", since: LastRun | None) -> LastFailure | None:
    if not _has_runs(connection):
        return None
    row = connection.execute(
        "select status, started_at, sentence from ops.run where status <> 'succeeded' and status <> 'running'"
        " and started_at > coalesce(%s, '-infinity'::timestamptz) order by started_at desc limit 1",
        (since.finished_at if since else None,),
    ).fetchone()
    return LastFailure(*row) if row else None


def _has_runs(connection: "psycopg.Connection") -> bool:
    row = connection.execute("select to_regclass('ops.run') is not null").fetchone()
    return bool(row and row[0])
