"""Where every cent that came in went: remits, bank transfers, payouts, and what was refused at the door."""

from dashboards.checks import checks
from dashboards.reading import Connection, one, rows
from dashboards.templating import page

LISTED = {"listed": 500}  # of each list; trueup export has every row


def html(connection: Connection) -> str:
    """Render the tie-outs over all months."""
    return page(
        "tieouts.html",
        checks=checks(connection),
        ties=rows(connection, "tie_totals"),
        open_points=one(connection, "open_points"),
        listed=LISTED["listed"],
        remits=rows(connection, "remits_not_posted", LISTED),
        transfers=rows(connection, "transfers_open", LISTED),
        payouts=rows(connection, "payouts_open", LISTED),
        unmatched=rows(connection, "unmatched", LISTED),
        refused=rows(connection, "refused", LISTED),
    )
