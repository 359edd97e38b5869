"""`trueup staff`: who works at a practice, for the first admin and for when nobody can sign in any more."""

from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands import portal, workspace
from orchestration.commands.errors import WENT_WELL, Misused
from orchestration.commands.output import Json, Output, example, plain_table, printable

if TYPE_CHECKING:
    from portal_api.here import Here
    from portal_api.identity.people import Staff

staff = typer.Typer(
    help="Staff of a practice. An admin of the practice does the same on the page People.",
    epilog=example("trueup staff list --practice prac_west"),
    no_args_is_help=True,
)
Practice = Annotated[str, typer.Option("--practice", help="The practice's id.")]
Email = Annotated[str, typer.Argument(help="The person's e-mail address.")]


@staff.command(
    "add",
    epilog=example("trueup staff add ada@west.example --practice prac_west --name 'Ada Byrne' --role practice_admin"),
)
def add(  # noqa: PLR0913, PLR0917 - a command's options
    email: Email,
    practice: Practice,
    name: Annotated[str, typer.Option(help="The person's name.")],
    role: Annotated[list[str], typer.Option(help="A role; repeat for further ones.")],
    provider: Annotated[str | None, typer.Option(help="For a provider: the id in the visit ledger.")] = None,
    all_practices: Annotated[
        bool, typer.Option("--all-practices", help="In the books they see every practice, not only this one.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Add somebody and print the link by which they choose a password: give it to them alone. Good for a day, once."""
    from portal_api.access import READERS, STAFF_ROLES, Role
    from portal_api.identity import people

    if unknown := sorted(set(role) - set(STAFF_ROLES)):
        raise Misused(f"--role {printable(unknown[0])} is no role; there are {', '.join(sorted(STAFF_ROLES))}.")
    if not people.EMAIL.match(email) or not name.strip():
        raise Misused("Give an e-mail address, such as ada@west.example, and a name.")
    if not people.can_be(role):
        raise Misused("An auditor reads the books and does nothing else: give auditor no other --role.")
    if all_practices and not (set(role) & READERS):
        raise Misused(f"--all-practices is of the books, which are for {', '.join(sorted(READERS))}.")
    if Role.PROVIDER in role and not provider:
        raise Misused("A provider has an id in the visit ledger: give it with --provider.")
    with workspace.opened() as books, portal.opened(books) as door, portal.at(door, practice) as here:
        if people.staff_of_email(here, email):
            raise Misused(f"{printable(email)} works there already: trueup staff link prints a new link.")
        people.add_staff(here, email, name.strip(), map(Role, role), provider, sees_all_practices=all_practices)
        address = _invited(here, email)
    return _told(email, address, Output(as_json))


@staff.command("link", epilog=example("trueup staff link ada@west.example --practice prac_west"))
def link(
    email: Email,
    practice: Practice,
    reset_authenticator: Annotated[
        bool, typer.Option("--reset-authenticator", help="They have lost it: they set up another one.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Print a link by which somebody chooses a new password: give it to them alone. Good for a day, once."""
    from portal_api.identity import staff_secrets

    with workspace.opened() as books, portal.opened(books) as door, portal.at(door, practice) as here:
        if reset_authenticator:
            staff_secrets.drop_authenticator(here, _known(here, email).id)
        address = _invited(here, email)
    return _told(email, address, Output(as_json))


@staff.command("practices", epilog=example("trueup staff practices ada@west.example --practice prac_west --all"))
def practices(
    email: Email,
    practice: Practice,
    all_practices: Annotated[
        bool, typer.Option("--all/--own", help="Every practice's figures, or those of their own.", show_default=False)
    ],
    as_json: Json = False,
) -> int:
    """Say whose figures somebody sees in the books, from their next page on: every practice's, or their own."""
    from portal_api import audit
    from portal_api.identity import people

    output = Output(as_json)
    with workspace.opened() as books, portal.opened(books) as door, portal.at(door, practice) as here:
        found = _known(here, email)
        people.change_staff(here, found.id, sees_all_practices=all_practices)
        audit.record(here, "staff.practices_changed", f"staff/{found.id}")
    output.result({"email": email, "sees_all_practices": all_practices})
    if not as_json:
        output.line(
            f"{printable(email)} sees {'every practice' if all_practices else 'their own practice'} in the books."
        )
    return WENT_WELL


@staff.command("disable", epilog=example("trueup staff disable ada@west.example --practice prac_west"))
def disable(email: Email, practice: Practice, as_json: Json = False) -> int:
    """Let somebody in no more; their sessions end now."""
    from portal_api import audit
    from portal_api.access import Kind
    from portal_api.identity import people

    output = Output(as_json)
    with workspace.opened() as books, portal.opened(books) as door, portal.at(door, practice) as here:
        found = _known(here, email)
        people.disable(here, Kind.STAFF, found.id)
        audit.record(here, "staff.disabled", f"staff/{found.id}")
    output.result({"email": email, "disabled": True})
    if not as_json:
        output.line(f"{printable(email)} is let in no more.")
    return WENT_WELL


@staff.command("list", epilog=example("trueup staff list --practice prac_west"))
def list_(practice: Practice, as_json: Json = False) -> int:
    """List who works at a practice."""
    from portal_api.identity import people

    output = Output(as_json)
    with workspace.opened() as books, portal.opened(books) as door, portal.at(door, practice) as here:
        found = people.all_staff(here)
    names = ("email", "name", "roles", "provider", "books", "sign-in")
    lines = [
        (each.email, each.name, ", ".join(sorted(each.roles)), each.provider_id or "", _books(each), _state(each))
        for each in found
    ]
    output.result([dict(zip(names, line, strict=True)) for line in lines])
    if not as_json:
        output.table(plain_table("Staff", names, (tuple(map(printable, line)) for line in lines)))
    return WENT_WELL


def _books(person: "Staff") -> str:
    from portal_api.access import READERS

    if not (person.roles & READERS):
        return ""
    return "all practices" if person.sees_all_practices else "own practice"


def _state(person: "Staff") -> str:
    if person.disabled_at:
        return "disabled"
    return "ready" if person.has_password and person.has_totp else "has not finished setting up"


def _known(here: "Here", email: str) -> "Staff":
    from portal_api.identity import people

    found = people.staff_of_email(here, email)
    if found is None:
        raise Misused(f"Nobody with the address {printable(email)} works there: trueup staff list shows who does.")
    return found


def _invited(here: "Here", email: str) -> str:
    from portal_api import audit
    from portal_api.identity import invitations

    person = _known(here, email)
    audit.record(here, "staff.invited", f"staff/{person.id}")
    return invitations.link(here, person.id, person.email)


def _told(email: str, address: str, output: Output) -> int:
    """Print the link. It is the result, and written nowhere else."""
    output.result({"email": email, "link": address})
    if not output.as_json:
        output.line(f"{printable(email)} chooses a password here, once, within a day: {address}")
    return WENT_WELL
