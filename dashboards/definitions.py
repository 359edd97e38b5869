"""What each figure is, in the words of the models: dbt writes their descriptions to the database as comments."""

import re
from collections.abc import Iterable

from dashboards.here import Here
from dashboards.reading import rows

# In a description, a figure has a line of its own: "- name = what it is". What wraps is indented.
_FIGURE = re.compile(r"^- (?P<name>\w+) = (?P<what>.*(?:\n  .*)*)", re.MULTILINE)

_END = re.compile(r"(?<=[^ .])\. (?=[A-Z0-9])")
_FIRST_LETTER = re.compile(r"^\W*[^\W\d]")


def definitions(here: Here, marts: Iterable[str]) -> dict[str, str]:
    """Return what each figure of these marts is, a sentence by `mart.figure`, a mart's own by `mart`.

    Books that were made before the models said it have none until the next run.
    """
    found: dict[str, str] = {}
    for row in rows(here, "definitions", {"marts": list(marts)}):
        if row["name"]:
            found.setdefault(f"{row['mart']}.{row['name']}", _sentence(row["description"]))
        else:
            found |= {f"{row['mart']}.{name}": what for name, what in in_description(row["description"]).items()}
            found[row["mart"]] = _sentence(row["description"].partition("\n\n")[0])
    return found


def in_description(text: str) -> dict[str, str]:
    """Return the figures that a description defines, each in a sentence."""
    return {each["name"]: _sentence(each["what"]) for each in _FIGURE.finditer(text)}


def _sentence(text: str) -> str:
    """Give the first sentence of a description on one line, with a capital and a full stop."""
    line = _END.split(" ".join(text.split()), maxsplit=1)[0].rstrip(".")
    return _FIRST_LETTER.sub(lambda letter: letter[0].upper(), line) + "." if line else ""
