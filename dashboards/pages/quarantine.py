"""What was refused at the door: what, where, the value, and how to mend it."""

from collections.abc import Mapping

from dashboards.choices import Choice, chosen
from dashboards.here import Here
from dashboards.paging import Part
from dashboards.reading import rows
from dashboards.templating import page


def html(here: Here, asked: Mapping[str, str], number: int) -> str:
    """Render one part of the list; raises HTTPException 404 when there is no such part."""
    totals = rows(here, "refused_totals")
    choices = [
        Choice.among(name, label, (row[name] for row in totals), asked)
        for name, label in (("source", "Feed"), ("rule", "Rule"))
    ]
    cut = chosen(choices)
    shown = [row for row in totals if all(value in {None, row[name]} for name, value in cut.items())]
    part = Part.of(sum(row["pieces"] for row in shown), number)
    found = rows(here, "refused", {**cut, "size": part.size, "skipped": part.skipped})
    return page(here, "quarantine.html", pieces=found, totals=shown, part=part, choices=choices, cut=cut)
