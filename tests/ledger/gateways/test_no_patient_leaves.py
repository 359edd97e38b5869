"""Generated patients are pushed through every call, field, path, key and log: a real server gets none of it."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ledger.gateways import egress, transport
from ledger.gateways.egress import _CALLS, Call, NotAdmitted
from ledger.gateways.stripe_calls import Attempt, Calls
from ledger.gateways.stripe_gateway import StripeGateway
from ledger.rules.opaque import CENTS, COUNT, TIME, Kind
from ledger.rules.outcome import Done, Refused
from ledger.rules.requests import CreditInvoice, EndSubscription, NotSendable, PauseInvoice, PayInvoice, Request, read
from tests.support.patients import ANYTHING
from tests.support.recorder import Recorder, recording
from tests.support.small_stripe import SmallStripe
from tests.support.stripe_requests import CUSTOMER, EACH, ENDED_AT, REQUESTS, VISIT

if TYPE_CHECKING:
    from collections.abc import Iterator

ASK = Attempt(UUID("11111111-2222-4333-8444-555555555555"))
# A number of a few digits is an amount, whatever else it may be; of text there is no such kind.
NUMBERS = {CENTS, COUNT, TIME}
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


class Heard(logging.Handler):
    """Keeps every log line of every logger."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name} {record.getMessage()} {record.exc_text or ''}")


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with recording(SmallStripe().answer) as server:
        yield server


@pytest.fixture(scope="module")
def gateway(recorder: Recorder) -> StripeGateway:
    return StripeGateway("sk_test_x", recorder.url)


