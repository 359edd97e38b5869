"""The rows that a figure of a month is made of."""

from dashboards.definitions import definitions
from dashboards.here import Here
from dashboards.rows_of import RowsOf, found
from dashboards.templating import page


def html(here: Here, period: str, asked: RowsOf, number: int) -> str:
    """Render one part of the rows; raises what `rows_of.found` raises."""
    read = found(here, asked, number)
    defined = definitions(here, [asked.of.partition(".")[0] or asked.mart])
    figure = (asked.of.rpartition(".")[2] or asked.mart).removesuffix("_cents").removesuffix("_bp")
    return page(
        here,
        "rows.html",
        period=period,
        title=figure.replace("_", " ").capitalize(),
        sentence=defined.get(asked.of, "") if asked.of else defined.get(asked.mart, ""),
        asked=asked,
        found=read,
        defined=defined,
        closed_as=None,
    )
