"""Every request, answer and event against Stripe's schemas."""

import re
from collections.abc import Iterable
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.spec import Operation, Specification
from sandbox.stripe.trim import reachable
from sandbox.stripe.values import Obj

_OTHER = (Kind.Type, Kind.Enum)


def _is_decimal(text: str) -> bool:
    return _DECIMAL.match(text) is not None


_DECIMAL = re.compile(r"^-?\d+(\.\d{1,12})?$")
_FORMATS = {"decimal": _is_decimal}


class Checker:
    """Validators of a specification, compiled when first used."""

    def __init__(self, specification: Specification) -> None:
        self._specification = specification
        self._compiled: dict[str, jsonschema_rs.Validator] = {}

    def request(self, operation: Operation, params: Obj) -> None:
        """Refuse parameters that Stripe does not take, with 400 in its words; unknown ones at any depth."""
        for error in self._validator(f"request {operation.operation_id}", operation.params).iter_errors(params):
            raise _refusal(error)

    def response(self, operation: Operation, body: Obj) -> None:
        """Raise 500 when an answer of ours is none that Stripe could give."""
        self._ours(f"response {operation.operation_id}", operation.response, body)

    def error(self, body: Obj) -> None:
        """Raise 500 when an error of ours has not the shape of Stripe's."""
        self._ours("error", {"$ref": "#/components/schemas/error"}, body)

    def event(self, event: Obj) -> None:
        """Raise 500 when an event, its type or the object it carries is not as the specification has it."""
        if event["type"] not in self._specification.event_types:
            raise _own_fault(f"event type {event['type']}", "Stripe has no such event")
        self._ours("event", {"$ref": "#/components/schemas/event"}, event)
        carried = event["data"]["object"]
        self._ours(f"object {carried['object']}", {"$ref": f"#/components/schemas/{carried['object']}"}, carried)

    def _ours(self, name: str, schema: Obj, body: Obj) -> None:
        for error in self._validator(name, schema).iter_errors(body):
            raise _own_fault(name, f"{_name(error.instance_path)}: {error.message[:600]}")

    def _validator(self, name: str, schema: Obj) -> jsonschema_rs.Validator:
        if name not in self._compiled:
            whole = schema | {"components": {"schemas": reachable(self._specification.schemas, schema)}}
            self._compiled[name] = jsonschema_rs.Draft7Validator(whole, validate_formats=True, formats=_FORMATS)
        return self._compiled[name]


def _own_fault(name: str, why: str) -> StripeError:
    return StripeError(
        500, "api_error", f"The sandbox broke Stripe's specification in its {name}: {why}", code="sandbox_invalid"
    )


def _name(path: Iterable[Any]) -> str:
    first, *rest = [str(part) for part in path] or [""]
    return first + "".join(f"[{part}]" for part in rest)


def _deepest(error: Any) -> Any:
    """Return what is wrong inside the branch that was meant: the one in which the fault lies deepest."""
    if not isinstance(error.kind, Kind.AnyOf):
        return error
    inner = [_deepest(found) for branch in error.kind.context for found in branch]
    # A wrong type at the same place only says that the branch was not the one that was meant.
    here = len(error.instance_path)
    deeper = [found for found in inner if len(found.instance_path) > here or not isinstance(found.kind, _OTHER)]
    return max(deeper, key=lambda found: len(found.instance_path), default=error)


def _refusal(error: Any) -> StripeError:
    found = _deepest(error)
    path = list(found.instance_path)
    match found.kind:
        case Kind.AdditionalProperties(unexpected=names):
            param = _name([*path, names[0]])
            return invalid(f"Received unknown parameter: {param}", param, "parameter_unknown")
        case Kind.Required(property=name):
            param = _name([*path, name])
            return invalid(f"Missing required param: {param}.", param, "parameter_missing")
        case Kind.Type(types=types) if "integer" in types:
            return invalid(f"Invalid integer: {found.instance}", _name(path), "parameter_invalid_integer")
        case _:
            return invalid(f"Invalid {_name(path)}: {found.message[:300]}", _name(path))
