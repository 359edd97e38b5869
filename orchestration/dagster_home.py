"""Dagster's home: its settings file, its own database beside the books, and its user interface."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.store.database import Database, create_if_absent

if TYPE_CHECKING:
    from ledger.settings import Settings

URL_VARIABLE = "TRUEUP_DAGSTER_URL"
"""Holds the address of Dagster's database, so that no password stands in a file."""

_DAGSTER_YAML = f"""\
# Written by Trueup at every start.
telemetry: {{enabled: false}}
nux: {{enabled: false}}
storage:
  postgres:
    postgres_url: {{env: {URL_VARIABLE}}}
# What a step prints belongs to the terminal; dbt keeps a log of its own.
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""


def prepare(home: Path, database: Database) -> Path:
    """Make Dagster's home under `home` and its database on the server of `database`; returns the home's folder.

    Sets the environment Dagster reads in this process. Its tables go into a database of their own, because it keeps a
    migration table in schema public. Raises DatabaseUnavailable when the server is away.
    """
    folder = home / "dagster"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "dagster.yaml").write_text(_DAGSTER_YAML, encoding="utf-8")
    own = database.sibling(f"{database.dbt_environment()['TRUEUP_DBT_NAME']}_dagster")
    create_if_absent(own)
    os.environ |= {
        "DAGSTER_HOME": str(folder),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        URL_VARIABLE: own.sqlalchemy("psycopg2"),
    }
    return folder


def webserver(settings: "Settings", database: Database) -> tuple[list[str], Mapping[str, str]]:
    """Return the command and the environment that serve Dagster's user interface on loopback, to look and not to run.

    It has no login of its own, and a run started there would pass by the lock of `trueup reconcile`: hence read-only.
    """
    prepare(settings.home, database)
    command = [
        str(Path(sys.executable).parent / "dagster-webserver"),
        "--read-only",
        "--host",
        "127.0.0.1",
        "--port",
        str(settings.dagster_port),
        "--module-name",
        "orchestration.definitions",
    ]
    environment = {
        **os.environ,
        "TRUEUP_HOME": str(settings.home),
        "TRUEUP_DATABASE_URL": database.url,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }
    return command, environment
