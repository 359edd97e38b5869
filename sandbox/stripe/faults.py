"""Faults on demand: what a network or Stripe itself can do to a call."""

from collections import deque
from dataclasses import dataclass, field
from typing import Literal, get_args

# error: 500, nothing done. rate_limit: 429, nothing done. lost_before: the connection is cut, nothing done.
# lost_after: done and remembered, but the answer never arrives. slow: done, answered late.
Mode = Literal["error", "rate_limit", "lost_before", "lost_after", "slow"]


@dataclass
class Fault:
    """A fault of the next calls of an operation (`*` is any)."""

    operation: str
    mode: Mode
    times: int = 1
    seconds: int = 0


@dataclass
class Faults:
    """The faults that still wait for a call."""

    waiting: list[Fault] = field(default_factory=list)
    # Calls a second, when there is a limit; Stripe allows 100 in live mode and 25 in its own sandboxes.
    per_second: int = 0
    _taken: deque[float] = field(default_factory=deque)

    def is_too_fast(self, now: float) -> bool:
        """Count a call at that time and say whether it is one too many; one that is refused does not count."""
        while self._taken and self._taken[0] <= now - 1:
            self._taken.popleft()
        if not self.per_second or len(self._taken) < self.per_second:
            self._taken.append(now)
            return False
        return True

    def add(self, fault: Fault) -> None:
        """Have the next calls fail; an unknown mode is refused."""
        if fault.mode not in get_args(Mode):
            raise ValueError(f"{fault.mode} is none of {', '.join(get_args(Mode))}")
        self.waiting.append(fault)

    def take(self, operation_id: str) -> Fault | None:
        """Return the fault of this call, if it has one, and count it."""
        for fault in self.waiting:
            if fault.operation in {"*", operation_id}:
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None
