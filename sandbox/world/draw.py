"""Chance that repeats: one named, seeded stream for each part of the sample world."""

import random
import uuid
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Draw:
    """A stream of choices; the same seed and part always give the same stream."""

    def __init__(self, seed: int, part: str) -> None:
        self._random = random.Random(f"{seed}/{part}")  # noqa: S311 - sample data must repeat and guards nothing

    def between(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""
        return self._random.randint(low, high)

    def hit(self, percent: int) -> bool:
        """Return True in that many of a hundred draws."""
        return self.between(1, 100) <= percent

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of the choices."""
        return self._random.choice(choices)

    def weighted(self, choices: Sequence[tuple[T, int]]) -> T:
        """Return one of (choice, weight)."""
        return self._random.choices([choice for choice, _ in choices], [weight for _, weight in choices])[0]

    def some(self, choices: Sequence[T], count: int) -> list[T]:
        """Return that many different choices; ValueError when there are too few."""
        return self._random.sample(choices, count)

    def token(self) -> str:
        """Return a version 4 UUID in its dashed form."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def text(self, alphabet: str, length: int) -> str:
        """Return that many characters of the alphabet."""
        return "".join(self._random.choices(alphabet, k=length))

    def reference(self, length: int) -> str:
        """Return a claim reference: Crockford base32, the last character a sum check of the others."""
        body = self.text(CROCKFORD, length - 1)
        return body + CROCKFORD[sum((at + 1) * CROCKFORD.index(sign) for at, sign in enumerate(body)) % len(CROCKFORD)]

    def stripe_id(self, prefix: str) -> str:
        """Return an id of the shape Stripe gives, as in ch_ and 24 letters or digits."""
        return f"{prefix}_{self.text(BASE62, 24)}"
