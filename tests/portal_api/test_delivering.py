"""Notices leave after their cause is committed: by a real SMTP conversation, tried again, given up, and forgotten."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ledger.gateways.mail import Mail, NotDelivered, Smtp
from portal_api import delivering
from portal_api.notices import Message, Notice, send
from tests.support.mail_server import mail_server
from tests.support.portals import HARBOR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.mail_server import Server
    from tests.support.portals import Portal

PRACTICE = HARBOR.practice.practice_id
MESSAGE = Message(Notice.PROVE, "pat@example.com", {"code": "1234 5678"})


@pytest.fixture(name="server")
def _server() -> Iterator[Server]:
    with mail_server() as server:
        yield server


def state(portal: Portal) -> tuple[object, ...]:
    """Return the newest notice: attempts, whether sent, whether given up, whether its text's values are kept."""
    with portal.at() as here:
        row = here.db.execute(
            sa.text(
                "select attempts, sent_at is not null, given_up_at is not null, sealed is not null"
                " from portal.notice order by created_at desc limit 1"
            )
        ).one()
    return tuple(row)


def delivered(portal: Portal, smtp: Smtp) -> int:
    return delivering.deliver(portal.door, PRACTICE, delivering.Gateways(smtp.mail, lambda _text: None))


@pytest.fixture(autouse=True)
def _later(portal: Portal) -> None:
    portal.clock.move(days=1)
    portal.mail()


def test_a_mail_says_who_sends_it_to_whom_and_what(server: Server) -> None:
    mail = Mail("pat@example.com", "Grüße", "One\n.\nTwo\n", "Harbor", "care@harbor.example")
    Smtp(server.url, "no-reply@trueup.example").mail(mail)
    (taken,) = server.mail
    assert "From: Harbor <no-reply@trueup.example>" in taken
    assert "Reply-To: care@harbor.example" in taken
    assert "To: pat@example.com" in taken


def test_a_notice_leaves_once_and_its_secret_is_forgotten(portal: Portal, server: Server) -> None:
    smtp = Smtp(server.url, "no-reply@trueup.example")
    with portal.at() as here:
        send(here, MESSAGE, once_key="once")
        assert send(here, MESSAGE, once_key="once") is None
        assert (delivered(portal, smtp), server.mail) == (0, [])  # its cause is not committed yet
    assert (delivered(portal, smtp), delivered(portal, smtp)) == (1, 0)
    assert "1234 5678" in server.mail[0]
    assert state(portal) == (1, True, False, False)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_mail_server_that_cannot_prove_who_it_is_gets_no_mail(tmp_path: Path, scheme: str) -> None:
    said: list[str] = []

    def impostor(door: socket.socket) -> None:
        taken, _ = door.accept()
        with contextlib.suppress(OSError), taken:
            if scheme == "smtp":
                for answer in (b"220 here\r\n", b"250-well\r\n250 STARTTLS\r\n", b"220 go on\r\n"):
                    taken.sendall(answer)
                    if not answer.startswith(b"220 go"):
                        taken.recv(1000)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self_signed(tmp_path))
            with context.wrap_socket(taken, server_side=True) as inside:
                inside.sendall(b"220 here\r\n")
                said.append(inside.recv(1000).decode())

    with socket.create_server(("127.0.0.2", 0)) as door:
        thread = threading.Thread(target=impostor, args=(door,))
        thread.start()
        with pytest.raises(NotDelivered, match="SSLCertVerificationError"):
            Smtp(f"{scheme}://127.0.0.2:{door.getsockname()[1]}", "no-reply@trueup.example").mail(
                Mail("pat@example.com", "Hello", "A link.", "Harbor", "")
            )
        thread.join(10)
    assert not "".join(said)


def self_signed(folder: Path) -> Path:
    """Return a file with a key and a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.2")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        + made.sign(key, hashes.SHA256()).public_bytes(pem)
    )
    return path


def test_what_cannot_leave_is_tried_again_later_and_then_given_up(portal: Portal) -> None:
    away = Smtp("smtp://127.0.0.1:1", "no-reply@trueup.example")
    with portal.at() as here:
        send(here, MESSAGE)
    assert (delivered(portal, away), state(portal)) == (0, (1, False, False, True))
    assert (delivered(portal, away), state(portal)) == (0, (1, False, False, True))  # not yet
    for attempt in range(2, delivering.MOST_ATTEMPTS + 1):
        portal.clock.move(hours=1)
        delivered(portal, away)
        assert state(portal)[0] == attempt
    assert state(portal) == (delivering.MOST_ATTEMPTS, False, True, False)


def test_a_recipient_that_is_refused_is_not_tried_again(portal: Portal, server: Server) -> None:
    with portal.at() as here:
        send(here, Message(Notice.PROVE, "refused@example.com", MESSAGE.values))
    assert delivered(portal, Smtp(server.url, "no-reply@trueup.example")) == 0
    assert (server.mail, state(portal)) == ([], (1, False, True, False))


def test_what_is_too_late_is_not_sent(portal: Portal, server: Server) -> None:
    with portal.at() as here:
        send(here, MESSAGE, expires_at=here.now)
    assert delivered(portal, Smtp(server.url, "no-reply@trueup.example")) == 0
    assert (server.mail, state(portal)) == ([], (1, False, True, False))


def test_a_server_that_is_away_is_told_of_without_the_message() -> None:
    with pytest.raises(NotDelivered, match="could not be used") as refused:
        Smtp("smtp://127.0.0.1:1", "a@b.example").mail(Mail("pat@example.com", "s", "secret"))
    assert not refused.value.is_final
    assert "secret" not in repr(Mail("pat@example.com", "s", "secret")) + str(refused.value)


def test_one_that_cannot_be_written_keeps_no_other_back_and_is_given_up(portal: Portal) -> None:
    portal.mail()
    with portal.at() as here:
        broken = send(here, Message(Notice.PROVE, "broken@example.com", {}))  # its text has no code to say
        send(here, MESSAGE)
        huge = send(here, Message(Notice.PROVE, "huge@example.com", {}), not_before=here.now)
        here.db.execute(sa.text("update portal.notice set attempts = 90 where id = :id"), {"id": huge})
    words = portal.mail()
    assert "pat@example.com" in words
    for _ in range(delivering.MOST_ATTEMPTS):
        portal.clock.move(hours=1)
        portal.do_chores()
    with portal.at() as here:
        query = sa.text("select sent_at, given_up_at is not null, sealed, attempts from portal.notice where id = :id")
        assert tuple(here.db.execute(query, {"id": broken}).one()) == (None, True, None, delivering.MOST_ATTEMPTS)
        assert tuple(here.db.execute(query, {"id": huge}).one()) == (None, True, None, 91)
