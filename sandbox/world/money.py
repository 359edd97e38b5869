"""Integer cents: shares and the way X12 writes an amount."""


def share(cents: int, part: int, whole: int) -> int:
    """Return cents * part / whole, half up to a cent; all are 0 or more and whole is positive."""
    return (2 * cents * part + whole) // (2 * whole)


def dollars(cents: int, *, padded: bool = False) -> str:
    """Return cents as X12 writes them: no trailing zeros, unless padded to two decimals."""
    sign, units, rest = "-" if cents < 0 else "", abs(cents) // 100, abs(cents) % 100
    if padded:
        return f"{sign}{units}.{rest:02d}"
    return f"{sign}{units}.{rest:02d}".rstrip("0").rstrip(".")
