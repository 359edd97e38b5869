"""`trueup portal`: the practices that the portal serves, and at which host names."""

from typing import Annotated

import typer

from orchestration.commands import portal, workspace
from orchestration.commands.errors import WENT_WELL, Misused
from orchestration.commands.output import Json, Output, example, plain_table, printable

portals = typer.Typer(
    help="Practices of the portal: each has its own host name, looks, people and rows.",
    epilog=example("trueup portal list"),
    no_args_is_help=True,
)


@portals.command(
    "add",
    epilog=example(
        'trueup portal add prac_west --name "West Clinic" --host west.portal.example.com --time-zone America/Denver'
    ),
)
def add(
    practice_id: Annotated[str, typer.Argument(help="Its id in the books (practices.csv).")],
    name: Annotated[str, typer.Option(help="What patients call it.")],
    host: Annotated[list[str], typer.Option(help="The host name of its portal; repeat for further ones.")],
    time_zone: Annotated[str, typer.Option(help="Its IANA time zone.")],
    as_json: Json = False,
) -> int:
    """Serve a practice at a host name. One that is there keeps its settings, and is served at the new host name too."""
    from zoneinfo import available_timezones

    from portal_api.tenants.practices import Practice

    output = Output(as_json)
    if time_zone not in available_timezones():
        raise Misused(f"--time-zone {printable(time_zone)} is no IANA zone; write one such as America/New_York.")
    if not name.strip() or not practice_id.strip():
        raise Misused("A practice has an id and a name.")
    if wrong := [each for each in host if not each or not all(sign.isalnum() or sign in ".-" for sign in each)]:
        raise Misused(f"--host {printable(wrong[0])} is no host name: write it without http:// and without a port.")
    made = Practice(practice_id, name.strip(), time_zone)
    with workspace.opened() as books, portal.opened(books) as door, portal.founded(door, made, host) as here:
        address = here.origin
    output.result({"practice_id": practice_id, "address": address, "hosts": host})
    if not as_json:
        output.line(f"{printable(name)} is served at {address}. Next: trueup staff add, for its first admin.")
    return WENT_WELL


@portals.command("list", epilog=example("trueup portal list", "trueup portal list --json"))
def list_(as_json: Json = False) -> int:
    """List the practices and where their portals are."""
    output = Output(as_json)
    found = []
    with workspace.opened() as books, portal.opened(books) as door:
        for practice_id in door.practice_ids():
            with door.at(practice_id) as here:
                found.append((practice_id, here.practice.name, here.origin, here.practice.time_zone))
    names = ("practice_id", "name", "address", "time_zone")
    output.result([dict(zip(names, each, strict=True)) for each in found])
    if not as_json:
        if found:
            output.table(plain_table("Practices", names, (tuple(map(printable, each)) for each in found)))
        else:
            output.line("The portal has no practice yet: trueup portal add.")
    return WENT_WELL
