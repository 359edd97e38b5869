"""`trueup plan`: what would leave for Stripe, per visit, and why; nothing leaves."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from dashboards.money import dollars
from orchestration.commands import reconcile, workspace
from orchestration.commands.errors import WENT_WELL, CannotRun, Misused
from orchestration.commands.output import Json, Output, counted, example, plain_table
from orchestration.days import Days

if TYPE_CHECKING:
    from orchestration.planning import Planned

EPILOG = example("trueup plan", "trueup plan --from 2026-09-01 --to 2026-09-30 --json")
MEANING = {
    "meter_event": "Usage that would be sent to the customer's meter",
    "meter_cancel": "Usage that would be cancelled",
    "credit_memo": "Given back: a credit note, or the customer's balance",
    "debit_memo": "Asked for: an invoice of its own",
    "blocked": "Not to be sent as things stand; the reason says what to do",
    "nothing": "Level, or billed already",
}


def plan(
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="First day of service. Default: all."),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE", help="Last day of service. Default: all."),
    ] = None,
    as_of: reconcile.AsOf = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Rows printed; 0 = all. --json has all.")] = 40,
    as_json: Json = False,
) -> int:
    """List per visit what would be sent to Stripe, and why; this sends nothing (`trueup send` does).

    Goes by the books of the last reconcile: memos issued and not posted yet, visits of which nothing was billed, and
    the invoices that are loaded. What blocks is Stripe's limits (usage of the past 35 days, cancelled within 24 hours,
    a finalised invoice) or the visit itself (disputed, billed another way).
    """
    output = Output(as_json)
    days = _range(first, last)
    with workspace.opened() as books, books.connection() as connection:
        from orchestration import planning

        day = as_of.date() if as_of else reconcile.today(books.settings.timezone)
        if not planning.is_reconciled(connection):
            raise CannotRun("There are no books of this version to plan from yet: run `trueup reconcile` first.")
        behind = planning.is_behind(connection)
        found = _Plan(limit=None if as_json or not limit else limit)
        for planned in planning.plan(connection, day, days):
            found.add(planned)
    if behind:
        output.message("warning: what came since the last reconcile is not in this plan: run `trueup reconcile`.")
    output.result({"as_of": day, "is_behind": behind, "summary": found.summary(), "rows": found.document()})
    if not as_json:
        found.show(day, output)
    return WENT_WELL


def _range(first: datetime | None, last: datetime | None) -> Days | None:
    if not first and not last:
        return None
    days = Days(first.date() if first else date.min, last.date() if last else date.max)
    if days.first > days.last:
        raise Misused(f"--from {days.first} is after --to {days.last}: turn them round.")
    return days


@dataclass
class _Plan:
    """What was planned: counts and cents of all by action, and the rows; with a `limit` so many that do anything."""

    limit: int | None
    counts: "Counter[str]" = field(default_factory=Counter)
    cents: "Counter[str]" = field(default_factory=Counter)
    rows: "list[Planned]" = field(default_factory=list)

    def add(self, planned: "Planned") -> None:
        action = planned.decision.action
        self.counts[action] += 1
        self.cents[action] += planned.decision.amount_cents
        if self.limit is None or (action != "nothing" and len(self.rows) < self.limit):
            self.rows.append(planned)

    def summary(self) -> dict[str, dict[str, int]]:
        return {action: {"count": self.counts[action], "amount_cents": self.cents[action]} for action in MEANING}

    def document(self) -> list[dict[str, object]]:
        return [
            {
                "visit_token": row.visit_token,
                "practice_id": row.practice_id,
                "service_on": row.service_on,
                "memo_id": row.memo_id,
                "invoice_id": row.invoice_id,
                "action": row.decision.action,
                "amount_cents": row.decision.amount_cents,
                "why": row.decision.why,
            }
            for row in self.rows
        ]

    def show(self, as_of: date, output: Output) -> None:
        output.line(f"What would be sent to Stripe as of {as_of}. Nothing was sent: `trueup send` sends it.")
        output.line()
        lines = [
            (action, meaning, f"{self.counts[action]:,}", dollars(self.cents[action]))
            for action, meaning in MEANING.items()
            if self.counts[action]
        ]
        output.table(plain_table("In all", ("action", "", "count", "amount"), lines))
        rows = [row for row in self.rows if row.decision.action != "nothing"]
        if rows:
            output.line()
            output.table(plain_table("Per visit", ("day", "visit", "action", "amount", "why"), map(_line, rows)))
        left = self.counts.total() - self.counts["nothing"] - len(rows)
        if left:
            output.line(f"{counted(left, 'more row')}: `--limit 0` prints all, `--json` gives them to a machine.")


def _line(row: "Planned") -> tuple[str, ...]:
    decision = row.decision
    amount = dollars(decision.amount_cents)
    return str(row.service_on), str(row.visit_token), decision.action, amount, decision.why
