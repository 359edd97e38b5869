"""What every asset works with: the database, dbt, the days it goes by and the teller of progress."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from ledger.settings import Settings
from ledger.store.database import Database
from orchestration.days import Days
from orchestration.dbt_project import Dbt


@dataclass(frozen=True)
class Range:
    """The days a backfill makes anew; with `anew` also what is unchanged.

    `told` hears of every partition: its feed (as `--only` calls it), and `made`, `unchanged` or `broken`.
    """

    days: Days
    anew: bool
    told: Callable[[str, str], None]


@dataclass(frozen=True)
class Books:
    """One set of books: days are local to `timezone`, `since` is the last load or settlement the run before saw.

    It is None where everything is made anew. `advance` is told what was just done. With a `range` the run is a part of
    a backfill.
    """

    database: Database
    dbt: Dbt
    timezone: str
    as_of: date
    since: int | None
    advance: Callable[[str], None]
    range: Range | None = None

    def within(self, asked: Range) -> "Books":
        """Return the same books for a part of a backfill."""
        return replace(self, range=asked)


def project_from_environment() -> Dbt:
    """Return the dbt project as TRUEUP_HOME and TRUEUP_DATABASE_URL see it, for a process that only shows it."""
    settings = Settings.from_environment()
    return Dbt(settings.home, Database(settings.database_url).dbt_environment() if settings.database_url else {})
