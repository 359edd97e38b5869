"""The one clock of the account, which a test or the demo may set, stop and move forward."""

import contextlib
import time
from collections.abc import Iterator


class Clock:
    """Seconds since 1970; runs with the machine's clock, from wherever it was set, unless it is stopped."""

    def __init__(self) -> None:
        self._offset = 0
        self._stopped_at: int | None = None
        self._standing_at: int | None = None

    def now(self) -> int:
        """Return the account's time in whole seconds, as all of Stripe's times are."""
        if self._standing_at is not None:
            return self._standing_at
        return int(time.time()) + self._offset if self._stopped_at is None else self._stopped_at

    @contextlib.contextmanager
    def standing_at(self, at: int) -> Iterator[None]:
        """Stand at a time that has passed, while something is done that was due then."""
        self._standing_at = at
        try:
            yield
        finally:
            self._standing_at = None

    def put(self, now: int, *, stopped: bool) -> None:
        """Set the time; a stopped clock stays there until it is set or advanced."""
        self._offset = now - int(time.time())
        self._stopped_at = now if stopped else None

    def advance(self, seconds: int) -> None:
        """Move the time forward by that many seconds."""
        if self._stopped_at is None:
            self._offset += seconds
        else:
            self._stopped_at += seconds
