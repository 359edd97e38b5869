"""The dbt project: where it lies, what it is made of, and one live dbt that parses it once and builds parts of it."""

import hashlib
import importlib
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from orchestration import dbt_connections, parsed_project
from orchestration.parsed_project import Parsed

STAGE_ONE = "trueup.staging trueup.intermediate resource_type:seed"
"""Everything that stands before the memos: code lists, staging and intermediate models (dbt selection)."""

STAGE_TWO = "trueup.marts"
"""Everything that reads the memos just issued (dbt selection)."""

_BUILT_BY_DBT = {"target", "logs"}
_LARGEST_LOG, _LOGS_KEPT = 10_000_000, 5
_LOGGED = {"info", "warn", "error"}


class DbtFailed(Exception):  # noqa: N818 - it says what happened
    """dbt could not build a part of the project; the message names the model or test and where the log is."""


OnEvent = Callable[[Any], None]
"""Told each of dbt's events."""


@dataclass(frozen=True)
class Node:
    """How one model, seed or test fared: `status` is dbt's word (success, pass, warn, fail, error, skipped).

    `rows` is how many a model or seed wrote: all of its table's, or those of the part it replaced.
    """

    unique_id: str
    status: str
    failures: int | None
    rows: int | None = None

    @property
    def is_test(self) -> bool:
        """Whether it judges rows and does not make any."""
        return self.unique_id.startswith("test.")

    @property
    def failed(self) -> bool:
        """Whether it stops what is downstream."""
        return self.status in {"error", "fail", "runtime error", "partial success"}


def directory() -> Path:
    """Find the project's folder: `dbt/` in a checkout, `trueup_dbt/` beside the packages of an installed wheel."""
    root = Path(__file__).resolve().parents[1]
    for name in ("dbt", "trueup_dbt"):
        if (root / name / "dbt_project.yml").is_file():
            return root / name
    raise DbtFailed(f"The dbt project is neither in {root / 'dbt'} nor in {root / 'trueup_dbt'}: install Trueup again.")


def marts() -> list[str]:
    """Return the names of the tables a reconcile publishes, whether or not one has been run."""
    found = (directory() / "models" / "marts").rglob("*.sql")
    return sorted(path.stem for path in found if not path.stem.startswith("int_"))


