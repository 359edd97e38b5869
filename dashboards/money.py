"""The one place where cents become text."""

MINUS = "\N{MINUS SIGN}"


def dollars(cents: int | None) -> str:
    """Write integer cents as dollars, 123456 as "$1,234.56"; None, an amount nobody knows, as a dash."""
    if cents is None:
        return "\N{EN DASH}"
    whole, rest = divmod(abs(cents), 100)
    return f"{MINUS if cents < 0 else ''}${whole:,}.{rest:02d}"


def whole_dollars(cents: int) -> str:
    """Write cents that are whole dollars without the cents, 1200000 as "$12,000"."""
    return dollars(cents).removesuffix(".00")
