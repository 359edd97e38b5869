"""`trueup webhooks`: events that had no effect yet or never came, taken in, and payloads that were kept long enough."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands import workspace
from orchestration.commands.errors import PARTLY, WENT_WELL, CannotRun, Misused
from orchestration.commands.output import Json, Output, counted, example, plain_table, printable

if TYPE_CHECKING:
    import psycopg

    from ledger.store.inbox import DeadLetter
    from ledger.sweep import Swept

webhooks = typer.Typer(
    help="Webhooks from Stripe: dead letters (their effect failed, or their object was refused), events that never "
    "came, and old payloads.",
    epilog=example("trueup webhooks list"),
    no_args_is_help=True,
)


@webhooks.command("list", epilog=example("trueup webhooks list", "trueup webhooks list --all --json"))
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Those that were replayed since, too.")] = False,
    as_json: Json = False,
) -> int:
    """List the dead letters and count the inbox; exit code 1 while any waits."""
    from ledger.store import inbox

    output = Output(as_json)
    with workspace.opened() as books, books.connection() as connection:
        count, letters = inbox.count(connection), inbox.dead_letters(connection, resolved_too=all_)
    waiting = [letter for letter in letters if letter.resolved_at is None]
    output.result({**asdict(count), "dead_letters": [asdict(letter) for letter in letters]})
    if not as_json:
        if letters:
            columns = ("endpoint", "event", "type", "object", "attempts", "first failed", "why")
            output.table(plain_table("Dead letters", columns, map(_line, letters)))
        output.line(
            f"{counted(count.events, 'event')} taken in, {count.waiting:,} of them since the last reconcile; "
            f"{counted(len(waiting), 'dead letter')}."
        )
        if waiting:
            output.line("When the cause is mended: `trueup webhooks replay`.")
    return PARTLY if waiting else WENT_WELL


@webhooks.command("replay", epilog=example("trueup webhooks replay", "trueup webhooks replay evt_1QxYz"))
def replay(
    events: Annotated[
        list[str] | None, typer.Argument(metavar="[EVENT]...", help="Ids of events. Default: all that wait.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Take dead letters in once more, each in a transaction of its own; exit code 1 when any fails again."""
    from ledger.store import inbox

    output, asked = Output(as_json), set(events or ())
    done: list[str] = []
    failed: list[dict[str, str]] = []
    with workspace.opened() as books, books.connection() as connection:
        letters = [one for one in inbox.dead_letters(connection) if not asked or one.event_id in asked]
        connection.commit()
        if unknown := asked - {letter.event_id for letter in letters}:
            raise Misused(f"No dead letter waits by the name of {printable(', '.join(sorted(unknown)))}.")
        for letter in letters:
            reason = _replayed(connection, letter)
            if reason is None:
                done.append(letter.event_id)
            else:
                failed.append({"endpoint": letter.endpoint, "event_id": letter.event_id, "reason": reason})
                output.message(f"{letter.event_id} of {letter.endpoint}: {reason}")
    output.result({"replayed": done, "failed": failed})
    if not as_json:
        output.line(f"{counted(len(done), 'event')} replayed, {counted(len(failed), 'event')} still waiting.")
    return PARTLY if failed else WENT_WELL