def checksum() -> str:
    """Return the SHA-256 over the project's files, its seeds and dbt's version: what the SQL of a run is made of."""
    project = directory()
    seeds = project.parent / "ledger" / "rules" / "codes"
    digest = hashlib.sha256(version("dbt-core").encode())
    for path in sorted(file for folder in (project, seeds) for file in folder.rglob("*") if file.is_file()):
        parts = path.relative_to(project.parent).parts
        if _BUILT_BY_DBT.isdisjoint(parts):
            digest.update("/".join(parts).encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@dataclass
class Dbt:
    """dbt in this process, on one database. Calls must follow each other: dbt keeps its state in globals.

    `home` gets `dbt/` (what dbt compiles) and `logs/dbt.log`. `environment` are the variables of the profile. Imports
    dbt (1 to 5 s) on first use.
    """

    home: Path
    environment: Mapping[str, str]
    _parsed: Parsed | None = field(default=None, init=False, repr=False)

    @property
    def log(self) -> Path:
        """Return where dbt's own words go."""
        return self.home / "logs" / "dbt.log"

    def manifest(self) -> Mapping[str, Any]:
        """Return the parsed project as dbt writes it to `manifest.json`. Raises DbtFailed when it cannot be parsed."""
        return self._project().written

    def tagged(self, tag: str, unique_ids: Iterable[str]) -> str:
        """Tag some nodes and return the selection of them.

        Of names in a selection dbt compares each with every node, which for all of a run took longer than many models.
        """
        nodes = self._project().manifest.nodes
        for unique_id in unique_ids:
            if tag not in nodes[unique_id].tags:
                nodes[unique_id].tags.append(tag)
        return f"tag:{tag}"

    def build(self, selection: str, finished: Callable[[str], None], *, whole: bool = True) -> Sequence[Node]:
        """Build what `selection` names, run its tests, and say how each fared; `finished` gets each node's name.

        A `whole` build makes every table anew; else the tables that can be cut replace only what was touched.

        A test belongs to the part that holds the last of its parents. Unit tests are left out: they prove the code, not
        the data. Raises DbtFailed when dbt itself breaks off.
        """
        outcome = self._invoke(
            "build",
            "--select",
            *selection.split(),
            "--indirect-selection",
            "buildable",
            "--exclude-resource-type",
            "unit_test",
            *(["--full-refresh"] if whole else []),
            finished=finished,
        )
        if outcome.result is None:
            raise DbtFailed(f"dbt broke off while building {selection}; what it says stands in {self.log}.")
        return [
            Node(
                result.node.unique_id,
                str(result.status),
                result.failures,
                result.adapter_response.get("rows_affected"),
            )
            for result in outcome.result
        ]

    def unit_tests(self) -> Sequence[Node]:
        """Run the unit tests of the models, which need the tables of the models to be there, and say how each fared."""
        outcome = self._invoke("test", "--select", "test_type:unit")
        return [Node(result.node.unique_id, str(result.status), result.failures) for result in outcome.result or ()]

    def _project(self) -> Parsed:
        if self._parsed is None:
            folder = parsed_project.folder(directory(), self.home) / checksum()
            name = self.environment.get("TRUEUP_DBT_NAME", parsed_project.ANY)
            self._parsed = parsed_project.read(folder, name)
            if self._parsed is None:
                self._parse(folder)
                self._parsed = parsed_project.read(folder, name)
        if self._parsed is None:
            raise DbtFailed(f"The parsed dbt project is gone from {folder}; run the command again.")
        return self._parsed

    def _parse(self, folder: Path) -> None:
        """Let dbt parse the project, for any database, and keep what it writes in `folder`."""
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=parsed_project.DRAFT) as draft:
            parsed_project.start(Path(draft))
            outcome = self._run(["parse"], None, Path(draft), parsed_project.PROFILE, lambda _: None)
            if not outcome.success:
                raise DbtFailed(f"The dbt project cannot be parsed; what dbt says stands in {self.log}.")
            parsed_project.keep(Path(draft), folder)

    def _invoke(self, *command: str, finished: Callable[[str], None] | None = None) -> Any:
        """One dbt command on the database."""

        def heard(event: Any) -> None:
            if finished and event.info.name == "NodeFinished":
                finished(event.data.node_info.node_name)

        # What dbt writes about a run, nobody reads, and it takes as long as ten models.
        words = ["--no-write-json", *command]
        return self._run(words, self._project().manifest, self.home / "dbt", self.environment, heard)

    def _run(
        self, words: Sequence[str], manifest: Any, target: Path, environment: Mapping[str, str], heard: OnEvent
    ) -> Any:
        """One dbt command in this process, silent on the terminal, with the environment its profile reads."""
        os.environ |= {"DO_NOT_TRACK": "1", **environment}
        put_on_path()
        project = str(directory())
        # dbt's own log formats every statement to throw it away.
        silent = ["--quiet", "--log-level", "none", "--log-level-file", "none", "--log-path", str(self.log.parent)]
        folders = ["--project-dir", project, "--profiles-dir", project, "--target-path", str(target)]
        # dbt and its adapters warn of parts of other libraries; none of them is ours to mend.
        with warnings.catch_warnings(), _logged(self.log) as written:
            warnings.simplefilter("ignore")
            cli = importlib.import_module("dbt.cli.main")
            runner = cli.dbtRunner(manifest=manifest, callbacks=[heard, written])
            with dbt_connections.kept():
                outcome = runner.invoke([*silent, "--no-use-colors", *words, *folders])
        if isinstance(outcome.exception, KeyboardInterrupt):
            raise outcome.exception
        return outcome


@contextmanager
def _logged(log: Path) -> Iterator[OnEvent]:
    """Yield what appends dbt's events, but those for who mends dbt, to a log."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handler = RotatingFileHandler(log, maxBytes=_LARGEST_LOG, backupCount=_LOGS_KEPT, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s [%(threadName)s] %(message)s"))

    def write(event: Any) -> None:
        if event.info.level in _LOGGED:
            handler.handle(logging.makeLogRecord({"msg": f"[{event.info.level}] {event.info.msg}"}))

    try:
        yield write
    finally:
        handler.close()


def put_on_path() -> None:
    """Make the `dbt` command of this environment findable: dagster-dbt looks for it even when it never runs it."""
    scripts = str(Path(sys.executable).parent)
    if scripts not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([scripts, os.environ.get("PATH", "")])


def name_of(unique_id: str) -> str:
    """Return the name of a model, seed or test in a sentence: `model.trueup.visit_revenue` is `visit_revenue`."""
    return unique_id.split(".")[2]
