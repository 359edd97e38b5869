"""The real SDK's client of a Stripe sandbox, and a receiver of its webhooks."""

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import stripe

from sandbox.stripe.serving import Sandbox


def client_of(running: Sandbox, key: str = "sk_test_sandbox") -> stripe.StripeClient:
    """Return the real SDK's client of a sandbox; it tries nothing twice by itself."""
    return stripe.StripeClient(key, base_addresses={"api": running.url}, max_network_retries=0)


def pay(sandbox: Sandbox, visit: int) -> None:
    """Make an invoice of a visit, finalise it and pay it, all in one second where the clock stands."""
    client = client_of(sandbox)
    customer = client.v1.customers.create({}).id
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    token = str(UUID(int=visit, version=4))
    made = client.v1.invoices.create(
        {
            "customer": customer,
            "auto_advance": False,
            "default_payment_method": card,
            "metadata": {"visit_token": token},
        }
    )
    client.v1.invoice_items.create({"customer": customer, "amount": 1_000 + visit, "invoice": made.id})
    client.v1.invoices.finalize_invoice(made.id)
    client.v1.invoices.pay(made.id)


def events(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return all events the account has."""
    return [made for made in sandbox.control.objects() if made["object"] == "event"]


class Receiver(ThreadingHTTPServer):
    """A server that keeps what it is sent and refuses the first tries of each event."""

    def __init__(self, refusing: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.refusing = refusing
        self.tries: list[tuple[bytes, str]] = []
        self.seen: Counter[str] = Counter()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class Taking(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        event_id = stripe.Event.construct_from(json.loads(body), "").id
        with self.server.lock:
            self.server.tries.append((body, self.headers["stripe-signature"]))
            self.server.seen[event_id] += 1
            refused = self.server.seen[event_id] <= self.server.refusing
        self.send_response(500 if refused else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextlib.contextmanager
def receiving(refusing: int = 0) -> Iterator[Receiver]:
    """Yield a receiver that serves in a thread."""
    with Receiver(refusing) as receiver:
        thread = threading.Thread(target=receiver.serve_forever, daemon=True)
        thread.start()
        yield receiver
        receiver.shutdown()
        thread.join()
