"""The month-start mail to finance: written with the books of the moment, sent once to each address."""

import contextlib
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from ledger.gateways.mail import Mail, MailGateway, NotDelivered
from ledger.rules.months import month_of
from ledger.store import month_mails
from ledger.store.database import Database, connect
from orchestration import ops
from orchestration.commands import summary
from orchestration.commands.month_letter import Letter, letter

if TYPE_CHECKING:
    import psycopg

SENDER = "Trueup"


class NotAllDelivered(Exception):  # noqa: N818 - named for what happened
    """Some mails of a month did not leave; the text says how many and why, and that a later run sends them."""


def compose(connection: "psycopg.Connection", period: str) -> Letter:
    """Write the letter of a month (YYYY-MM): figures of the last reconcile, beside those of the month before."""
    last = ops.last_success(connection)
    if last is None:
        raise LookupError(period)
    before = month_before(period)
    known = summary.read(connection, before) if summary.has_figures(connection, before) else None
    return letter(summary.read(connection, period), known, before, last.as_of)


def month_before(period: str) -> str:
    """Return the month before a month (YYYY-MM)."""
    year, month = map(int, period.split("-"))
    return month_of(date(year - (month == 1), (month - 2) % 12 + 1, 1))


def send(database: Database, period: str, recipients: Sequence[str], gateway: MailGateway) -> int:
    """Send a month's mail to those who have not had it; return how many left now.

    What was written for somebody before is what they get, however often this runs. Killed at any moment and run again,
    everybody gets it: once, but for a kill after the mail server took it and before that was written down; then the
    same mail goes again under the same Message-ID. Raises NotAllDelivered.
    """
    with contextlib.closing(connect(database)) as connection:
        known = {mail.recipient for mail in month_mails.of_month(connection, period)}
        if set(recipients) - known:
            month_mails.write(connection, period, recipients, *compose(connection, period))
        connection.commit()
        left, failures = 0, list[str]()
        for recipient in recipients:
            mail = month_mails.claim(connection, period, recipient)
            if mail is None:
                continue
            try:
                gateway(Mail(recipient, mail.subject, mail.body, SENDER, message_id=f"{mail.mail_id}@trueup"))
            except NotDelivered as failure:
                failures.append(str(failure))
            else:
                month_mails.sent(connection, mail)
                left += 1
            connection.commit()
    if failures:
        raise NotAllDelivered(
            f"{len(failures)} of {len(recipients)} mails of {period} did not leave: {failures[0]} "
            f"`trueup mail send {period}` sends what is left."
        )
    return left
