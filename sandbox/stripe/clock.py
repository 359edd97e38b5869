"""The one clock of the account, which a test or the demo may set, stop and move forward."""

import time


class Clock:
    """Seconds since 1970; runs with the machine's clock, from wherever it was set, unless it is stopped."""

    def __init__(self) -> None:
        self._offset = 0
        self._stopped_at: int | None = None

    def now(self) -> int:
        """Return the account's time in whole seconds, as all of Stripe's times are."""
        return int(time.time()) + self._offset if self._stopped_at is None else self._stopped_at

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
