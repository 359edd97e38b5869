"""`trueup mail`: the month-start mail to finance, to look at and to send by hand."""

import re
import sys
from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands import workspace
from orchestration.commands.errors import WENT_WELL, CannotRun, Misused
from orchestration.commands.output import Json, Output, counted, example, printable
from orchestration.commands.reconcile import today

if TYPE_CHECKING:
    import psycopg

    from ledger.store.month_mails import MonthMail

mail = typer.Typer(
    help="The month-start mail to finance: the month's figures and what changed, without a visit. Sent once a month.",
    epilog=example("trueup mail show 2026-09", "trueup mail send 2026-09"),
    no_args_is_help=True,
)
Month = Annotated[
    str | None, typer.Argument(metavar="[MONTH]", help="The month, YYYY-MM. Default: the one before this month.")
]
To = Annotated[
    list[str] | None, typer.Option("--to", help="An address; may be repeated. Default: those of TRUEUP_FINANCE_MAIL.")
]


@mail.command("show", epilog=example("trueup mail show", "trueup mail show 2026-09 --json"))
def show(month: Month = None, as_json: Json = False) -> int:
    """Show the mail of a month: as it was written, with who has had it; else as it would be written now."""
    from ledger.store import month_mails
    from orchestration.commands import month_mail

    output = Output(as_json)
    with workspace.opened() as books, books.connection() as connection:
        day = today(books.settings.timezone)
        period = _month(connection, month, day)
        written = month_mails.of_month(connection, period)
        words = written[0] if written else month_mail.compose(connection, period)
    told = [asdict(each) for each in written]
    output.result({"period": period, "subject": words.subject, "body": words.body, "mails": told})
    if not as_json:
        output.line(f"Subject: {words.subject}")
        output.line()
        output.line(words.body)
        for each in written:
            output.line(_state(each))
        if not written:
            output.line("Nobody has had it yet: trueup mail send")
    return WENT_WELL


@mail.command("send", epilog=example("trueup mail send 2026-09", "trueup mail send 2026-09 --to cfo@example.com"))
def send(month: Month = None, to: To = None, as_json: Json = False) -> int:
    """Send the mail of a month to those who have not had it; whoever has had it gets no second one."""
    from ledger.gateways.mail import Console, mailer
    from ledger.settings import addresses
    from orchestration.commands import month_mail

    output = Output(as_json)
    with workspace.opened() as books:
        settings = books.settings
        try:
            recipients = addresses(",".join(to)) if to else settings.finance_mail
        except ValueError as error:
            raise Misused(f"--to: {error}") from None
        if not recipients:
            raise CannotRun(
                "TRUEUP_FINANCE_MAIL names nobody: set it to the addresses of finance, or give one by --to."
            )
        day = today(settings.timezone)
        with books.connection() as connection:
            period = _month(connection, month, day)
        gateway = mailer(settings.mail_url, settings.mail_from, Console(sys.stderr if as_json else None))
        left = month_mail.send(books.database, period, recipients, gateway)
    output.result({"period": period, "sent": left, "recipients": list(recipients)})
    if not as_json:
        had = len(recipients) - left
        output.line(f"{period}: {counted(left, 'mail')} sent{f', {had} had it before' if had else ''}.")
    return WENT_WELL


def _month(connection: "psycopg.Connection", month: str | None, day: date) -> str:
    """Return the month that is meant; raises Misused for what is none, CannotRun where it has no figures."""
    from orchestration.commands import summary

    period = month or f"{day.replace(day=1) - timedelta(days=1):%Y-%m}"
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", period):
        raise Misused(f"{printable(period)} is no month: write it as 2026-09.")
    row = connection.execute("select to_regclass('marts.month_summary') is not null").fetchone()
    if row != (True,) or not summary.has_figures(connection, period):
        raise CannotRun(f"There are no figures of {period}: load its files and run trueup reconcile.")
    return period


def _state(each: "MonthMail") -> str:
    if each.sent_at:
        return f"{printable(each.recipient)} had it at {each.sent_at:%Y-%m-%d %H:%M %Z}."
    return f"{printable(each.recipient)} waits for it ({counted(each.attempts, 'attempt')}): trueup mail send"
