"""Dagster's home: its settings file, its own database beside the books, and its processes."""

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

LANE = "trueup/lane"
"""The tag of a job that says its lane: of those in one lane a run at a time is made, beside those in the others."""

SECONDS_OF_A_LOOK = 4 * 3600
"""How long one look at the drop folder may load; Dagster's own minute is too short for a folder that is full."""

_DAGSTER_YAML = f"""\
# Written by Trueup at every start.
telemetry: {{enabled: false}}
nux: {{enabled: false}}
run_storage:
  module: dagster_postgres
  class: PostgresRunStorage
  config: &own {{postgres_url: {{env: {URL_VARIABLE}}}}}
schedule_storage: {{module: dagster_postgres, class: PostgresScheduleStorage, config: *own}}
event_log_storage: {{module: orchestration.event_log, class: EventLog, config: *own}}
# What the daemon starts (schedules, the drop folder) queues, in three lanes: what makes the books anew holds their lock
# for minutes, and two at once would only wait for each other; what is sent and what is fetched needs none of it and
# waits for no reconcile. Runs of commands take part in no queue. Pools have no limit: a killed run would keep its
# place in one.
concurrency:
  runs:
    max_concurrent_runs: 3
    tag_concurrency_limits: [{{key: {LANE}, value: {{applyLimitPerUniqueValue: true}}, limit: 1}}]
# A look at the drop folder loads what is there, and waits for a reconcile: what is due is looked for meanwhile.
sensors: {{use_threads: true, num_workers: 2}}
# A run whose process died is noticed, leaves the queue, and is started again twice.
run_monitoring: {{enabled: true, poll_interval_seconds: 30}}
run_retries: {{enabled: true, max_retries: 2, retry_on_asset_or_op_failure: false}}
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


def environment(settings: "Settings", database: Database) -> Mapping[str, str]:
    """Prepare Dagster's home and return the environment its processes need beside ours."""
    prepare(settings.home, database)
    return {
        **os.environ,
        "TRUEUP_HOME": str(settings.home),
        "TRUEUP_DATABASE_URL": database.url,
        "TRUEUP_DROP_FOLDER": str(settings.drop_folder or ""),
        # Both or neither: a key goes to the address it is for.
        "TRUEUP_STRIPE_KEY": settings.stripe_key or "",
        "TRUEUP_STRIPE_URL": settings.stripe_url,
        "DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS": str(SECONDS_OF_A_LOOK),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }


def code_server(socket: Path) -> list[str]:
    """Return the command that holds our definitions for the others, at `socket`, and starts runs.

    Left to themselves the others would each start one of their own, and the daemon a new one every minute.
    """
    where = ["--socket", str(socket), "--module-name", "orchestration.definitions"]
    return _command("dagster", "api", "grpc", "--lazy-load-user-code", "--log-level", "warning", *where)


def webserver(port: int, socket: Path) -> list[str]:
    """Return the command that serves Dagster's user interface on loopback, to look and not to run.

    It has no login of its own, and a run started there would pass by the lock of `trueup reconcile`: hence read-only.
    """
    where = ["--host", "127.0.0.1", "--port", str(port), "--grpc-socket", str(socket)]
    return _command("dagster-webserver", "--read-only", *where)


def daemon(socket: Path) -> list[str]:
    """Return the command that does what is to be done by itself. It opens no port."""
    return _command("dagster-daemon", "run", "--log-level", "warning", "--grpc-socket", str(socket))


def _command(program: str, *words: str) -> list[str]:
    return [str(Path(sys.executable).parent / program), *words]
