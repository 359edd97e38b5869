"""`trueup worklist`: what a person should look at, who has it, and how it ended."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from orchestration.commands import staff, workspace
from orchestration.commands.errors import WENT_WELL, Misused
from orchestration.commands.output import Json, Output, counted, example, plain_table, printable

if TYPE_CHECKING:
    from ingestion.landing import Connection
    from ledger.store.worklist import Item

worklist = typer.Typer(
    help="What a person should look at: payments that Stripe tries no more, what could not be sent, remittances that "
    "wait, and what else somebody took up.",
    epilog=example("trueup worklist list"),
    no_args_is_help=True,
)
Number = Annotated[int, typer.Argument(metavar="ROW", help="The number of the row, from `trueup worklist list`.")]
By = Annotated[str | None, typer.Option("--by", help="Who does this. Default: the user of the system.")]


@worklist.command("list", epilog=example("trueup worklist list", "trueup worklist list --practice P1 --json"))
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Rows that are resolved, too.")] = False,
    kind: Annotated[list[str] | None, typer.Option("--kind", help="Rows of this kind only; may be repeated.")] = None,
    practice: Annotated[str | None, typer.Option("--practice", help="Rows of this practice only.")] = None,
    assignee: Annotated[str | None, typer.Option("--assignee", help="Rows of this person only.")] = None,
    as_json: Json = False,
) -> int:
    """List the rows that wait, oldest first."""
    from ledger.store import worklist as store

    output = Output(as_json)
    kinds = [known.value for known in store.Kind]
    if unknown := sorted(set(kind or ()) - set(kinds)):
        raise Misused(f"There is no kind {printable(', '.join(unknown))}; there are {', '.join(kinds)}.")
    with workspace.opened() as books, books.connection() as connection:
        items = store.listed(connection, resolved_too=all_, kinds=kind or (), practice_id=practice, assignee=assignee)
    output.result({"worklist": [asdict(item) for item in items]})
    if not as_json:
        if items:
            columns = ("row", "kind", "why", "visit or cause", "practice", "since", "state", "last said")
            output.table(plain_table("Worklist", columns, map(_line, items)))
        output.line(f"{counted(len(items), 'row')}.")
    return WENT_WELL


@worklist.command("show", epilog=example("trueup worklist show 12"))
def show(row: Number, as_json: Json = False) -> int:
    """Show a row with all that was said and done about it."""
    from ledger.store import worklist as store

    output = Output(as_json)
    with workspace.opened() as books, books.connection() as connection:
        item, entries = store.get(connection, row), store.entries(connection, row)
    output.result({**asdict(item), "entries": [asdict(entry) for entry in entries]})
    if not as_json:
        output.table(plain_table("Row", ("what", "is"), [(name, str(value)) for name, value in asdict(item).items()]))
        lines = [(f"{each.made_at:%Y-%m-%d %H:%M}", each.deed, each.made_by, each.said or "") for each in entries]
        output.table(plain_table("What was done", ("when", "what", "who", "said"), lines))
    return WENT_WELL


@worklist.command(
    "take",
    epilog=example(
        "trueup worklist take 9f2c41d07ab3#0",
        "trueup worklist take 9f2c41d07ab3#0/3",
        "trueup worklist take 5d41402abc4b2a76b9719d911017c592",
    ),
)
def take(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="A held remittance (FILE#ST) or a claim without a visit (FILE#ST/CLAIM), named as for `trueup era`; "
            "or a leak_id, as `trueup export leaks` shows it.",
        ),
    ],
    by: By = None,
    as_json: Json = False,
) -> int:
    """Take up what waits in the books and nobody has. What somebody took up already stays as it is."""
    from ledger.store import worklist as store

    output, who = Output(as_json), staff.person(by, "--by")
    with workspace.opened() as books, books.connection() as connection:
        item = _taken_up(connection, what)
        if item.state == "open":
            item = store.assign(connection, item.item_id, who, who)
        connection.commit()
    return _told(item, output)


@worklist.command("assign", epilog=example("trueup worklist assign 12 ada"))
def assign(
    row: Number,
    assignee: Annotated[str, typer.Argument(metavar="WHO", help="Who looks at it.")],
    by: By = None,
    as_json: Json = False,
) -> int:
    """Give a row to somebody."""
    return _do("assign", row, staff.said(assignee, "WHO"), by, Output(as_json))


@worklist.command("note", epilog=example("trueup worklist note 12 'Left word, calls back on Friday'"))
def note(
    row: Number,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What was tried or found out; no patient's name.")],
    by: By = None,
    as_json: Json = False,
) -> int:
    """Write on a row what was tried or found out."""
    return _do("note", row, staff.said(text, "TEXT"), by, Output(as_json))


@worklist.command("resolve", epilog=example("trueup worklist resolve 12 'Pays by bank transfer'"))
def resolve(
    row: Number,
    outcome: Annotated[str, typer.Argument(metavar="OUTCOME", help="How it ended; no patient's name.")],
    by: By = None,
    as_json: Json = False,
) -> int:
    """Say how a row ended. Should a card fail once more, the row opens anew."""
    return _do("resolve", row, staff.said(outcome, "OUTCOME"), by, Output(as_json))


@worklist.command("dismiss", epilog=example("trueup worklist dismiss 12 'Capitated: paid by the month'"))
def dismiss(
    row: Number,
    why: Annotated[str, typer.Argument(metavar="WHY", help="Why nothing is to be done; no patient's name.")],
    by: By = None,
    as_json: Json = False,
) -> int:
    """Say why nothing is to be done about a row. What it is about still stands in the books."""
    return _do("dismiss", row, staff.said(why, "WHY"), by, Output(as_json))


@worklist.command("reopen", epilog=example("trueup worklist reopen 12 'The payer owes it after all'"))
def reopen(
    row: Number,
    why: Annotated[str, typer.Argument(metavar="WHY", help="Why it is open again; no patient's name.")],
    by: By = None,
    as_json: Json = False,
) -> int:
    """Open a row anew that was resolved or dismissed."""
    return _do("reopen", row, staff.said(why, "WHY"), by, Output(as_json))


Deed = Literal["assign", "note", "resolve", "dismiss", "reopen"]


def _do(deed: Deed, row: int, words: str, by: str | None, output: Output) -> int:
    from ledger.store import worklist as store

    deeds = {
        "assign": store.assign,
        "note": store.note,
        "resolve": store.resolve,
        "dismiss": store.dismiss,
        "reopen": store.reopen,
    }
    done, who = deeds[deed], staff.person(by, "--by")
    with workspace.opened() as books, books.connection() as connection:
        item = done(connection, row, words, who)
        connection.commit()
    return _told(item, output)


def _taken_up(connection: "Connection", what: str) -> "Item":
    """Return the row of a remittance, a claim or a leak, made now where it waits. Raises NoSuchItem."""
    from ledger.store import leak_worklist, remit_worklist
    from ledger.store.worklist import NoSuchItem
    from orchestration.commands.era_settle import named, named_claim

    _, has_place, place = what.rpartition("#")
    if has_place:
        remit = remit_worklist.Remit(*(named_claim if "/" in place else named)(connection, what))
        item = remit_worklist.taken_up(connection, remit)
    else:
        leak = leak_worklist.find(connection, what)
        item = leak_worklist.taken_up(connection, leak) if leak else None
    if item is None:
        raise NoSuchItem(f"The books have nothing that waits by the name {printable(what)}. Was it reconciled?")
    return item


def _told(item: "Item", output: Output) -> int:
    output.result(asdict(item))
    if not output.as_json:
        to = f" to {printable(item.assignee)}" if item.assignee else ""
        output.line(f"Row {item.item_id} ({item.kind}) is {_state(item)}{to}.")
    return WENT_WELL


def _line(item: "Item") -> tuple[str, ...]:
    from ledger.store.remit_worklist import Remit

    return (
        str(item.item_id),
        item.kind,
        item.why,
        str(item.visit_token or Remit.of(item.cause) or item.cause),
        item.practice_id or "",
        f"{item.opened_at:%Y-%m-%d}",
        f"{item.state}: {printable(item.assignee)}" if item.assignee else _state(item),
        printable(item.said or ""),
    )


def _state(item: "Item") -> str:
    return "dismissed" if item.is_dismissed else item.state
