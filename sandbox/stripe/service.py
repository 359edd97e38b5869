"""A call from raw request to answer: key, operation, parameters, fault, idempotency, work, check, expansion."""

import base64
import binascii
import logging
import secrets
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.stripe import resources
from sandbox.stripe.account import Account
from sandbox.stripe.checks import Checker
from sandbox.stripe.delivery import Deliveries
from sandbox.stripe.errors import StripeError, not_here
from sandbox.stripe.expand import expanded
from sandbox.stripe.faults import Fault, Faults
from sandbox.stripe.forms import decoded
from sandbox.stripe.idempotency import Kept, Keys, fingerprint
from sandbox.stripe.registry import HANDLED, Call
from sandbox.stripe.spec import Operation, Specification
from sandbox.stripe.values import Obj

_KEYS = ("sk_test_", "rk_test_")
# What a browser may do, with the publishable key and a client secret.
_PUBLIC = frozenset(
    {
        "PostPaymentMethods",
        "GetSetupIntentsIntent",
        "GetPaymentIntentsIntent",
        "PostSetupIntentsIntentConfirm",
        "PostPaymentIntentsIntentConfirm",
    },
)
# Of a declined card the charge and the intent stay, as they do at Stripe.
_DECLINED = 402
_LOG = logging.getLogger(__name__)

resources.load()


@dataclass(frozen=True)
class Received:
    """A request as it came in, whole: what a test of privacy looks through."""

    method: str
    path: str
    query: str
    body: str
    headers: dict[str, str]
    at: float


@dataclass(frozen=True)
class Answer:
    """What goes back; `lost` means the connection is cut instead."""

    status: int
    body: Obj
    headers: dict[str, str]
    lost: bool = False


@dataclass
class Service:
    """The API of one account, one call at a time."""

    specification: Specification
    checker: Checker
    received: deque[Received] = field(default_factory=lambda: deque(maxlen=100_000))
    keys: Keys = field(default_factory=Keys)
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.account = Account(self.specification, self.checker)
        self.deliveries = Deliveries(self.account)

    def answer(self, request: Received) -> Answer:
        """Do the call and return the answer, an error of Stripe's shape when it cannot be done."""
        self.received.append(request)
        request_id = f"req_{secrets.token_hex(7)}"
        headers = {"Request-Id": request_id, "Stripe-Version": self.specification.version}
        try:
            return self._routed(request, headers)
        except StripeError as error:
            self.checker.error(error.body)
            return Answer(error.status, error.body, headers)

    def _routed(self, request: Received, headers: dict[str, str]) -> Answer:
        found = self.specification.find(request.method, request.path)
        if found is None:
            message = f"Unrecognized request URL ({request.method}: {request.path})."
            raise StripeError(404, "invalid_request_error", message)
        operation_id, arguments = found
        published = _authenticate(request.headers.get("authorization", ""), operation_id)
        if operation_id not in HANDLED:
            raise not_here(operation_id, f"{request.method} {request.path} is not part of it")
        version = request.headers.get("stripe-version", self.specification.version)
        if version != self.specification.version:
            raise StripeError(
                400, "invalid_request_error", f"The sandbox speaks {self.specification.version} only, not {version}."
            )
        operation = self.specification.operations[operation_id]
        params = self._params(request, operation)
        if published and operation_id != "PostPaymentMethods" and "client_secret" not in params:
            raise StripeError(401, "invalid_request_error", "A publishable key needs the client_secret of the intent.")
        return self._remembered(Call(self.account, operation, request.path, params, arguments), request, headers)

    def _params(self, request: Received, operation: Operation) -> Obj:
        text = "&".join(part for part in (request.query, request.body) if part)
        params = decoded(text, operation.params, self.specification.schemas)
        self.checker.request(operation, params)
        return params

    def _remembered(self, call: Call, request: Received, headers: dict[str, str]) -> Answer:
        key = "" if call.operation.reads else request.headers.get("idempotency-key", "")
        with self.account.lock:
            if self.faults.is_too_fast(time.monotonic()):
                return _spoiled(Fault(call.operation.operation_id, "rate_limit"), headers)
            fault = self.faults.take(call.operation.operation_id)
        if fault and fault.mode == "slow":
            time.sleep(fault.seconds)
        if fault and fault.mode in {"rate_limit", "lost_before"}:
            return _spoiled(fault, headers)
        asked = fingerprint(request.method, request.path, call.params)
        with self.account.lock:
            now = self.account.clock.now()
            if key and (kept := self.keys.look_up(key, asked, now)):
                replayed = {"Idempotent-Replayed": "true", "Original-Request": kept.request_id}
                return Answer(kept.status, kept.body, headers | replayed)
            self.account.request = {"id": headers["Request-Id"], "idempotency_key": key or None}
            answer = self._done(call, headers, failing=bool(fault and fault.mode == "error"))
            if key:
                headers["Original-Request"] = headers["Request-Id"]
                self.keys.keep(key, Kept(asked, now, answer.status, answer.body, headers["Request-Id"]))
        return Answer(answer.status, answer.body, headers, lost=bool(fault and fault.mode == "lost_after"))

    def _done(self, call: Call, headers: dict[str, str], *, failing: bool) -> Answer:
        if failing:
            asked_for = StripeError(500, "api_error", "An unknown error occurred. (A fault that was asked for.)")
            return Answer(500, asked_for.body, headers)
        try:
            self.account.pass_time()
            self.account.objects.begin()
            body = HANDLED[call.operation.operation_id].run(call)
            self.checker.response(call.operation, body)
            return Answer(200, expanded(self.account, body, call.params.get("expand", [])), headers)
        except StripeError as error:
            if error.status != _DECLINED:
                self.account.objects.undo()
            self.checker.error(error.body)
            return Answer(error.status, error.body, headers)
        except Exception as broken:  # noqa: BLE001 - a bug of ours answers as one of Stripe's would, and is logged
            _LOG.exception("The sandbox failed in %s", call.operation.operation_id)
            message = f"The sandbox failed in {call.operation.operation_id}: {broken!r}"
            return Answer(500, StripeError(500, "api_error", message).body, headers)


def _spoiled(fault: Fault, headers: dict[str, str]) -> Answer:
    if fault.mode == "lost_before":
        return Answer(500, {}, headers, lost=True)
    error = StripeError(429, "invalid_request_error", "Too many requests in a period of time.", code="rate_limit")
    return Answer(error.status, error.body, headers | {"Stripe-Rate-Limited-Reason": "endpoint-rate"})


def _authenticate(header: str, operation_id: str) -> bool:
    """Refuse what is no test key; return whether it is a publishable one, which a browser may have."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            given = ""
    if given.startswith("pk_test_") and operation_id in _PUBLIC:
        return True
    if not given.startswith(_KEYS):
        raise StripeError(401, "invalid_request_error", "Invalid API Key provided: the sandbox takes test keys only.")
    return False


def headers_of(raw: Mapping[str, str]) -> dict[str, str]:
    """Return the headers by their lower-case names."""
    return {name.lower(): value for name, value in raw.items()}