@webhooks.command("sweep", epilog=example("trueup webhooks sweep", "trueup webhooks sweep --days 30 --all"))
def sweep(
    days: Annotated[int, typer.Option("--days", min=1, max=30, help="How far back; Stripe shows 30 days.")] = 7,
    all_: Annotated[
        bool, typer.Option("--all", help="Also events that Stripe counts as delivered, or sent to no endpoint.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Ask Stripe for the events that were not delivered, and take in those that are not here.

    Objects whose newest event shares its second with another are read again: Stripe dates events in whole seconds, so
    that an open invoice may stand for a paid one. Needs TRUEUP_STRIPE_KEY, which need only read; changes nothing at
    Stripe. While `trueup up` runs with a key, this is done every hour. Exit code 1 when anything became a dead letter.
    """
    from ledger.store.inbox import Received

    output = Output(as_json)
    with workspace.opened() as books, books.connection() as connection:
        swept = swept_by(books, connection, timedelta(days=days), output, undelivered=not all_)
    new, refused = swept.missed[Received.NEW], swept.missed[Received.REFUSED]
    output.result({**asdict(swept), "missed": {"new": new, "refused": refused}})
    if not as_json:
        output.line(f"{counted(swept.events, 'event')} looked at, {new:,} of them taken in.")
        output.line(f"{counted(swept.read_again, 'object')} in doubt read again.")
        if swept.unreadable:
            output.line(f"{counted(swept.unreadable, 'object')} in doubt cannot be read by this key or is gone.")
        if refused + swept.failed:
            output.line(f"{counted(refused + swept.failed, 'event')} refused or failed: see `trueup webhooks list`.")
    return PARTLY if refused + swept.failed else WENT_WELL


def swept_by(
    books: workspace.Workspace,
    connection: "psycopg.Connection",
    back: timedelta,
    output: Output,
    *,
    undelivered: bool = True,
) -> "Swept":
    """Sweep so far back with the key of the settings. Raises CannotRun without one."""
    from ledger.gateways.stripe_listing import StripeListing
    from ledger.sweep import Swept
    from ledger.sweep import sweep as each

    settings, now = books.settings, datetime.now(UTC)
    if not settings.stripe_key:
        raise CannotRun("Stripe cannot be asked without a key: set TRUEUP_STRIPE_KEY; one that may only read will do.")
    source = StripeListing(settings.stripe_key, settings.stripe_url, settings.stripe_is_live)
    swept = Swept()
    connection.rollback()
    connection.autocommit = True  # each event is a transaction of its own
    with output.progress("Events") as advance:
        for swept in each(connection, source, now - back, now, undelivered=undelivered):
            advance(swept.events)
    return swept


@webhooks.command("prune", epilog=example("trueup webhooks prune", "trueup webhooks prune --days 90"))
def prune(
    days: Annotated[int, typer.Option("--days", help="Payloads older than that are dropped; 45 at least.")] = 45,
    as_json: Json = False,
) -> int:
    """Drop payloads that the warehouse has and that are old enough; the keys of all events are kept for ever."""
    from ledger.store import inbox

    output = Output(as_json)
    if days < inbox.RETENTION.days:
        raise Misused(f"--days {days} is too few: payloads are kept for {inbox.RETENTION.days} days at least.")
    with workspace.opened() as books, books.connection() as connection:
        count = inbox.prune(connection, timedelta(days=days))
        connection.commit()
    output.result({"pruned": count})
    if not as_json:
        output.line(f"{counted(count, 'payload')} dropped.")
    return WENT_WELL


def _replayed(connection: "psycopg.Connection", letter: "DeadLetter") -> str | None:
    """Take one in; return why that failed, None when it went well."""
    import psycopg

    from ledger.store import inbox

    try:
        with connection.transaction():
            received = inbox.replay(connection, letter)
    except psycopg.OperationalError:
        raise  # the database is away: the next letter would fare no better
    except Exception as error:  # noqa: BLE001 - whatever an effect raises: the letter stays, the others go on
        reason = inbox.described(error)
        with connection.transaction():
            inbox.bury(connection, letter.endpoint, inbox.buried(connection, letter), reason)
        return reason
    return letter.reason if received is inbox.Received.REFUSED else None


def _line(letter: "DeadLetter") -> tuple[str, ...]:
    return (
        letter.endpoint,
        letter.event_id,
        letter.event_type,
        letter.object_id or "",
        str(letter.attempts),
        f"{letter.first_failed_at:%Y-%m-%d %H:%M}",
        f"replayed; {letter.reason}" if letter.resolved_at else letter.reason,
    )
