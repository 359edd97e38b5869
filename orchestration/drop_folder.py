"""The drop folder: a sensor takes in what is new there, and a run brings the books up to it."""

import os
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import dagster as dg

from ingestion.era835 import load
from ingestion.era835.archive import Archive
from ingestion.era835.drop_folder import Standing, listed, settled
from ingestion.landing import Connection, FeedUnreadable
from ledger.settings import Settings
from orchestration import ops
from orchestration.commands import workspace
from orchestration.commands.output import printable
from orchestration.jobs import BOOKS, in_sentences, reconcile_books

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
        with in_sentences():
            return _look(folder, context.cursor)

    return dg.Definitions(sensors=[look], jobs=[bring_up], executor=dg.in_process_executor)


@dg.job(name=NAME, tags=BOOKS, executor_def=dg.in_process_executor)
def bring_up() -> None:
    """Reconcile after remittances were taken in from the drop folder."""
    reconcile_books()


def _look(folder: Path, cursor: str | None) -> dg.SensorResult:
    """One look: a folder that stands as it did costs its listing and no more.

    The cursor is a digest of the files taken in, as they stood. What cannot be read is not among them: it is tried, and
    told, at every look. A look that breaks off moves no cursor, and so the next asks for the run.
    """
    said: list[str] = []
    found = listed(folder, said.append)
    seen, done = cursor or _digest([]), found.files
    if _digest(done) != seen:
        with workspace.opened() as books, books.connection() as connection:
            done = _taken_in(books.settings, connection, found.files, said.append)
    said = [printable(sentence) for sentence in (*said, *found.unread)]
    if _digest(done) == seen:
        return dg.SensorResult(skip_reason=" ".join(said) or f"Nothing new in {folder}.", cursor=seen)
    run = dg.RunRequest(
        run_config={
            "ops": {reconcile_books.name: {"config": {"said": said}}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        }
    )
    return dg.SensorResult(run_requests=[run], cursor=_digest(done))


def _taken_in(
    settings: Settings, connection: Connection, files: Sequence[Standing], told: Callable[[str], None]
) -> list[Standing]:
    """Load what is new as `trueup load era` does, one transaction a file; return the files that are in, old and new."""
    ops.prepare(connection)
    known = _known(connection)
    connection.commit()
    new = settled([file for file in files if file not in known], told)
    taken = set(_loaded(settings, connection, new, told)) if new else set()
    done = [file for file in files if file in known or file in taken]
    _remember(connection, done)
    connection.commit()
    return done


def _loaded(
    settings: Settings, connection: Connection, files: Sequence[Standing], told: Callable[[str], None]
) -> Iterator[Standing]:
    """Load files and give each that could be read."""
    archive = Archive.at(settings.home, settings.archive_key, settings.archive_key_command)
    for file in files:
        try:
            for _ in load.load(connection, file.path, archive, told=told):
                connection.commit()
        except FeedUnreadable as refusal:
            connection.rollback()
            told(str(refusal))
        else:
            yield file


def _known(connection: Connection) -> set[Standing]:
    rows = connection.execute("select path, size, changed from ops.dropped_file")
    return {Standing(Path(os.fsdecode(path)), size, changed) for path, size, changed in rows}


def _remember(connection: Connection, files: Sequence[Standing]) -> None:
    connection.execute("delete from ops.dropped_file")
    with (
        connection.cursor() as cursor,
        cursor.copy("copy ops.dropped_file (path, size, changed) from stdin") as copy,
    ):
        for path, size, changed in files:
            copy.write_row((os.fsencode(path), size, changed))


def _digest(files: Sequence[Standing]) -> str:
    """Tell one state of a folder from another, in 64 characters: Dagster writes the cursor down at every look."""
    digest = sha256()
    for path, size, changed in files:
        digest.update(f"{size} {changed} ".encode() + os.fsencode(path) + b"\0")
    return digest.hexdigest()
