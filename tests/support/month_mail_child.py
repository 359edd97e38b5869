"""Sends a month's mail in a process of its own, to be killed: the database, the mail server and the addresses."""

from __future__ import annotations

import sys

from ledger.gateways.mail import Smtp
from ledger.store.database import Database
from orchestration.commands import month_mail

if __name__ == "__main__":
    database, server, period, *recipients = sys.argv[1:]
    month_mail.send(Database(database), period, recipients, Smtp(server, "books@trueup.example").mail)
