"""`trueup practice`, `trueup hold` and `trueup notices`: how a practice asks its patients, and when it does not."""

import re
from dataclasses import asdict, replace
from datetime import time
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from orchestration.commands import staff, workspace
from orchestration.commands.errors import WENT_WELL, Misused
from orchestration.commands.output import Json, Output, counted, example, plain_table, printable

if TYPE_CHECKING:
    from ledger.store.holds import Hold, Whom
    from ledger.store.practices import Policy

practice = typer.Typer(
    help="How a practice treats its patients: when a cancellation is late, and when they are told of open bills.",
    epilog=example("trueup practice list"),
    no_args_is_help=True,
)
hold = typer.Typer(
    help="Holds for hardship: while one lasts, nothing is charged to a patient and nothing said.",
    epilog=example("trueup hold list"),
    no_args_is_help=True,
)
NOTICES_EPILOG = example("trueup notices", "trueup notices --all --json")

_QUIET = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
Practice = Annotated[str, typer.Argument(metavar="PRACTICE", help="The id of the practice.")]
Patient = Annotated[str | None, typer.Option("--patient", help="The token of a patient: all their visits.")]
Visit = Annotated[str | None, typer.Option("--visit", help="The token of one visit.")]
By = Annotated[str | None, typer.Option("--by", help="Who does this. Default: the user of the system.")]


@practice.command("list", epilog=example("trueup practice list --json"))
def list_practices(as_json: Json = False) -> int:
    """List what practices have set, after the defaults that hold for all others."""
    from ledger.store import practices

    output = Output(as_json)
    with workspace.opened() as books, books.connection() as connection:
        zone = books.settings.timezone
        found = {"(default)": practices.policy(connection, "", zone), **practices.policies(connection, zone)}
    output.result({"practices": [_policy(name, policy) for name, policy in found.items()]})
    if not as_json:
        columns = ("practice", "timezone", "quiet", "visit hours", "days apart", "most notices", "late-cancel hours")
        output.table(plain_table("Practices", columns, [_cells(*each) for each in found.items()]))
    return WENT_WELL


