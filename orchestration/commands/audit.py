"""`trueup audit`: whether the portal's audit is whole and nobody changed it."""

from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands import portal, workspace
from orchestration.commands.errors import PARTLY, WENT_WELL, Misused
from orchestration.commands.output import Json, Output, counted, example, printable

if TYPE_CHECKING:
    from portal_api.audit_chain import Verdict

audit = typer.Typer(
    help="The portal's audit: who did what, when and from where, chained so that no row can go or change unseen.",
    epilog=example("trueup audit verify"),
    no_args_is_help=True,
)


@audit.command("verify", epilog=example("trueup audit verify", "trueup audit verify --practice prac_harbor --json"))
def verify(
    practice: Annotated[str | None, typer.Option(help="One practice; default: all.")] = None,
    as_json: Json = False,
) -> int:
    """Compute every link of each practice's chain anew; exit code 1 where one does not hold.

    What is found is noted outside the database, in TRUEUP_HOME/portal/anchors.jsonl, so that the next time rows that
    were cut off at the end are missed too. Keep a copy of that file elsewhere.
    """
    from portal_api import anchors
    from portal_api.audit_chain import verified

    output = Output(as_json)
    found: dict[str, Verdict] = {}
    with workspace.opened() as books, portal.opened(books) as door:
        ids = door.practice_ids()
        if practice is not None and practice not in ids:
            raise Misused(f"There is no practice {printable(practice)} in the portal.")
        path = books.settings.home / "portal" / "anchors.jsonl"
        for practice_id in [practice] if practice else ids:
            with door.at(practice_id) as here:
                known = anchors.read(path, practice_id)
                found[practice_id] = verified(here.db, here.keys, practice_id, known)
                if found[practice_id].is_whole:
                    anchors.note(path, practice_id, found[practice_id], here.now)
    output.result({name: verdict._asdict() for name, verdict in found.items()})
    if not as_json:
        for name, verdict in found.items():
            output.line(f"{name}: {counted(verdict.rows, 'row')}; {verdict.sentence}")
        if not found:
            output.line("The portal has no practice yet.")
    return WENT_WELL if all(verdict.is_whole for verdict in found.values()) else PARTLY
