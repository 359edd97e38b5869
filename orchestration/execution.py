"""One run of every asset in this process: what it issued, what it warns of, what broke it."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import UUID

import dagster as dg

from orchestration.defs.contracts import contracts
from orchestration.defs.memos import memos
from orchestration.defs.resources import Books
from orchestration.graph import assembled

if TYPE_CHECKING:
    from dagster_shared.error import SerializableErrorInfo

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""The configuration of a run that says nothing on the terminal."""

_STEPS_OF_OURS = 9
"""Steps beside dbt's nodes: six raw assets, the contracts, the memos, the journal."""


@dataclass(frozen=True)
class Finished:
    """How a run ended: `broken` are sentences of blocking contracts, `failure` that of a step of ours."""

    memos: int
    warnings: tuple[str, ...]
    broken: tuple[str, ...]
    failure: str | None


def steps_of(manifest: Mapping[str, Any]) -> int:
    """How many steps a run has: ours and every model, seed and data test of the project."""
    nodes = manifest["nodes"].values()
    return _STEPS_OF_OURS + sum(node["resource_type"] in {"model", "seed", "test"} for node in nodes)


class Progress:
    """Counts steps and tells them on; dbt calls it from several threads."""

    def __init__(self, total: int, on_step: Callable[[str, int, int], None]) -> None:
        self._lock, self._done, self._total, self._on_step = Lock(), 0, total, on_step

    def __call__(self, label: str) -> None:
        """One more step is done."""
        with self._lock:
            self._done = min(self._done + 1, self._total)
            self._on_step(label, self._done, self._total)


def run(home: Path, manifest: Mapping[str, Any], books: Books, run_id: UUID, killed: Sequence[UUID]) -> Finished:
    """Run every asset and check in this process, on the Dagster instance in `home`.

    `killed` are runs that died without a word: Dagster is told that they failed.
    """
    with instance(home) as opened:
        for dead in killed:
            lost = opened.get_run_by_id(str(dead))
            if lost and not lost.is_finished:
                opened.report_run_failed(lost, "The process was killed.")
        job = assembled(manifest, books).resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(instance=opened, run_id=str(run_id), raise_on_error=False, run_config=QUIET)
        return _finished(result, books)


@contextmanager
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """Open the Dagster instance in `home`."""
    # Dagster marks parts of its own as beta by warnings; none of them is about what we pass.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with dg.DagsterInstance.from_config(str(home)) as opened:
            opened.optimize_for_webserver(statement_timeout=60_000, pool_recycle=3600, max_overflow=4)
            yield opened


def _finished(result: dg.ExecuteInProcessResult, books: Books) -> Finished:
    """Read out of a run's events what a person is told."""
    judged = [event for event in result.get_asset_check_evaluations() if not event.passed and event.description]
    blocking = {spec.key for spec in contracts.check_specs if spec.blocking}
    issued = result.asset_materializations_for_node(memos.node_def.name)
    return Finished(
        memos=int(str(issued[0].metadata["issued"].value)) if issued else 0,
        warnings=tuple(str(event.description) for event in judged if event.asset_check_key not in blocking),
        broken=tuple(str(event.description) for event in judged if event.asset_check_key in blocking),
        failure=None if result.success else failure(result, books.dbt.home / "logs" / "reconcile.log"),
    )


def failure(result: dg.ExecuteInProcessResult, log: Path) -> str:
    """Find the sentence of the step that failed; of an error nobody foresaw its place stands in the log."""
    said: list[str] = []
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        for event in result.get_step_failure_events():
            failure = event.step_failure_data
            file.writelines(_trace(event.step_key, failure.error))
            meant = failure.user_failure_data
            said.append(
                meant.description
                if meant and meant.description
                else f"the step {event.step_key} broke off; what happened stands in {log}."
            )
    return said[0] if said else f"the run broke off before its first step; see {log}."


def _trace(step: str | None, error: "SerializableErrorInfo | None") -> Iterator[str]:
    """Yield the kinds of an error and of its causes with their stacks: their words may hold values of a row."""
    yield f"{step}\n"
    while error:
        yield f"{error.cls_name}\n"
        yield from error.stack
        error = error.cause