@practice.command("set", epilog=example("trueup practice set P1 --timezone America/Chicago --quiet 20:00-09:00"))
def set_(  # noqa: PLR0913, PLR0917 - one option for each thing a practice decides
    practice_id: Practice,
    timezone: Annotated[str | None, typer.Option("--timezone", help="Where its clock hangs: Europe/Berlin.")] = None,
    quiet: Annotated[
        str | None, typer.Option("--quiet", help="When nobody is told anything: 20:00-09:00; equal times: never.")
    ] = None,
    visit_hours: Annotated[
        int | None, typer.Option("--visit-hours", help="No message within so many hours of a visit.")
    ] = None,
    days_apart: Annotated[
        int | None, typer.Option("--days-apart", help="Days from one message to a patient to the next, at least.")
    ] = None,
    most_notices: Annotated[
        int | None, typer.Option("--most-notices", help="Messages of one bill, at most; 0 is none.")
    ] = None,
    late_cancel_hours: Annotated[
        int | None, typer.Option("--late-cancel-hours", help="A patient who cancels later than that cancels late.")
    ] = None,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Set how a practice treats its patients; what is not given stays."""
    from ledger.store import practices

    output, who, quiet_hours = Output(as_json), staff.person(by, "--by"), _quiet_hours(quiet)
    given = {"visit_hours": visit_hours, "days_apart": days_apart, "most_notices": most_notices}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None} | quiet_hours
    with workspace.opened() as books, books.connection() as connection:
        zone = books.settings.timezone
        before = practices.policy(connection, practice_id, zone)
        own = timezone or practices.own_timezone(connection, practice_id)
        try:
            after = practices.Policy(
                replace(before.dunning, timezone=_zone(own or zone), **changes),
                before.late_cancel_hours if late_cancel_hours is None else late_cancel_hours,
            )
        except ValueError as error:
            raise Misused(str(error)) from None
        practices.set_policy(connection, practice_id, after, own, who)
        connection.commit()
    output.result(_policy(practice_id, after))
    if not as_json:
        output.line(f"{printable(practice_id)} is set: `trueup practice list` shows it.")
    return WENT_WELL


@hold.command("list", epilog=example("trueup hold list", "trueup hold list --all --json"))
def list_holds(
    all_: Annotated[bool, typer.Option("--all", help="Holds that were ended, too.")] = False, as_json: Json = False
) -> int:
    """List the holds that last."""
    from ledger.store import holds

    output = Output(as_json)
    with workspace.opened() as books, books.connection() as connection:
        found = holds.listed(connection, ended_too=all_)
    output.result({"holds": [asdict(each) for each in found]})
    if not as_json:
        if found:
            columns = ("whom", "practice", "since", "by", "why", "ended")
            output.table(plain_table("Holds", columns, map(_hold_cells, found)))
        output.line(f"{counted(len(found), 'hold')}.")
    return WENT_WELL


@hold.command("add", epilog=example("trueup hold add --visit TOKEN --practice P1 --reason 'Lost their work'"))
def add(  # noqa: PLR0913, PLR0917 - whom, whose, why and who
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; no patient's name.")],
    practice_id: Annotated[str, typer.Option("--practice", help="The practice of the patient.")],
    patient: Patient = None,
    visit: Visit = None,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Hold a patient or a visit: nothing is charged and nothing said until `trueup hold end`.

    What Stripe tries by itself is paused by the next `trueup send`.
    """
    from ledger.store import collecting

    whom, words, who = _whom(patient, visit), staff.said(reason, "--reason"), staff.person(by, "--by")
    with workspace.opened() as books, books.connection() as connection:
        made = collecting.hold(connection, whom, practice_id, words, who)
        connection.commit()
    return _held(Output(as_json), made, "Held. What Stripe tries by itself is paused by the next `trueup send`.")


@hold.command("end", epilog=example("trueup hold end --visit TOKEN --reason 'Found work'"))
def end(
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; no patient's name.")],
    patient: Patient = None,
    visit: Visit = None,
    by: By = None,
    as_json: Json = False,
) -> int:
    """End a hold: what waited is sent by the next `trueup send`."""
    from ledger.store import collecting, holds

    whom, words, who = _whom(patient, visit), staff.said(reason, "--reason"), staff.person(by, "--by")
    with workspace.opened() as books, books.connection() as connection:
        try:
            ended = collecting.release(connection, whom, words, who)
        except holds.NoSuchHold as error:
            raise Misused(f"{error} `trueup hold list` shows those that last.") from None
        connection.commit()
    return _held(Output(as_json), ended, "Ended. What waited is sent by the next `trueup send`.")


def notices(
    all_: Annotated[bool, typer.Option("--all", help="Notices that went out or were withdrawn, too.")] = False,
    as_json: Json = False,
) -> int:
    """List what patients are to be told of bills and receipts, and not before when.

    A notice has no name and no address: whoever has these sends it.
    """
    from ledger.store import notices as store

    output = Output(as_json)
    with workspace.opened() as books, books.connection() as connection:
        found = store.listed(connection, all_=all_)
    output.result({"notices": [asdict(each) for each in found]})
    if not as_json:
        if found:
            lines = [
                (
                    each.kind,
                    str(each.patient_token),
                    each.invoice_id,
                    f"{each.not_before:%Y-%m-%d %H:%M %Z}",
                    each.state,
                )
                for each in found
            ]
            output.table(plain_table("Notices", ("kind", "patient", "invoice", "not before", "state"), lines))
        output.line(f"{counted(len(found), 'notice')}.")
    return WENT_WELL


def _whom(patient: str | None, visit: str | None) -> "Whom":
    from ledger.store.holds import Whom

    if (patient is None) == (visit is None):
        raise Misused("Give --patient or --visit, and one of them only.")
    try:
        return Whom(UUID(patient) if patient else None, UUID(visit) if visit else None)
    except ValueError:
        raise Misused("A token is a UUID, as the visit ledger has it.") from None


def _quiet_hours(quiet: str | None) -> dict[str, Any]:
    if quiet is None:
        return {}
    found = _QUIET.fullmatch(quiet)
    if found is None:
        raise Misused(f"--quiet {printable(quiet)} is no span of hours; write it as 20:00-09:00.")
    from_hour, from_minute, until_hour, until_minute = map(int, found.groups())
    return {"quiet_from": time(from_hour, from_minute), "quiet_until": time(until_hour, until_minute)}


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Misused(f"--timezone {printable(name)} is no time zone; write it as America/New_York.") from None


def _policy(name: str, policy: "Policy") -> dict[str, object]:
    return {"practice_id": name, **asdict(policy.dunning), "late_cancel_hours": policy.late_cancel_hours}


def _cells(name: str, policy: "Policy") -> tuple[str, ...]:
    rule = policy.dunning
    quiet = f"{rule.quiet_from:%H:%M}-{rule.quiet_until:%H:%M}"
    numbers = (rule.visit_hours, rule.days_apart, rule.most_notices, policy.late_cancel_hours)
    return printable(name), rule.timezone, quiet, *map(str, numbers)


def _hold_cells(each: "Hold") -> tuple[str, ...]:
    held = f"patient {each.patient_token}" if each.patient_token else f"visit {each.visit_token}"
    ended = f"{each.ended_at:%Y-%m-%d} {printable(each.ended_why or '')}" if each.ended_at else ""
    made = f"{each.made_at:%Y-%m-%d}"
    return held, each.practice_id, made, printable(each.made_by), printable(each.reason), ended


def _held(output: Output, found: "Hold", sentence: str) -> int:
    output.result(asdict(found))
    if not output.as_json:
        output.line(sentence)
    return WENT_WELL
