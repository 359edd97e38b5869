"""`trueup send`: what is due leaves for Stripe, once."""

from collections import Counter
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from dashboards.money import dollars
from ledger.rules.sending import METER_DAYS
from orchestration.commands import reconcile, workspace
from orchestration.commands.errors import PARTLY, WENT_WELL, CannotRun
from orchestration.commands.output import Json, Output, counted, example, plain_table

if TYPE_CHECKING:
    import psycopg

    from ledger.dispatch import Delivered
    from ledger.settings import Settings
    from ledger.store.database import Database
    from ledger.store.outbox import Row
    from orchestration.sending import Held

EPILOG = example("trueup send --dry-run", "trueup send --json")


def send(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be queued and sent; send nothing.")
    ] = False,
    as_of: reconcile.AsOf = None,
    as_json: Json = False,
) -> int:
    """Queue what the plan says is due, and deliver what stands in the outbox: memos, usage, charges of visits.

    Each leaves once, for ever: run it as often as you like, several at a time, and again after a crash. What Stripe
    refuses, a card that is declined and an end that is unknown are listed, and end with exit code 1. Needs
    TRUEUP_STRIPE_KEY.
    """
    output = Output(as_json)
    with workspace.opened() as books:
        if not books.settings.stripe_key and not dry_run:
            raise CannotRun("Nothing can be sent without a key: set TRUEUP_STRIPE_KEY. `--dry-run` needs none.")
        with books.connection() as connection:
            day = as_of.date() if as_of else reconcile.today(books.settings.timezone)
            queued, held = _queued(connection, books.settings, day, output)
            waiting = _due(connection)
            if dry_run:
                connection.rollback()
            else:
                connection.commit()
        delivered = [] if dry_run else _delivered(books.database, books.settings, len(waiting), output)
        with books.connection() as connection:
            worklist = _worklist(connection)
    lists: dict[str, list[dict[str, object]]] = {
        "due": [_waiting(row) for row in waiting] if dry_run else [],
        "delivered": [_attempt(each) for each in delivered],
        "held": [_held(each) for each in held],
        "worklist": [_waiting(row) for row in worklist],
    }
    output.result({"dry_run": dry_run, "queued": queued, **lists})
    if not as_json:
        _show(lists, queued, output)
    return PARTLY if any(each.outcome.state != "done" for each in delivered) else WENT_WELL


def _queued(
    connection: "psycopg.Connection", settings: "Settings", day: date, output: Output
) -> tuple[dict[str, dict[str, int]], list["Held"]]:
    """Queue what the plan says is due: counts and cents by action, and what cannot be queued."""
    from orchestration import planning, sending

    counts: Counter[str] = Counter()
    cents: Counter[str] = Counter()
    held: list[Held] = []
    if not planning.is_reconciled(connection):
        output.message(
            "There are no books of this version yet: what stands in the outbox is sent, and nothing is planned."
        )
    elif planning.is_behind(connection):
        output.message("warning: what came since the last reconcile is not booked: run `trueup reconcile`, then this.")
        output.message("What stands in the outbox is sent, and nothing is planned.")
    else:
        for each in sending.queue(connection, planning.plan(connection, day), settings.credit_excess):
            if isinstance(each, sending.Held):
                held.append(each)
            else:
                counts[each.decision.action] += 1
                cents[each.decision.action] += each.decision.amount_cents
    return {action: {"count": counts[action], "amount_cents": cents[action]} for action in sorted(counts)}, held


def _due(connection: "psycopg.Connection") -> list["Row"]:
    from ledger.store import outbox

    return outbox.due(connection, datetime.now(UTC))


def _worklist(connection: "psycopg.Connection") -> list["Row"]:
    from ledger.store import outbox

    return outbox.worklist(connection)


def _delivered(database: "Database", settings: "Settings", total: int, output: Output) -> list["Delivered"]:
    from ledger.dispatch import Dispatcher
    from ledger.gateways.stripe_gateway import StripeGateway

    gateway = StripeGateway(settings.stripe_key or "", settings.stripe_url)
    delivered: list[Delivered] = []
    with output.progress("Sending", total) as advance:
        for each in Dispatcher(database, gateway).deliver_all():
            delivered.append(each)
            advance(len(delivered))
    return delivered


def _attempt(each: "Delivered") -> dict[str, object]:
    return {
        "business_key": each.business_key,
        "operation": each.operation,
        "practice_id": each.practice_id,
        "attempt": each.attempt,
        "state": each.outcome.state,
        **each.outcome.document(),
    }


def _waiting(row: "Row") -> dict[str, object]:
    return {
        "business_key": row.business_key,
        "operation": row.operation,
        "visit_token": row.visit_token,
        "practice_id": row.practice_id,
        "state": row.state,
        "attempts": row.attempts,
        "outcome": row.outcome,
    }


def _held(each: "Held") -> dict[str, object]:
    planned = each.planned
    return {
        "visit_token": planned.visit_token,
        "practice_id": planned.practice_id,
        "memo_id": planned.memo_id,
        "action": planned.decision.action,
        "amount_cents": planned.decision.amount_cents,
        "why": each.why,
    }


def _show(lists: dict[str, list[dict[str, object]]], queued: dict[str, dict[str, int]], output: Output) -> None:
    """Tell a person: what was queued, how what was tried ended, and what somebody should look at."""
    for action, sums in queued.items():
        output.line(f"{action}: {counted(sums['count'], 'new row')} in the outbox, {dollars(sums['amount_cents'])}")
    if lists["due"]:
        output.line(f"{counted(len(lists['due']), 'row')} would be sent now.")
    states = Counter(str(each["state"]) for each in lists["delivered"])
    tried = ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))
    output.line(f"Tried: {tried}." if tried else "Nothing was sent.")
    if lists["held"]:
        output.line(f"{counted(len(lists['held']), 'demand')} due and held: `--json` says why, visit by visit.")
    if lists["worklist"]:
        output.line()
        lines = [(str(row["business_key"]), str(row["state"]), _ending(row)) for row in lists["worklist"]]
        output.table(plain_table("For somebody to look at", ("what", "state", "why"), lines))


def _ending(row: dict[str, object]) -> str:
    outcome = row["outcome"]
    if not row["attempts"]:
        return f"not sent, and nearly too old: Stripe takes usage for {METER_DAYS} days"
    said = outcome if isinstance(outcome, dict) else {"why": "no answer"}
    return " ".join(str(said[name]) for name in ("code", "advice", "why") if said.get(name))
