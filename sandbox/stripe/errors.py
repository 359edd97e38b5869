"""Errors in the shape of Stripe's."""

from typing import Any

from sandbox.stripe.values import Obj


class StripeError(Exception):
    """An answer that is an error: the HTTP status and the fields of Stripe's `error` object."""

    def __init__(self, status: int, kind: str, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error: Obj = {"type": kind, "message": message} | {
            key: value for key, value in fields.items() if value is not None
        }

    @property
    def body(self) -> Obj:
        """Return the body as Stripe sends it."""
        return {"error": self.error}


def invalid(message: str, param: str | None = None, code: str | None = None) -> StripeError:
    """Return the error of a request that cannot be done as asked (400)."""
    return StripeError(400, "invalid_request_error", message, param=param, code=code)


def missing(kind: str, object_id: str, param: str = "id") -> StripeError:
    """Return the error of an id that names nothing: 404 in the path, 400 in a parameter."""
    return StripeError(
        404 if param == "id" else 400,
        "invalid_request_error",
        f"No such {kind.replace('_', ' ')}: '{object_id}'",
        param=param,
        code="resource_missing",
    )


def not_here(operation_id: str, what: str) -> StripeError:
    """Return the loud error of what Stripe has and the sandbox has not (501)."""
    return StripeError(
        501, "api_error", f"The sandbox does not do {operation_id}: {what}", code="sandbox_not_implemented"
    )
