"""`trueup subscriptions`: plans, who subscribes until when, and invoices that count other visits than completed."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from dashboards.money import dollars
from orchestration.commands import workspace
from orchestration.commands.errors import PARTLY, WENT_WELL, Misused
from orchestration.commands.output import Json, Output, counted, example, plain_table, printable
from orchestration.commands.staff import person, said

if TYPE_CHECKING:
    from ledger.rules.plan import Plan
    from ledger.store.reviews import Review
    from ledger.store.subscriptions import Subscriber

subscriptions = typer.Typer(
    help="Subscriptions with metered visits: a practice's plan, who subscribes and until when, invoices that wait.",
    epilog=example("trueup subscriptions held"),
    no_args_is_help=True,
)
Practice = Annotated[str, typer.Argument(metavar="PRACTICE", help="The practice's id.")]
Patient = Annotated[UUID, typer.Argument(metavar="PATIENT", help="The patient's token.")]
Invoice = Annotated[str, typer.Argument(metavar="INVOICE", help="The invoice's id at Stripe, in_….")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, kept for ever. No patient names in it.")]
EndedBy = Annotated[
    str | None, typer.Option("--ended-by", metavar="NAME", help="Who ends it. Default: the user of the system.")
]
ReleasedBy = Annotated[
    str | None, typer.Option("--released-by", metavar="NAME", help="Who releases it. Default: the user of the system.")
]


@subscriptions.command(
    "plan",
    epilog=example(
        "trueup subscriptions plan P1", "trueup subscriptions plan P1 --flat 4900 --visit 2=7500 --visit 5=9000"
    ),
)
def plan(
    practice: Practice,
    flat: Annotated[int | None, typer.Option("--flat", metavar="CENTS", help="A month, in advance.")] = None,
    visit: Annotated[
        list[str] | None,
        typer.Option("--visit", metavar="CATEGORY=CENTS", help="A visit of a category, in arrears; once for each."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Show what a practice asks of its subscribers, or set what it asks of those who subscribe from now on.

    Whoever subscribed before keeps their prices. Visits of a category without a price are invoiced one by one, and so
    are those of patients who do not subscribe. A visit's category is that of its service code.
    """
    from ledger.store import subscriptions as store

    output, asked = Output(as_json), _asked(flat, visit or [])
    with workspace.opened() as books, books.connection() as connection:
        if asked:
            store.set_plan(connection, practice, asked)
            connection.commit()
        found = store.plan_of(connection, practice)
    output.result({"practice_id": practice, "plan": asdict(found) if found else None})
    if not as_json:
        _show_plan(practice, found, output)
    return WENT_WELL


@subscriptions.command("start", epilog=example("trueup subscriptions start 0b9d1c52-4a55-4d0e-9f0a-0123456789ab"))
def start(patient: Patient, as_json: Json = False) -> int:
    """Subscribe a patient to the plan of their practice; `trueup send` brings it to Stripe. One a patient at a time.

    A card must be on file for them.
    """
    from ledger.rules.plan import NoPlan
    from ledger.store import subscriptions as store

    output = Output(as_json)
    with workspace.opened() as books, books.connection() as connection:
        try:
            is_new = store.subscribe(connection, patient)
        except (NoPlan, KeyError) as error:
            raise Misused(str(error.args[0])) from None
        connection.commit()
    output.result({"patient_token": patient, "changed": is_new})
    output.line(
        "It stands in the outbox: `trueup send` brings it to Stripe."
        if is_new
        else "This patient has a subscription that has not ended: nothing changed."
    )
    return WENT_WELL


@subscriptions.command(
    "end",
    epilog=example(
        "trueup subscriptions end 0b9d1c52-4a55-4d0e-9f0a-0123456789ab --why 'Moves away'",
        "trueup subscriptions end 0b9d1c52-4a55-4d0e-9f0a-0123456789ab --now --why 'Subscribed by mistake'",
    ),
)
def end(
    patient: Patient,
    why: Why,
    now: Annotated[bool, typer.Option("--now", help="At once, and not with the period that is paid for.")] = False,
    ended_by: EndedBy = None,
    as_json: Json = False,
) -> int:
    """End a patient's subscription, with its period or at once; `trueup send` tells Stripe. Once, however often asked.

    Visits until then are metered and asked for by its last invoice; later ones are invoiced one by one. Nothing is
    prorated: what was paid in advance is not given back. `--now` waits until usage that stands in the outbox is sent.
    """
    from ledger.rules.requests import Ending
    from ledger.store import subscriptions as store

    output = Output(as_json)
    reason, name = said(why, "--why"), person(ended_by, "--ended-by")
    with workspace.opened() as books, books.connection() as connection:
        try:
            is_new = store.end(connection, patient, Ending.NOW if now else Ending.PERIOD, name, reason)
        except (store.NotAtStripe, KeyError) as error:
            raise Misused(str(error.args[0])) from None
        connection.commit()
    output.result({"patient_token": patient, "changed": is_new})
    output.line(
        "Its end stands in the outbox: `trueup send` tells Stripe."
        if is_new
        else "This subscription has ended, or is to end as soon already: nothing changed."
    )
    return WENT_WELL


