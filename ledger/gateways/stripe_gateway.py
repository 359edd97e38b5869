"""Requests become effects at Stripe, once: what was tried before is read back first, every call has its own key."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4, uuid5

from ledger.gateways import stripe_steps, subscription_steps, transport
from ledger.gateways.stripe_calls import Attempt, Calls, ended

if TYPE_CHECKING:
    from collections.abc import Callable

    import stripe

    from ledger.rules.outcome import Outcome
    from ledger.rules.requests import Request

URL = "https://api.stripe.com"
_STEPS = stripe_steps.STEPS | subscription_steps.STEPS


@dataclass(frozen=True)
class StripeGateway:
    """Stripe at an address, by a secret key; `now` tells the time."""

    key: str = field(repr=False)
    url: str = URL
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _client: stripe.StripeClient = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Make the client, which all threads share, and with it the pace."""
        object.__setattr__(self, "_client", transport.client(self.key, self.url))

    def perform(self, request: Request, attempt: Attempt) -> Outcome:
        """Bring about what is asked for, once, and say how that ended.

        Raises KeyRefused when Stripe refuses the key: then nothing was done.
        """
        try:
            return _STEPS[type(request)](request, Calls(self._client, attempt, self.now()))
        except Exception as error:  # noqa: BLE001 - `ended` raises what is no way a call ends
            return ended(error)

    def create_customer(self, patient_token: UUID) -> str:
        """Return the id of the customer a patient is; nothing of the patient goes with it, not even the token."""
        ask = uuid5(patient_token, "customer")  # a key that leads nobody back to the token
        return str(self._calls(ask).post("customer", "/v1/customers", {})["id"])

    def create_setup_intent(self, customer: str, ask: UUID) -> tuple[str, str]:
        """Return id and client secret of a SetupIntent, by which a card is put on file; one for every `ask`."""
        fields = {"customer": customer, "usage": "off_session", "payment_method_types": ["card"]}
        made = self._calls(ask).post("setup", "/v1/setup_intents", fields)
        return str(made["id"]), str(made["client_secret"])

    def choose_card(self, customer: str, payment_method: str, ask: UUID) -> None:
        """Make a card the one that invoices are charged to: where Smart Retries look for it."""
        fields = {"invoice_settings": {"default_payment_method": payment_method}}
        self._calls(ask).post("card", f"/v1/customers/{customer}", fields)

    def card_of(self, setup_intent: str) -> tuple[str, dict[str, Any]] | None:
        """Return whose card a SetupIntent saved and the payment method as Stripe has it; None while it saved none."""
        calls = self._calls(uuid4())
        found = calls.get(f"/v1/setup_intents/{setup_intent}")
        if found["status"] != "succeeded":
            return None
        return str(found["customer"]), calls.get(f"/v1/payment_methods/{found['payment_method']}")

    def remove_card(self, payment_method: str, ask: UUID) -> dict[str, Any]:
        """Take a card from its customer, for good; return it as Stripe has it then."""
        calls = self._calls(ask)
        path = f"/v1/payment_methods/{payment_method}"
        found = calls.get(path)
        return calls.post("detach", f"{path}/detach", {}) if found["customer"] else found

    def payment_page(self, invoice: str) -> str | None:
        """Return the address of the page at which a patient pays an invoice, or finds its receipt, None for a draft.

        Whoever has it may open it: it goes to the patient, and nowhere is it kept.
        """
        found = self._calls(uuid4()).get(f"/v1/invoices/{invoice}").get("hosted_invoice_url")
        return str(found) if found else None

    def _calls(self, ask: UUID) -> Calls:
        return Calls(self._client, Attempt(ask), self.now())
