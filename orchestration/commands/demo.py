"""`trueup demo`: the main job on sample data, from empty books to the month-start summary and the dashboard."""

from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.commands import demo_loop, load, reconcile, workspace
from orchestration.commands.errors import CannotRun
from orchestration.commands.output import Json, Output, example

if TYPE_CHECKING:
    from datetime import date

    import psycopg

    from ledger.settings import Settings

EPILOG = example("trueup demo", "TRUEUP_HOME=/tmp/trial trueup demo")
MONTH = "2026-09"
FILES = {
    "practices": "practices.csv",
    "fees": "fees.csv",
    "visits": "visits.csv",
    "stripe": "stripe.jsonl",
    "era": "era",
    "bank": "bank.csv",
}
# What the visit of the loop brought was no file: observations of it, and webhooks of its endpoint.
_OTHERS = """
select kind, file_sha256
from raw.file
where load_id not in (select load_id from raw.visit where visit_token = %(visit)s)
    and load_id not in (
        select made.load_id
        from raw.stripe_object as made
        inner join ledger.inbox as event on made.event_id = event.event_id
        where event.endpoint = %(endpoint)s
    )
union all
select 'visits', visit_token::text
from ledger.visit
where visit_token <> %(visit)s
"""


def demo(as_json: Json = False) -> int:
    """Show the main job on sample data: load a sample month, reconcile it, print its summary, write its dashboard.

    One visit more is held here and walked through the whole loop of its money, with a sandbox of Stripe: booked,
    completed, charged, adjudicated by its payer, credited, level.

    Works in the workspace of TRUEUP_HOME and TRUEUP_DATABASE_URL, so that every other command can look at the result,
    and refuses one that holds any other data: give it a TRUEUP_HOME of its own then. The sample is always the same, so
    a second run finds nothing new.
    """
    from sandbox import world

    output = Output(as_json)
    with workspace.opened() as books:
        folder = books.settings.home / "demo"
        output.message(f"1 of 5: the sample month {MONTH} is written to {folder}")
        sample = world.write(folder, month=MONTH)
        with books.connection() as connection:
            _refuse_real_data(connection, folder)
        output.message("2 of 5: its files are loaded")
        loaded = load.Loaded()
        for kind, name in FILES.items():
            load.take_in(books, kind, [folder / name], output, loaded)
        with demo_loop.opened(books, folder, output) as loop:
            if loop:
                output.message(
                    "3 of 5: one visit takes place, is charged at a sandbox of Stripe, and its payer answers"
                )
                loop.hold()
            output.message("4 of 5: the books are reconciled (up to a minute the first time)")
            outcome = reconcile.run(sample.as_of, output)
            if loop:
                output.message("its memo is sent to Stripe; then all that came of it comes once more")
                loop.credit(sample.as_of)
                reconcile.done(sample.as_of, output)
                loop.repeat(sample.as_of)
        output.message("5 of 5: the month is summed up")
        story = _tell(books, output, loop.again if loop else "")
        summed_up, page = _sum_up(books, output, sample.as_of)
    output.result(
        {
            "load": loaded.document(),
            "reconcile": reconcile.document(outcome, sample.as_of),
            "one_visit": story,
            "summary": summed_up,
            "dashboard": str(page),
        }
    )
    return loaded.exit_code


def _tell(books: workspace.Workspace, output: Output, again: str) -> dict[str, object] | None:
    with books.connection() as connection:
        story, is_held = demo_loop.told(connection), demo_loop.is_held(connection)
    if story:
        demo_loop.show(story, again, output)
        output.line()
    elif is_held:
        output.message("The one visit was begun by a demo that was stopped: in a fresh TRUEUP_HOME it is told whole.")
    return story


def _sum_up(books: workspace.Workspace, output: Output, as_of: "date") -> tuple[dict[str, object], Path]:
    from orchestration.commands import summary

    with books.connection() as connection:
        found = summary.read(connection, MONTH)
        page = summary.write_page(connection, MONTH, books.settings.home / "exports")
    summary.show(found, as_of, output)
    output.line()
    output.line(f"Dashboard: {page}")
    output.line()
    _tell_addresses(books.settings, output)
    output.line("      trueup export visit_revenue  every visit of the books as CSV")
    output.line("      trueup status                what is loaded; for data of your own use another TRUEUP_HOME")
    return summary.document(found), page


def _tell_addresses(settings: "Settings", output: Output) -> None:
    """Say what `trueup up` serves, and how to sign in where it has sample people: in an embedded database."""
    harbor, cedar = (f"http://{name}.localhost:{settings.portal_port}/" for name in ("harbor", "cedar"))
    output.line("Next: trueup up                    serves all of it on this machine, until Ctrl-C:")
    output.line(f"        the same dashboard, live   http://127.0.0.1:{settings.dashboard_port}/months/{MONTH}")
    if settings.database_url:
        output.line(
            f"        the patient portal         port {settings.portal_port}, once trueup portal add made a practice"
        )
        return
    output.line(f"        the patient portal         {harbor}, another practice's {cedar}")
    output.line(
        "          as a patient             pat@example.com; the mail with link and code is printed by trueup up"
    )
    output.line(
        "          as staff                 trueup up prints links to choose a password: provider, desk, admin …"
    )


def _refuse_real_data(connection: "psycopg.Connection", folder: Path) -> None:
    from sandbox.world.one_visit import VISIT

    samples = {(kind, digest) for kind, name in FILES.items() for digest in _digests(folder / name)}
    samples |= {("era", digest) for file in folder.glob(demo_loop.FILE) for digest in _digests(file)}
    held_here = {"visit": VISIT.visit_token, "endpoint": demo_loop.ENDPOINT}
    others = {(kind, digest) for kind, digest in connection.execute(_OTHERS, held_here)} - samples
    if others:
        kinds = ", ".join(sorted({kind for kind, _ in others}))
        raise CannotRun(
            f"These books hold files that are not the demo's ({len(others)}: {kinds}); sample data must not be mixed "
            "with them. Run the demo in a home of its own: TRUEUP_HOME=.trueup-demo TRUEUP_DATABASE_URL= trueup demo"
        )


def _digests(place: Path) -> list[str]:
    # As the remittance loader sees them: what counts is the bytes inside an archive.
    from ingestion.era835.drop_folder import received

    return [file.sha256 for file in received(place)]
