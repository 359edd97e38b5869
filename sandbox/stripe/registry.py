"""Which operations the sandbox does, and which of their parameters it honours."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import not_here
from sandbox.stripe.spec import Operation
from sandbox.stripe.values import Obj

EVERYWHERE = frozenset({"expand", "limit", "starting_after", "ending_before", "created"})


@dataclass(frozen=True)
class Call:
    """One checked call: what is asked of which operation, with the arguments of its path in order."""

    account: Account
    operation: Operation
    path: str
    params: Obj
    arguments: list[str] = field(default_factory=list)

    def given(self, *names: str) -> Obj:
        """Return the parameters of those names that were given; an empty text means none."""
        return {name: None if self.params[name] == "" else self.params[name] for name in names if name in self.params}


Handler = Callable[[Call], Obj]


@dataclass(frozen=True)
class Handled:
    """A function and the parameters it honours; `a.b` stands for one part of a nested parameter."""

    function: Handler
    takes: frozenset[str]

    def run(self, call: Call) -> Obj:
        """Do the call; a parameter that would be silently left out of account is a loud error instead."""
        for name in _paths(call.params, self.takes):
            if name not in self.takes | EVERYWHERE:
                raise not_here(call.operation.operation_id, f"the parameter {name} has no effect here yet")
        return self.function(call)


def _paths(params: Obj, takes: frozenset[str]) -> list[str]:
    split = {name.partition(".")[0] for name in takes if "." in name}
    return [
        f"{name}.{part}" if name in split and isinstance(value, dict) else name
        for name, value in params.items()
        for part in (value if name in split and isinstance(value, dict) else [""])
    ]


HANDLED: dict[str, Handled] = {}


def handles(operation_id: str, takes: str = "") -> Callable[[Handler], Handler]:
    """Have the function do that operation, with those parameters."""

    def note(function: Handler) -> Handler:
        HANDLED[operation_id] = Handled(function, frozenset(takes.split()))
        return function

    return note


def merged(current: Obj | None, change: Any) -> Obj:
    """Return the metadata after a change: an empty text takes a key away, or all of them."""
    if change == "":
        return {}
    return {key: value for key, value in ((current or {}) | change).items() if value != ""}
