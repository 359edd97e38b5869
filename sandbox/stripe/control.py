"""What only Stripe, a bank, a patient or time can do: the control surface, `POST /_sandbox/<name>` with a JSON object.

| name | does |
|---|---|
| `clock` | `{"now": seconds, "stopped": bool}` sets the account's time, `{"advance": seconds}` moves it; returns it |
| `webhooks` | changes how webhooks go out: paused, copies, shuffled, first_retry, longest_retry, attempts, skew |
| `drain` | `{"timeout": seconds}` waits until no webhook is on its way; returns the counts |
| `redeliver` | `{"event": id, "copies": n}` sends an event once more to every endpoint that wants it |
| `fault` | `{"operation": operationId or "*", "mode": ..., "times": n, "seconds": n}`, modes in `faults.py` |
| `card` | `{"payment_method": id, "outcomes": [...]}` the next charges of a card: `ok` or a decline code |
| `authenticate` | `{"intent": id, "passed": bool}` what the cardholder does when the bank asks |
| `meter_errors` | meter events that were answered well and then not recorded |
| `payout` | the automatic payout of all that is available; it arrives a day later |
| `fail_payout` | `{"payout": id}` the bank sends a payout back |
| `dispute` | `{"charge": id, "amount": cents, "reason": ...}` a bank takes a charge back |
| `close_dispute` | `{"dispute": id, "won": bool}` |
| `endpoint` | `{"url": ..., "secret": ...}` a webhook endpoint for every event, with a secret that is known already |
| `limit` | `{"per_second": n}` more calls than that within a second are answered 429; 0 is no limit |
| `requests` | every request as it was received |
| `objects` | every object the account holds, events included |
"""

from dataclasses import asdict
from typing import Any

from sandbox.stripe.faults import Fault
from sandbox.stripe.resources import disputes, payouts
from sandbox.stripe.resources.authentication import authenticated
from sandbox.stripe.service import Service
from sandbox.stripe.values import Obj

_NAMES = frozenset(
    """
    authenticate card clock close_dispute dispute drain endpoint fail_payout fault limit meter_errors objects payout
    redeliver requests webhooks
    """.split(),  # noqa: SIM905 - read as the list it is
)


class Control:
    """The controls of a running sandbox, for tests in the same process and for the HTTP surface."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def run(self, name: str, given: Obj) -> Any:
        """Run a control by name; raise KeyError for a name that is none."""
        if name not in _NAMES:
            raise KeyError(name)
        return getattr(self, name)(**given)

    def clock(self, now: int | None = None, advance: int = 0, *, stopped: bool = False) -> Obj:
        """Set the account's time or move it, do what falls due, and return the time in seconds."""
        account = self._service.account
        with account.lock:
            if now is not None:
                account.clock.put(now, stopped=stopped)
            account.clock.advance(advance)
            account.pass_time()
            return {"now": account.clock.now()}

    def webhooks(self, **changes: object) -> Obj:
        """Change how webhooks go out (`delivery.Manner`) and return the manner as it is now."""
        return asdict(self._service.deliveries.behave(**changes))

    def drain(self, timeout: float = 30) -> Obj:
        """Wait until no webhook is on its way, at most so many seconds; return the counts."""
        return dict(self._service.deliveries.drain(timeout))

    def endpoint(self, url: str, secret: str) -> Obj:
        """Make a webhook endpoint for every event, signed with a secret that the receiver has already.

        It takes the place of one at the same address.
        """
        account = self._service.account
        with account.lock:
            for before in [each for each in account.objects.all("webhook_endpoint") if each["url"] == url]:
                account.objects.delete(before)
            made = account.new("webhook_endpoint", url=url, enabled_events=["*"], status="enabled")
            account.objects.notes[made["id"]]["secret"] = secret
            return dict(made)

    def redeliver(self, event: str, copies: int = 1) -> Obj:
        """Send an event once more, that many times, to every endpoint."""
        account = self._service.account
        with account.lock:
            account.objects.get("event", event)
            endpoints = [found["id"] for found in account.objects.all("webhook_endpoint")]
        for endpoint in endpoints:
            self._service.deliveries.send(event, endpoint, copies)
        return {"endpoints": len(endpoints)}

    def fault(self, operation: str, mode: Any, times: int = 1, seconds: int = 0) -> Obj:
        """Have the next calls of an operation fail in a mode of `faults.Mode`."""
        self._service.faults.add(Fault(operation, mode, times, seconds))
        return {"waiting": len(self._service.faults.waiting)}

    def limit(self, per_second: int) -> Obj:
        """Answer 429 to more calls than that within a second; 0 is no limit."""
        self._service.faults.per_second = per_second
        return {"per_second": per_second}

    def card(self, payment_method: str, outcomes: list[str]) -> Obj:
        """Set what the next charges of a card end in: `ok`, `authentication_required` or a decline code."""
        account = self._service.account
        with account.lock:
            account.card_outcomes[payment_method] = list(outcomes)
        return {"payment_method": payment_method, "outcomes": outcomes}

    def authenticate(self, intent: str, *, passed: bool = True) -> Obj:
        """Pass or fail the authentication an intent waits for; return the intent."""
        account = self._service.account
        with account.lock:
            return dict(authenticated(account, intent, passed=passed))

    def payout(self) -> Obj:
        """Make the automatic payout of all that is available."""
        with self._service.account.lock:
            self._service.account.pass_time()
            return dict(payouts.paid_out(self._service.account))

    def fail_payout(self, payout: str) -> Obj:
        """Have the bank send a payout back."""
        account = self._service.account
        with account.lock:
            return dict(payouts.failed(account, account.objects.get("payout", payout)))

    def dispute(self, charge: str, amount: int | None = None, reason: str = "fraudulent") -> Obj:
        """Have a bank take a charge back; amount in cents, all that is left of it when none is given."""
        account = self._service.account
        with account.lock:
            return dict(disputes.opened(account, account.objects.get("charge", charge), amount, reason))

    def close_dispute(self, dispute: str, *, won: bool) -> Obj:
        """Have a bank decide a dispute."""
        account = self._service.account
        with account.lock:
            return dict(disputes.closed(account, account.objects.get("dispute", dispute), won=won))

    def meter_errors(self) -> list[Obj]:
        """Return the meter events that were taken and not recorded, with Stripe's code of why."""
        with self._service.account.lock:
            return list(self._service.account.objects.notes["meter_errors"].get("rows", []))

    def requests(self) -> list[Obj]:
        """Return every request received, as it came in."""
        return [asdict(found) for found in list(self._service.received)]

    def objects(self) -> list[Obj]:
        """Return every object, events included, in the order of making."""
        with self._service.account.lock:
            return self._service.account.objects.everything()
