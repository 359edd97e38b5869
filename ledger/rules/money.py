"""Money is whole cents: the largest amount there is, and the one place where a share of an amount is rounded."""

from __future__ import annotations

# Ten billion dollars: an amount above is a mistake, and sums of amounts below fit into a bigint.
MOST_CENTS = 999_999_999_999


def share_of(amount_cents: int, part: int, whole: int) -> int:
    """Return the part of an amount that `part` is of `whole`, in cents, half a cent going up.

    `part` and `whole` are in one unit of any kind (microseconds, units of service) and never become a float.
    Raises ValueError when one of the three is negative or `whole` is 0.
    """
    if amount_cents < 0 or part < 0 or whole <= 0:
        raise ValueError(f"No share of {amount_cents} cents can be worked out from {part} of {whole}.")
    return (2 * amount_cents * part + whole) // (2 * whole)
