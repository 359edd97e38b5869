"""`trueup backfill`: a range of partitions made anew through Dagster, a month a run, then one reconcile."""

import warnings
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from ingestion import landing
from ledger.store.database import Database, connect
from orchestration import dbt_project, ops
from orchestration.days import Days
from orchestration.reconcile import Blocked, OnStep, Outcome, reconcile

if TYPE_CHECKING:
    from ledger.settings import Settings

FEEDS = ("visits", "stripe", "era")
"""What is cut into partitions."""


@dataclass(frozen=True)
class Done:
    """What a backfill did: partitions made anew and left as they were, by feed, and the reconcile at its end.

    `reconciled` is None where nothing is loaded for the range; `loaded` is then the days of what is, if anything is.
    """

    made: dict[str, int]
    unchanged: dict[str, int]
    reconciled: Outcome | None
    loaded: Days | None = None


def backfill(  # noqa: PLR0913 - the books, the range and how to tell of it
    settings: "Settings",
    database: Database,
    days: Days,
    *,
    only: Sequence[str] = FEEDS,
    anew: bool = False,
    as_of: date,
    on_step: OnStep,
) -> Done:
    """Make the partitions of `days` anew where they are not what was recorded of them; with `anew`, all.

    The same again goes on where it was killed. Nothing is sent anywhere, and memos are those of any reconcile.
    Raises Blocked when a contract is broken on a partition, and what reconcile raises.
    """
    on_step("Dagster", 0, 1)
    # Their own libraries warn of each other at import; none of them is ours to mend.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from orchestration import ranges
        from orchestration.defs.resources import Books, Range

    tally: Counter[tuple[str, str]] = Counter()

    def told(feed: str, fate: str) -> None:
        tally[feed, fate] += 1
        on_step(f"{feed}, {tally[feed, 'made']:,} made anew", min(tally.total(), total), total)

    with closing(connect(database, autocommit=True)) as watch:
        with watch.transaction():
            landing.ensure_schema(watch)
            ops.prepare(watch)
        months = list(days.months())
        total = ranges.count(watch, settings.timezone, only, months)
        if not total:
            return Done({}, {}, None, ranges.loaded(watch, settings.timezone, only))
        dbt = dbt_project.Dbt(settings.home, database.dbt_environment())
        books = Books(database, dbt, settings.timezone, as_of, 0, lambda _: None)
        broken = [ranges.run(settings, books, only, Range(month, anew, told)) for month in months]
        # Where the server went away meanwhile, that is what broke them: this raises it.
        watch.execute("select 1")
    for sentence in filter(None, broken):
        raise Blocked(sentence)
    outcome = reconcile(settings, database, as_of=as_of, on_step=on_step)
    made, unchanged = ({feed: tally[feed, fate] for feed in only} for fate in ("made", "unchanged"))
    return Done(made, unchanged, outcome)
