"""Where every cent that came in went: remits, bank transfers, payouts, and what was refused at the door."""

from dashboards.checks import checks
from dashboards.here import Here
from dashboards.reading import one, rows
from dashboards.templating import page

LISTED = {"listed": 500}  # of each list; trueup export has every row


def html(here: Here) -> str:
    """Render the tie-outs over all months."""
    return page(
        here,
        "tieouts.html",
        checks=checks(here),
        ties=rows(here, "tie_totals"),
        open_points=one(here, "open_points"),
        listed=LISTED["listed"],
        remits=rows(here, "remits_not_posted", LISTED),
        transfers=rows(here, "transfers_open", LISTED),
        payouts=rows(here, "payouts_open", LISTED),
        unmatched=rows(here, "unmatched", LISTED),
        refused=rows(here, "refused", LISTED),
    )