@subscriptions.command("list", epilog=example("trueup subscriptions list", "trueup subscriptions list --json"))
def list_(as_json: Json = False) -> int:
    """List subscriptions, newest first: where their request stands, and what Stripe last said of them."""
    from ledger.store import subscriptions as store

    output = Output(as_json)
    with workspace.opened() as books, books.connection() as connection:
        found = store.subscribers(connection)
    output.result({"subscriptions": [asdict(each) for each in found]})
    if not as_json:
        lines = [
            (str(each.patient_token), each.practice_id, each.state, each.status or "", _end_of(each)) for each in found
        ]
        if lines:
            output.table(plain_table("Subscriptions", ("patient", "practice", "request", "at Stripe", "ends"), lines))
        output.line(f"{counted(len(found), 'subscription')}.")
    return WENT_WELL


@subscriptions.command("held", epilog=example("trueup subscriptions held", "trueup subscriptions held --all --json"))
def held(
    all_: Annotated[bool, typer.Option("--all", help="Those that were settled, too.")] = False,
    as_json: Json = False,
) -> int:
    """List invoices of subscriptions that count other visits than were completed; exit code 1 while any waits.

    A draft is held at Stripe until somebody releases it, and counts usage that comes meanwhile. One that went out
    before it could be held is put right by a credit note or an invoice of its own.
    """
    from ledger.store import reviews

    output = Output(as_json)
    with workspace.opened() as books, books.connection() as connection:
        found = reviews.reviews(connection, settled_too=all_)
    waiting = [review for review in found if review.settled_at is None]
    output.result({"invoices": [_document(review) for review in found]})
    if not as_json:
        if found:
            columns = ("invoice", "practice", "found", "stands", "visits: on it, completed")
            output.table(plain_table("Invoices to look at", columns, map(_line, found)))
        output.line(f"{counted(len(waiting), 'invoice')} to look at.")
        if waiting:
            output.line("When it is settled: `trueup subscriptions release INVOICE --why TEXT`.")
    return PARTLY if waiting else WENT_WELL


@subscriptions.command(
    "release", epilog=example("trueup subscriptions release in_1QxYz --why 'The usage was late, and is on it now'")
)
def release(invoice: Invoice, why: Why, released_by: ReleasedBy = None, as_json: Json = False) -> int:
    """Settle an invoice that was found to differ, and let it go out where it was held. It cannot be taken back."""
    from ledger.store import reviews

    output = Output(as_json)
    reason, name = said(why, "--why"), person(released_by, "--released-by")
    with workspace.opened() as books, books.connection() as connection:
        try:
            is_new = reviews.release(connection, invoice, name, reason)
        except KeyError:
            raise Misused(
                f"{printable(invoice)} is not up for review: `trueup subscriptions held --all` lists those that are."
            ) from None
        connection.commit()
    output.result({"invoice_id": invoice, "changed": is_new})
    output.line(
        f"{invoice} is settled; where it was held, `trueup send` lets it go out."
        if is_new
        else f"{invoice} is settled already, nothing changed."
    )
    return WENT_WELL


def _asked(flat: int | None, visits: list[str]) -> "Plan | None":
    from ledger.rules.plan import NoPlan, Plan

    if flat is None and not visits:
        return None
    if flat is None:
        raise Misused("--flat is missing: a plan has a flat price a month, in cents.")
    prices: dict[int, int] = {}
    for text in visits:
        category, _, cents = text.partition("=")
        if not (category.isdecimal() and cents.isdecimal()) or int(category) in prices:
            raise Misused(f"--visit {printable(text)} is no CATEGORY=CENTS such as 2=7500, each category once.")
        prices[int(category)] = int(cents)
    try:
        return Plan(flat, prices)
    except NoPlan as error:
        raise Misused(str(error)) from None


def _show_plan(practice: str, found: "Plan | None", output: Output) -> None:
    from ledger.rules.service_category import NAMES

    if found is None:
        output.line(f"{printable(practice)} has no plan: its visits are invoiced one by one.")
        return
    prices = [("", "a month, in advance", dollars(found.flat_cents))]
    prices += [(str(number), NAMES[number], dollars(cents)) for number, cents in sorted(found.visit_cents.items())]
    output.table(plain_table(f"The plan of {printable(practice)}", ("category", "", "amount"), prices))


def _end_of(subscriber: "Subscriber") -> str:
    if subscriber.is_over:
        return f"ended {subscriber.ends_at:%Y-%m-%d}" if subscriber.ends_at else "ended"
    if subscriber.ends_at:
        return f"{subscriber.ends_at:%Y-%m-%d}"
    return "" if subscriber.ending in {None, "done"} else "asked for"


def _stands(review: "Review") -> str:
    if review.settled_at:
        return f"settled by {review.settled_by}: {review.why}"
    if review.status == "draft":
        return "held" if review.is_held else "draft: `trueup send` holds it"
    return f"went out: {review.status or 'not known'}"


def _line(review: "Review") -> tuple[str, ...]:
    from ledger.rules.service_category import NAMES

    counts = [f"{NAMES[count.service_category]}: {count.counted}, {count.completed}" for count in review.counts]
    return (
        review.invoice_id,
        review.practice_id,
        f"{review.found_at:%Y-%m-%d %H:%M}",
        printable(_stands(review)),
        "\n".join(counts) if review.differs else "\n".join([*counts, "equal by now"]),
    )


def _document(review: "Review") -> dict[str, Any]:
    return asdict(review) | {"counts": [count._asdict() for count in review.counts], "differs": review.differs}
