"""What can be asked of Stripe: frozen requests whose every field has a kind, written to and read from JSON.

A request is checked when it is made, so that whatever stands in the outbox can leave.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, get_args, get_origin, get_type_hints
from uuid import NAMESPACE_URL, UUID, uuid5

from ledger.rules import opaque

if TYPE_CHECKING:
    from collections.abc import Mapping


_Token = Annotated[UUID, opaque.TOKEN]
_Cents = Annotated[int, opaque.CENTS]
_Customer = Annotated[str, opaque.CUSTOMER]
_Moment = Annotated[datetime, opaque.MOMENT]


class NotSendable(ValueError):  # noqa: N818 - named for what is wrong with the request
    """A field of a request is not of its kind; the text names request, field and kind, and never the value."""


class Excess(StrEnum):
    """Where the part of a credit goes that is paid already, as the practice chooses."""

    BALANCE = "balance"
    REFUND = "refund"


class Ending(StrEnum):
    """When a subscription ends."""

    PERIOD = "period"
    NOW = "now"


@dataclass(frozen=True)
class Request(ABC):
    """A request; its business key is the one it has for ever, whoever asks and however often."""

    operation: ClassVar[str]

    def __post_init__(self) -> None:
        """Refuse a field that is not of its kind."""
        for name, (base, kind, optional) in _FIELDS[self.operation].items():
            value = getattr(self, name)
            if value is None and optional:
                continue
            if type(value) is not base or not kind.admits(_text(value)):
                raise NotSendable(f"{self.operation}: {name} is not {kind.name}; nothing was queued.")

    @property
    @abstractmethod
    def business_key(self) -> str:
        """What the effect is of: unique for ever in the outbox."""

    @property
    def of_visit(self) -> UUID | None:
        """The visit it is for, None where it is for none: while that is disputed it does not leave."""
        return None

    def document(self) -> dict[str, int | str]:
        """Return the request as JSON would have it; fields that are None are left out."""
        values = ((name, getattr(self, name)) for name in _FIELDS[self.operation])
        return {name: value if type(value) is int else _text(value) for name, value in values if value is not None}


@dataclass(frozen=True)
class _ForAVisit(Request):
    visit_token: _Token

    @property
    def of_visit(self) -> UUID | None:
        return self.visit_token


@dataclass(frozen=True)
class _OfAVisit(_ForAVisit):
    prefix: ClassVar[str]

    @property
    def business_key(self) -> str:
        return f"{self.prefix}:{self.visit_token}"


@dataclass(frozen=True)
class _OfAMemo(_ForAVisit):
    memo_id: _Token

    @property
    def business_key(self) -> str:
        return f"memo:{self.memo_id}"


@dataclass(frozen=True)
class _OfAnInvoice(Request):
    prefix: ClassVar[str]
    invoice: Annotated[str, opaque.INVOICE]

    @property
    def business_key(self) -> str:
        return f"{self.prefix}:{uuid5(NAMESPACE_URL, self.invoice)}"


@dataclass(frozen=True)
class ChargeVisit(_OfAVisit):
    """Invoice the patient's share of a visit and charge the card on file."""

    operation: ClassVar[str] = "charge_visit"
    prefix: ClassVar[str] = "charge"
    customer: _Customer
    amount_cents: _Cents
    payment_method: Annotated[str, opaque.PAYMENT_METHOD] | None = None
    place_of_service: Annotated[str, opaque.PLACE_OF_SERVICE] | None = None


@dataclass(frozen=True)
class MeterVisit(_OfAVisit):
    """Count a visit as usage of its category, at the time it ended.

    `unit_cents` is what the customer's subscription asks for it. It stays here, where the books read it: Stripe has the
    price. None where it is not known.
    """

    operation: ClassVar[str] = "meter_visit"
    prefix: ClassVar[str] = "meter"
    customer: _Customer
    event_name: Annotated[str, opaque.EVENT_NAME]
    ended_at: _Moment
    unit_cents: _Cents | None = None


@dataclass(frozen=True)
class CancelUsage(_OfAVisit):
    """Take back the usage of a visit, whole and within 24 hours of sending it."""

    operation: ClassVar[str] = "cancel_usage"
    prefix: ClassVar[str] = "cancel"
    event_name: Annotated[str, opaque.EVENT_NAME]


@dataclass(frozen=True)
class CreditInvoice(_OfAMemo):
    """Lower a finalised invoice by a credit note: what is unpaid first, then a refund or the customer's balance."""

    operation: ClassVar[str] = "credit_invoice"
    invoice: Annotated[str, opaque.INVOICE]
    amount_cents: _Cents
    effective_at: _Moment
    excess: Annotated[Excess, opaque.words_of(Excess)] = Excess.BALANCE


@dataclass(frozen=True)
class CreditBalance(_OfAMemo):
    """Give the customer's balance a credit, where no invoice stands."""

    operation: ClassVar[str] = "credit_balance"
    customer: _Customer
    amount_cents: _Cents


@dataclass(frozen=True)
class DebitInvoice(_OfAMemo):
    """Ask for a debit memo by an invoice of its own."""

    operation: ClassVar[str] = "debit_invoice"
    customer: _Customer
    amount_cents: _Cents
    effective_at: _Moment