@pytest.fixture(scope="module")
def heard() -> Iterator[Heard]:
    handler, root = Heard(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


@contextlib.contextmanager
def nothing_of(told: str, recorder: Recorder, heard: Heard) -> Iterator[list[str]]:
    """Demand that the block makes no call at all, and that nobody says what was told; yields where texts are added."""
    calls, lines, texts = len(recorder.received), len(heard.lines), list[str]()
    yield texts
    assert recorder.received[calls:] == []
    for form in {told, quote(told), quote_plus(told)}:
        assert form.encode() not in recorder.everything()
        assert [text for text in [*heard.lines[lines:], *texts] if form in text] == []


def values(kind: Kind) -> st.SearchStrategy[str]:
    return st.from_regex(kind.pattern, fullmatch=True)


@st.composite
def calls_of_the_table(draw: st.DrawFn) -> tuple[Call, str, dict[str, str]]:
    call = draw(st.sampled_from(_CALLS))
    path = "/".join(part if isinstance(part, str) else draw(values(part)) for part in call.path)
    return call, f"/v1/{path}", {name: draw(values(kind)) for name, kind in call.fields.items()}


@UNHURRIED
@given(call=calls_of_the_table())
def test_the_calls_below_are_admitted_as_they_stand(call: tuple[Call, str, dict[str, str]]) -> None:
    listed, path, fields = call
    assert egress.admit(listed.method, path, fields.items()) == listed.name


@UNHURRIED
@given(call=calls_of_the_table(), told=ANYTHING, data=st.data())
def test_no_field_of_no_call_takes_it(
    recorder: Recorder, heard: Heard, call: tuple[Call, str, dict[str, str]], told: str, data: st.DataObject
) -> None:
    listed, path, fields = call
    how = data.draw(st.sampled_from(["value", "field", "metadata value", "metadata key", "name", "path", "list"]))
    if how == "value":
        assume(fields)
        name = data.draw(st.sampled_from(sorted(fields)))
        assume(listed.fields[name] not in NUMBERS)
        fields[name] = told
    elif how == "path":
        place = data.draw(st.integers(0, len(listed.path) - 1))
        path = "/v1/" + "/".join([*path.split("/")[2 : 2 + place], told, *path.split("/")[3 + place :]])
    else:
        extra: dict[str, Any] = {
            "field": {data.draw(st.sampled_from(["name", "email", "phone", "description", "memo", "footer"])): told},
            "metadata value": {"metadata": {data.draw(st.sampled_from(["note", "visit_token", "memo_id"])): told}},
            "metadata key": {"metadata": {told: "1"}},
            "name": {told: "1"},
            "list": {"custom_fields": [{"name": "1", "value": told}]},
        }
        fields |= dict(egress.on_the_wire(extra[how]))
    with nothing_of(told, recorder, heard) as texts:
        calls = Calls(transport.client("sk_test_x", recorder.url), ASK, ENDED_AT)
        with pytest.raises(NotAdmitted) as refused:
            calls._send(listed.method, path, fields)
        texts.append(str(refused.value))
        # The SDK itself, past all our own code but its HTTP client.
        with pytest.raises(NotAdmitted) as refused:
            calls.client.raw_request(listed.method, quote(path, safe="/"), **fields)
        texts.append(str(refused.value))


@UNHURRIED
@given(told=ANYTHING, word=st.sampled_from(["name", "email", "phone", "description"]))
def test_whoever_reaches_for_the_sdk_is_refused_too(recorder: Recorder, heard: Heard, told: str, word: str) -> None:
    client = transport.client("sk_test_x", recorder.url)
    with nothing_of(told, recorder, heard) as texts:
        for call in (
            lambda: client.v1.customers.create({word: told}),
            lambda: client.v1.customers.create({"metadata": {word: told}}),
            lambda: client.v1.invoices.create({"customer": CUSTOMER, "description": told}),
            lambda: client.v1.payment_intents.create({"amount": 100, "currency": "usd", "receipt_email": told}),
            lambda: client.v1.customers.create({}, {"idempotency_key": told}),
        ):
            with pytest.raises(NotAdmitted) as refused:
                call()
            texts.append(str(refused.value))


@UNHURRIED
@given(request_=REQUESTS, told=ANYTHING, data=st.data())
def test_no_request_takes_it_even_when_forged(
    recorder: Recorder, heard: Heard, request_: Request, told: str, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([each.name for each in dataclasses.fields(request_)]))
    with nothing_of(told, recorder, heard) as texts:
        with pytest.raises(NotSendable) as refused:
            dataclasses.replace(request_, **{name: told})
        texts.append(str(refused.value))
        with pytest.raises(NotSendable) as refused:
            read(request_.operation, request_.document() | {name: told})
        texts.append(str(refused.value))
        with pytest.raises(NotSendable):
            read(request_.operation, request_.document() | {told: "1"})


OF_WHAT_STANDS = (CreditInvoice, PayInvoice, PauseInvoice, EndSubscription)
# The first call of what is of an invoice or a subscription that stands names that alone.
WHAT_STANDS = ("invoice", "subscription")
FORGEABLE = [
    (each, name)
    for each in EACH
    for name in ("visit_token", "customer", "payment_method", "place_of_service", "event_name", *WHAT_STANDS)
    if hasattr(each, name) and (name in WHAT_STANDS or not isinstance(each, OF_WHAT_STANDS))
]


@UNHURRIED
@given(forged=st.sampled_from(FORGEABLE), told=ANYTHING)
def test_a_request_that_was_forged_past_its_checks_is_refused(
    recorder: Recorder, heard: Heard, gateway: StripeGateway, forged: tuple[Request, str], told: str
) -> None:
    request_ = dataclasses.replace(forged[0])
    object.__setattr__(request_, forged[1], told)  # nobody's construction was asked
    with nothing_of(told, recorder, heard) as texts:
        outcome = gateway.perform(request_, ASK)
        assert isinstance(outcome, Refused)
        texts.append(str(outcome.document()))


def test_a_patient_s_token_stays_here_even_as_a_key(recorder: Recorder, gateway: StripeGateway) -> None:
    patient, before = uuid4(), len(recorder.received)
    gateway.create_customer(patient)
    gateway.create_customer(patient)
    first, second = recorder.received[before:]
    assert first == second  # the same key: one customer, however often it is asked for
    assert str(patient).encode() not in first


def test_what_may_leave_does_and_is_all_there_is(recorder: Recorder, heard: Heard, gateway: StripeGateway) -> None:
    """The other tests can fail: this server receives what is sent, here the whole of a charge."""
    before = len(recorder.received)
    outcome = gateway.perform(EACH[0], ASK)
    assert isinstance(outcome, Done)
    received = b"\n".join(recorder.received[before:])
    assert str(VISIT).encode() in received
    assert CUSTOMER.encode() in received
    assert b"Practice+visit" in received or b"Practice%20visit" in received
    assert any("refused to send" in line for line in heard.lines)
