"""Mail and text messages to people: by SMTP, or written on the console."""

from __future__ import annotations

import smtplib
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formataddr
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from typing import TextIO

SECONDS = 20.0


@dataclass(frozen=True)
class Mail:
    """A plain-text mail; `sender_name` and `reply_to` are the practice's.

    `message_id` (left@right) tells a mailbox that two are the same mail; empty leaves it to the mail server.
    """

    recipient: str
    subject: str
    body: str = field(repr=False)
    sender_name: str = ""
    reply_to: str = ""
    message_id: str = ""


@dataclass(frozen=True)
class Text:
    """A text message to a phone."""

    recipient: str
    body: str = field(repr=False)


class NotDelivered(Exception):  # noqa: N818 - named for what happened
    """A message did not leave; the text says why, without the message. `is_final`: trying again mends nothing."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


MailGateway: TypeAlias = Callable[[Mail], None]
TextGateway: TypeAlias = Callable[[Text], None]


@dataclass(frozen=True)
class Console:
    """Writes messages where a person can read them: the default, which needs no account anywhere."""

    stream: TextIO | None = None

    def mail(self, mail: Mail) -> None:
        """Write a mail."""
        self._write(f"--- mail to {mail.recipient}: {mail.subject}\n{mail.body.rstrip()}\n---\n")

    def text(self, text: Text) -> None:
        """Write a text message."""
        self._write(f"--- text message to {text.recipient}\n{text.body.rstrip()}\n---\n")

    def _write(self, words: str) -> None:
        stream = self.stream or sys.stdout
        stream.write(words)
        stream.flush()


def mailer(url: str | None, sender: str | None, console: Console) -> MailGateway:
    """Return what delivers mail: the mail server of an address, else the console."""
    return Smtp(url, sender or "").mail if url else console.mail


@dataclass(frozen=True)
class Smtp:
    """Delivers mail by an SMTP server: smtp://user:password@host:587 (STARTTLS) or smtps://… (TLS)."""

    url: str = field(repr=False)
    sender: str

    def mail(self, mail: Mail) -> None:
        """Deliver a mail; raises NotDelivered."""
        message = EmailMessage()
        message["From"] = formataddr((mail.sender_name, self.sender))
        message["To"], message["Subject"] = mail.recipient, mail.subject
        if mail.reply_to:
            message["Reply-To"] = mail.reply_to
        if mail.message_id:
            message["Message-ID"] = f"<{mail.message_id}>"
        message.set_content(mail.body)
        try:
            with self._opened() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused:
            raise NotDelivered("The mail server refuses the recipient.", is_final=True) from None
        except (smtplib.SMTPException, OSError) as error:
            raise NotDelivered(f"The mail server could not be used ({type(error).__name__}).") from None

    def _opened(self) -> smtplib.SMTP:
        place = urlsplit(self.url)
        host, is_tls = place.hostname or "localhost", place.scheme == "smtps"
        server: smtplib.SMTP
        checked = ssl.create_default_context()  # smtplib's own checks no certificate, and mails carry links to sign in
        if is_tls:
            server = smtplib.SMTP_SSL(host, place.port or 465, timeout=SECONDS, context=checked)
        else:
            server = smtplib.SMTP(host, place.port or 587, timeout=SECONDS)
            if host not in {"localhost", "127.0.0.1"}:
                server.starttls(context=checked)
        if place.username:
            server.login(unquote(place.username), unquote(place.password or ""))
        return server
