"""The memo register."""

from collections.abc import Mapping

from dashboards.choices import Choice, chosen
from dashboards.here import Here
from dashboards.paging import Part
from dashboards.reading import rows
from dashboards.templating import page

FILTERS = {"period": "Posted to", "kind": "Kind", "reason": "Reason", "status": "Sent"}


def html(here: Here, asked: Mapping[str, str], number: int) -> str:
    """Render one part of the register, newest first; `asked` is what it is cut by.

    Raises HTTPException 404 when there is no such part.
    """
    totals = rows(here, "register_totals")
    choices = [Choice.among(name, label, (row[name] for row in totals), asked) for name, label in FILTERS.items()]
    cut = chosen(choices)
    shown = [row for row in totals if all(value in {None, row[name]} for name, value in cut.items())]
    part = Part.of(sum(row["memos"] for row in shown), number)
    found = rows(here, "memos", {**cut, "size": part.size, "skipped": part.skipped})
    return page(here, "memos.html", memos=found, totals=shown, part=part, choices=choices, cut=cut)
