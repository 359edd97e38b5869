"""What every asset works with: the database, dbt, the days it goes by and the teller of progress."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from ledger.settings import Settings
from ledger.store.database import Database
from orchestration.dbt_project import Dbt


@dataclass(frozen=True)
class Books:
    """One set of books: days are local to `timezone`, `since` is the last load or settlement the run before saw.

    `advance` is told what was just done.
    """

    database: Database
    dbt: Dbt
    timezone: str
    as_of: date
    since: int
    advance: Callable[[str], None]


def project_from_environment() -> Dbt:
    """Return the dbt project as TRUEUP_HOME and TRUEUP_DATABASE_URL see it, for a process that only shows it."""
    settings = Settings.from_environment()
    return Dbt(settings.home, Database(settings.database_url).dbt_environment() if settings.database_url else {})
