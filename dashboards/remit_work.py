"""Who took up remits and claims that wait, and how that stands: read from the worklist, of now only."""

from collections.abc import Iterable

from dashboards.here import Here
from dashboards.reading import Row, told

ROLES = ("billing", "finance", "practice_admin")
"""Who works on remits, of those who see all practices."""
WORKLIST = "/staff/worklist"
"""The portal's page of it, at the same address."""


def may_work(here: Here) -> bool:
    """Tell whether the reader takes remits up: signed in, of such a role, over all practices, as of now."""
    is_of_all = here.desk.remits is not None and here.as_of is None and here.reader.practice_id is None
    return is_of_all and here.reader.may_act and here.reader.may_read(*ROLES)


def with_work(here: Here, found: Iterable[Row]) -> list[Row]:
    """Return remits, or claims of them, with what they are called on the worklist and their row (`work`) there.

    The row is None where nobody took it up, and as of another time.
    """
    named = [row | {"cause": _cause(row)} for row in found]
    of_now = told(here, "remit_work", {"causes": [row["cause"] for row in named]}) if named else None
    work = {row["cause"]: row for row in of_now or ()}
    return [row | {"work": work.get(row["cause"])} for row in named]


def _cause(row: Row) -> str:
    claim = f"/{row['claim_index']}" if "claim_index" in row else ""
    return f"{row['file_sha256']}#{row['st_index']}{claim}"
