"""The drop folder: a sensor takes in what is new there, and a run brings the books up to it."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from ingestion.era835 import load
from ingestion.era835.archive import Archive
from ingestion.era835.drop_folder import Standing, standing
from ingestion.landing import FeedUnreadable
from ledger.settings import Settings
from orchestration.commands import errors, workspace
from orchestration.commands.output import counted, printable
from orchestration.commands.reconcile import today
from orchestration.reconcile import reconcile

SECONDS_BETWEEN_LOOKS = 15
NAME = "drop_folder"


def watched(folder: Path) -> dg.Definitions:
    """Return the sensor of a drop folder and the job it asks for, as a running `dagster-daemon` needs them."""

    @dg.sensor(
        name=NAME,
        job=bring_up,
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Takes in the remittances put into {folder}, then reconciles.",
    )
    def look(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        with _in_sentences():
            return _look(folder, context.cursor)

    return dg.Definitions(sensors=[look], jobs=[bring_up], executor=dg.in_process_executor)


@dg.op(config_schema={"said": dg.Field([str], default_value=[])})
def reconcile_books(context: dg.OpExecutionContext) -> None:
    """Do what `trueup reconcile` does, as of today; a broken contract fails the run with its sentence."""
    for sentence in context.op_config["said"]:
        context.log.warning(sentence)
    with _in_sentences(), workspace.opened() as books:
        outcome = reconcile(
            books.settings, books.database, as_of=today(books.settings.timezone), on_step=lambda *_: None
        )
    for warning in outcome.warnings:
        context.log.warning(warning)
    news = "nothing new" if outcome.nothing_new else f"{counted(outcome.memos, 'memo')} issued"
    context.log.info("Reconciled in run %s: %s.", outcome.run_id, news)


@dg.job(name=NAME, executor_def=dg.in_process_executor)
def bring_up() -> None:
    """Reconcile after remittances were taken in from the drop folder."""
    reconcile_books()


def _look(folder: Path, cursor: str | None) -> dg.SensorResult:
    """One look: an unchanged folder costs its listing and no more.

    The cursor holds the files that were taken in, as they stood. What cannot be read is not among them: it is tried,
    and told, at every look. A look that breaks off moves no cursor; what it took in is known by its bytes at the next.
    """
    said: list[str] = []
    found = standing(folder, said.append, _seen(cursor))
    taken = _taken_in(found.files, said.append) if found.files else []
    said = [printable(sentence) for sentence in (*said, *found.unread)]
    if not taken:
        return dg.SensorResult(skip_reason=" ".join(said) or f"Nothing new in {folder}.", cursor=_cursor(found.known))
    run = dg.RunRequest(
        run_config={
            "ops": {reconcile_books.name: {"config": {"said": said}}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        },
        tags={"trueup/files_taken_in": str(len(taken))},
    )
    return dg.SensorResult(run_requests=[run], cursor=_cursor([*found.known, *taken]))


def _taken_in(files: Sequence[Standing], told: Callable[[str], None]) -> list[Standing]:
    """Load files as `trueup load era` does, one transaction each, and return those that could be read.

    A file whose bytes were loaded before counts: a look that was killed before it could ask for a run left it so.
    """
    taken = []
    with workspace.opened() as books, books.connection() as connection:
        settings = books.settings
        archive = Archive.at(settings.home, settings.archive_key, settings.archive_key_command)
        for file in files:
            try:
                for _ in load.load(connection, file.path, archive, told=told):
                    connection.commit()
            except FeedUnreadable as refusal:
                connection.rollback()
                told(str(refusal))
            else:
                taken.append(file)
    return taken


def _seen(cursor: str | None) -> set[Standing]:
    return {Standing(Path(path), size, changed) for path, size, changed in json.loads(cursor or "[]")}


def _cursor(files: Sequence[Standing]) -> str:
    return json.dumps([(str(path), size, changed) for path, size, changed in files])


@contextmanager
def _in_sentences() -> Iterator[None]:
    """Turn any error into its sentence: Dagster keeps the words of an error, and those may hold values of a row."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - told as a sentence, whatever it is
        said = errors.explained(error) or errors.unexpected(error, Settings.from_environment().home)
        raise dg.Failure(said.sentence, allow_retries=False) from None
