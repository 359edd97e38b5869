"""The one place where cents become text."""

import re

_CENTS = re.compile(r"(?<![\w.,-])(-?[0-9]+) cents\b")

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


def in_dollars(sentence: str) -> str:
    """Write a sentence of the books for people: "charge of 4000 cents" as "charge of $40.00".

    The sentence itself stays in cents: it is kept, compared, and exported.
    """
    return _CENTS.sub(lambda amount: dollars(int(amount[1])), sentence)
