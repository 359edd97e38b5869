"""The links at the head of every page, by who reads."""

from typing import NamedTuple

from dashboards.desk import Reader


class Link(NamedTuple):
    """A link: `name` is what its page calls itself (`active`); `roles` whose page it is, none: every reader's."""

    name: str
    label: str
    path: str
    roles: tuple[str, ...] = ()
    is_of_all: bool = False


LINKS = (
    Link("month", "Month", "/"),
    Link("leaks", "Leaks", "/leaks"),
    Link("memos", "Memos", "/memos"),
    Link("tieouts", "Tie-outs", "/tieouts", is_of_all=True),
    Link("remits", "Remits", "/remits", is_of_all=True),
    Link("pos", "Place of service", "/pos"),
    Link("practice", "Practice", "/practice", ("practice_admin", "finance")),
    Link("data", "Data", "/data", ("finance",), is_of_all=True),
    Link("closing", "Close", "/closing", is_of_all=True),
)


def links_of(reader: Reader) -> list[Link]:
    """Return the links for a reader, in their order."""
    return [
        link
        for link in LINKS
        if reader.roles
        and (not link.roles or reader.may_read(*link.roles))
        and not (link.is_of_all and reader.practice_id)
    ]
