"""The card form in a real browser: saved, declined, authenticated."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.browsers import chromium
from tests.support.stripe_sandbox import client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import stripe
    from playwright.sync_api import Browser, Page

    from sandbox.stripe.serving import Sandbox

PAGE = """<!doctype html><title>Card</title><div id="card"></div><button id="save">Save</button><output></output>
<script src="{api}/js/v3/"></script>
<script src="/page.js"></script>"""
SCRIPT = """
const stripe = Stripe("pk_test_sandbox");
const card = stripe.elements().create("card");
card.mount("#card");
document.querySelector("#save").addEventListener("click", async () => {
  const secret = new URLSearchParams(location.search).get("secret");
  const done = await stripe.confirmCardSetup(secret, { payment_method: { card } });
  document.querySelector("output").textContent = done.error ? done.error.message : done.setupIntent.status;
});
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield a browser."""
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def page_address(sandbox: Sandbox) -> Iterator[str]:
    """Serve a page from another origin than the sandbox's, under a strict content policy."""

    class Serving(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_script = self.path.startswith("/page.js")
            body = (SCRIPT if is_script else PAGE.format(api=sandbox.url)).encode()
            policy = f"default-src 'none'; script-src 'self' {sandbox.url}; connect-src {sandbox.url}"
            self.send_response(200)
            self.send_header("content-type", "text/javascript" if is_script else "text/html")
            self.send_header("content-security-policy", policy)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Serving) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def customer(client: stripe.StripeClient) -> str:
    """Return a new customer."""
    return client.v1.customers.create({}).id


@pytest.fixture
def form(browser: Browser, page_address: str, client: stripe.StripeClient, customer: str) -> Iterator[Page]:
    """Yield the card form of a new setup intent."""
    intent = client.v1.setup_intents.create({"customer": customer, "payment_method_types": ["card"]})
    page = browser.new_page()
    page.goto(f"{page_address}/?secret={intent.client_secret}")
    yield page
    page.close()


def save(page: Page, number: str) -> None:
    """Fill the form and press the button."""
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry date").fill("12 / 34")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Save").click()


def said(page: Page, text: str) -> None:
    """Wait until the page says so."""
    page.locator("output").get_by_text(text).wait_for(timeout=10_000)


def saved(sandbox: Sandbox, customer: str) -> list[str]:
    """Return the last digits of the customer's cards."""
    methods = client_of(sandbox).v1.payment_methods.list({"customer": customer}).data
    return [method.card.last4 for method in methods if method.card]


def test_a_card_is_saved_from_the_browser(form: Page, sandbox: Sandbox, customer: str) -> None:
    save(form, "4242 4242 4242 4242")
    said(form, "succeeded")
    assert saved(sandbox, customer) == ["4242"]


@pytest.mark.parametrize(
    ("number", "message"),
    [("4000000000000002", "Your card was declined."), ("4242424242424241", "Your card number is incorrect.")],
)
def test_a_card_that_is_refused_says_why(
    form: Page, sandbox: Sandbox, customer: str, number: str, message: str
) -> None:
    save(form, number)
    said(form, message)
    assert saved(sandbox, customer) == []


@pytest.mark.parametrize(("button", "cards"), [("Complete", ["3184"]), ("Fail", [])])
def test_the_bank_asks_and_the_patient_answers(
    form: Page, sandbox: Sandbox, customer: str, button: str, cards: list[str]
) -> None:
    save(form, "4000002760003184")
    form.get_by_role("button", name=button).click()
    said(form, "succeeded" if cards else "We are unable to authenticate your payment method.")
    assert saved(sandbox, customer) == cards


def test_a_publishable_key_reads_and_confirms_nothing_without_the_secret(
    sandbox: Sandbox, client: stripe.StripeClient
) -> None:
    intent = client.v1.setup_intents.create({})
    headers = {"Authorization": "Bearer pk_test_x"}
    address = f"{sandbox.url}/v1/setup_intents/{intent.id}"
    assert httpx.get(address, headers=headers).status_code == 401
    wrong = httpx.get(address, headers=headers, params={"client_secret": f"{intent.id}_secret_wrong"})
    assert wrong.status_code == 400
    assert httpx.get(f"{sandbox.url}/v1/customers", headers=headers).status_code == 401
    right = httpx.get(address, headers=headers, params={"client_secret": str(intent.client_secret)})
    assert right.json()["id"] == intent.id
    forged = {"intent": intent.id, "client_secret": "guessed", "passed": "true"}
    assert httpx.post(f"{sandbox.url}/js/v3/authenticate", data=forged).status_code == 404