@dataclass(frozen=True)
class Subscribe(Request):
    """Give a customer the one subscription it has: a flat price, and a metered one for each category of visits.

    `catalogue` names the practice whose prices they are, `prices` are those of visits (`plan.Plan.written`).
    """

    operation: ClassVar[str] = "subscribe"
    subscription_token: _Token
    customer: _Customer
    catalogue: _Token
    flat_cents: _Cents
    prices: Annotated[str, opaque.VISIT_PRICES]

    @property
    def business_key(self) -> str:
        """What the effect is of: one subscription, which may end and be followed by another."""
        return f"subscribe:{self.subscription_token}"


@dataclass(frozen=True)
class EndSubscription(Request):
    """End a subscription, now or with its period: what was used until then is billed, and nothing is prorated.

    `customer` says whose usage has to be sent before it ends now: later Stripe puts it on no invoice.
    """

    operation: ClassVar[str] = "end_subscription"
    subscription_token: _Token
    customer: _Customer
    subscription: Annotated[str, opaque.SUBSCRIPTION]
    ending: Annotated[Ending, opaque.words_of(Ending)]

    @property
    def business_key(self) -> str:
        """What the effect is of: an end with the period may be followed by one now."""
        return f"end-{self.ending}:{self.subscription_token}"


@dataclass(frozen=True)
class HoldInvoice(_OfAnInvoice):
    """Keep a draft from being finalised, so that somebody can look at it."""

    operation: ClassVar[str] = "hold_invoice"
    prefix: ClassVar[str] = "hold"


@dataclass(frozen=True)
class ReleaseInvoice(_OfAnInvoice):
    """Let a draft that was held be finalised."""

    operation: ClassVar[str] = "release_invoice"
    prefix: ClassVar[str] = "release"


@dataclass(frozen=True)
class _OnceOfAnInvoice(_ForAVisit):
    prefix: ClassVar[str]
    invoice: Annotated[str, opaque.INVOICE]

    @property
    @abstractmethod
    def occasion(self) -> str:
        """What may be asked of an invoice once: its own business key has the form of a token."""

    @property
    def business_key(self) -> str:
        return f"{self.prefix}:{uuid5(self.visit_token, f'{self.invoice}:{self.occasion}')}"


@dataclass(frozen=True)
class PayInvoice(_OnceOfAnInvoice):
    """Try an open invoice again, once, with a card that came on file after it was declined."""

    operation: ClassVar[str] = "pay_invoice"
    prefix: ClassVar[str] = "pay"
    payment_method: Annotated[str, opaque.PAYMENT_METHOD]

    @property
    def occasion(self) -> str:
        """A card is tried once."""
        return self.payment_method


@dataclass(frozen=True)
class PauseInvoice(_OnceOfAnInvoice):
    """Have Stripe try an invoice no more by itself while a hold of this id lasts."""

    operation: ClassVar[str] = "pause_invoice"
    prefix: ClassVar[str] = "pause"
    hold_id: _Token

    @property
    def occasion(self) -> str:
        """A hold begins and ends once."""
        return str(self.hold_id)


@dataclass(frozen=True)
class ResumeInvoice(PauseInvoice):
    """Let Stripe go on with an invoice by itself, when the hold of this id is over."""

    operation: ClassVar[str] = "resume_invoice"
    prefix: ClassVar[str] = "resume"


BY_OPERATION: dict[str, type[Request]] = {
    request.operation: request
    for request in (
        *(ChargeVisit, MeterVisit, CancelUsage, CreditInvoice, CreditBalance, DebitInvoice),
        *(Subscribe, EndSubscription, HoldInvoice, ReleaseInvoice),
        *(PayInvoice, PauseInvoice, ResumeInvoice),
    )
}


def read(operation: str, document: Mapping[str, Any]) -> Request:
    """Return the request that was written as this document.

    Raises NotSendable when it is none, so that a row somebody changed by hand is never sent.
    """
    fields = _FIELDS.get(operation, {})
    if not fields or not set(document) <= set(fields):
        raise NotSendable("What stands in the outbox is no request of ours; nothing was sent.")
    try:
        values: dict[str, Any] = {name: _value(fields[name][0], given) for name, given in document.items()}
        return BY_OPERATION[operation](**values)
    except (TypeError, ValueError) as error:
        if isinstance(error, NotSendable):
            raise
        raise NotSendable(f"{operation}: what stands in the outbox cannot be read; nothing was sent.") from None


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _value(base: type, given: object) -> object:
    if base is datetime:
        return datetime.fromisoformat(str(given))
    return given if base is int else base(given)


def _field(hint: Any) -> tuple[type, opaque.Kind, bool]:
    if get_origin(hint) is Annotated:
        base, kind = get_args(hint)
        return base, kind, False
    given = next(part for part in get_args(hint) if part is not type(None))
    base, kind = get_args(given)
    return base, kind, True


# Of every request its fields, each with its type, its kind and whether it may be None.
_FIELDS = {
    operation: {field.name: _field(hints[field.name]) for field in dataclasses.fields(request)}
    for operation, request, hints in (
        (operation, request, get_type_hints(request, include_extras=True))
        for operation, request in BY_OPERATION.items()
    )
}
