"""The `trueup` command: every command, and the one place where an error becomes an exit code and a sentence."""

import contextlib
import importlib.metadata
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

import click
import typer

from orchestration.commands import (
    audit,
    backfill,
    close,
    collecting,
    demo,
    era,
    errors,
    export,
    load,
    mail,
    pack,
    plan,
    portal_practices,
    portal_staff,
    reconcile,
    send,
    status,
    subscriptions,
    up,
    webhooks,
    worklist,
)
from orchestration.commands.output import Json, Output, example

STOPPED = "Stopped. What was finished is kept, nothing is half-written; run the command again to go on."
SIGNALLED = 128  # added to the number of a signal, as shells do

app = typer.Typer(
    name="trueup",
    help="Makes a telehealth practice's books true: visits, Stripe and ERA 835 joined on one opaque token.",
    epilog=example("trueup demo"),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo", epilog=demo.EPILOG)(demo.demo)
app.command("up", epilog=up.EPILOG)(up.up)
app.add_typer(load.load, name="load")
app.command("reconcile", epilog=reconcile.EPILOG)(reconcile.reconcile)
app.command("close", epilog=close.CLOSE_EPILOG)(close.close)
app.command("reopen", epilog=close.REOPEN_EPILOG)(close.reopen)
app.command("note", epilog=close.NOTE_EPILOG)(close.note)
app.command("pack", epilog=pack.EPILOG)(pack.pack)
app.command("backfill", epilog=backfill.EPILOG)(backfill.backfill)
app.command("plan", epilog=plan.EPILOG)(plan.plan)
app.command("send", epilog=send.EPILOG)(send.send)
app.command("export", epilog=export.EPILOG)(export.export)
app.add_typer(era.era, name="era")
app.add_typer(webhooks.webhooks, name="webhooks")
app.add_typer(portal_practices.portals, name="portal")
app.add_typer(portal_staff.staff, name="staff")
app.add_typer(audit.audit, name="audit")
app.add_typer(subscriptions.subscriptions, name="subscriptions")
app.add_typer(worklist.worklist, name="worklist")
app.add_typer(collecting.practice, name="practice")
app.add_typer(collecting.hold, name="hold")
app.command("notices", epilog=collecting.NOTICES_EPILOG)(collecting.notices)
app.add_typer(mail.mail, name="mail")
app.command("status", epilog=status.EPILOG)(status.status)


@app.command("version", epilog=example("trueup version"))
def version(as_json: Json = False) -> int:
    """Print the version."""
    output, number = Output(as_json), importlib.metadata.version("trueup")
    if as_json:
        output.result({"version": number})
    else:
        output.line(f"trueup {number}")
    return errors.WENT_WELL


def main() -> None:
    """Run `trueup` with the arguments of the process and end it with its exit code (docs/reference.md)."""
    heard, told = os.pipe()
    os.set_blocking(heard, False)
    os.set_blocking(told, False)
    # dbt and Dagster make a failure of their own out of a signal; what Python writes here tells what really happened.
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(run(sys.argv[1:], lambda: _stop_signal(heard)))


def run(arguments: Sequence[str], stopped_by: Callable[[], int | None] = lambda: None) -> int:
    """Run one command and give its exit code: 0, 1, 2, 3, 130 after Ctrl-C; errors are told on stderr.

    `stopped_by` gives the number of the signal that asked the process to stop, if one did.
    """
    try:
        code = _invoked(arguments)
        sys.stdout.flush()
    except click.exceptions.Exit as ended:  # --help
        code = ended.exit_code
    except click.ClickException as misuse:
        misuse.show()
        return misuse.exit_code
    except KeyboardInterrupt:
        return _told(STOPPED, SIGNALLED + signal.SIGINT)
    except BrokenPipeError:
        return _reader_left()
    except Exception as error:  # noqa: BLE001 - the outermost edge: nothing may end in a traceback
        number = stopped_by()
        explanation = errors.Explanation(SIGNALLED + number, STOPPED) if number else _explained(error)
        return _told(explanation.sentence, explanation.exit_code)
    return int(code or errors.WENT_WELL)


def _invoked(arguments: Sequence[str]) -> int | None:
    # Not by click's own main: it turns a reader that has left and Ctrl-C into exit code 1.
    command = typer.main.get_command(app)
    with command.make_context("trueup", list(arguments)) as context:
        code: int | None = command.invoke(context)
        return code


def _explained(error: Exception) -> errors.Explanation:
    return errors.explained(error) or errors.unexpected(error, _home())


def _told(sentence: str, code: int) -> int:
    # Destructors of half-done writers complain with a traceback of their own; the sentence has said it all.
    sys.unraisablehook = lambda _: None
    with contextlib.suppress(OSError):  # stderr may be gone too
        sys.stderr.write(f"trueup: {sentence}\n")
        sys.stderr.flush()
    # What stdout still holds could not be written; trying again when Python ends would print a traceback.
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _reader_left() -> int:
    # `trueup export … | head` is no error: the reader has what it wanted.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return errors.WENT_WELL


def _home() -> Path:
    # Not by Settings: they may be what is wrong.
    return Path(os.environ.get("TRUEUP_HOME") or ".trueup").absolute()


def _terminated(_number: int, _frame: FrameType | None) -> None:
    # As an exception it passes the context managers: the embedded server and the children of `up` end too.
    sys.exit(SIGNALLED + signal.SIGTERM)


def _stop_signal(heard: int) -> int | None:
    with contextlib.suppress(BlockingIOError):
        return next((number for number in os.read(heard, 1024) if number in {signal.SIGINT, signal.SIGTERM}), None)
    return None
