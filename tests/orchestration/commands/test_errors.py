"""Every foreseeable error is one sentence and an exit code; the log of any other holds no value of a row."""

import errno
import importlib
from pathlib import Path

import psycopg
import pytest

from orchestration.commands import errors

PLANTED = "blanked-out-value"


@pytest.mark.filterwarnings("ignore")  # other libraries warn of their own parts when they are imported
@pytest.mark.parametrize("name", errors.SENTENCES)
def test_every_error_that_is_known_by_its_name_is_there(name: str) -> None:
    module, _, kind = name.rpartition(".")
    assert issubclass(getattr(importlib.import_module(module), kind), Exception)
    assert getattr(importlib.import_module(module), kind).__module__ == module


@pytest.mark.parametrize(
    ("code", "said"), [(errno.ENOSPC, "disk is full"), (errno.EDQUOT, "disk is full"), (errno.EACCES, "forbids")]
)
def test_the_systems_errors_are_sentences_that_name_the_file(code: int, said: str) -> None:
    explanation = errors.explained(OSError(code, "text of the system", "/some/file"))
    assert explanation is not None
    assert explanation.exit_code == 3
    assert said in explanation.sentence
    assert "/some/file" in explanation.sentence


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (psycopg.errors.DiskFull, "disk is full"),
        (psycopg.errors.AdminShutdown, "shut down"),
        (psycopg.errors.TooManyConnections, "connections"),
        (psycopg.errors.DeadlockDetected, "same moment"),
        (psycopg.errors.InsufficientPrivilege, "right"),
        (psycopg.errors.ReadOnlySqlTransaction, "read-only"),
        (psycopg.OperationalError, "connection to the database broke"),
    ],
)
def test_the_databases_errors_are_sentences_without_its_own_words(error: type[psycopg.Error], said: str) -> None:
    explanation = errors.explained(error(PLANTED))
    assert explanation is not None
    assert explanation.exit_code == 3
    assert said in explanation.sentence
    assert PLANTED not in explanation.sentence


def test_misuse_is_2_and_what_cannot_run_is_3() -> None:
    assert errors.explained(errors.Misused("a")) == (2, "a")
    assert errors.explained(errors.CannotRun("b")) == (3, "b")


def test_an_unforeseen_error_is_a_sentence_and_a_log_without_values(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    connection.execute("create temporary table one (name text primary key)")
    with pytest.raises(psycopg.errors.UniqueViolation) as caught:
        connection.execute("insert into one values (%(name)s), (%(name)s)", {"name": PLANTED})
    assert errors.explained(caught.value) is None
    explanation = errors.unexpected(caught.value, tmp_path)
    (log,) = (tmp_path / "logs").iterdir()
    written = log.read_text()
    assert explanation.exit_code == 3
    assert str(log) in explanation.sentence
    assert PLANTED not in written + explanation.sentence
    assert "sqlstate=23505" in written
    assert "test_errors.py" in written


def test_a_log_that_cannot_be_written_is_said_too(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    explanation = errors.unexpected(ValueError(PLANTED), tmp_path / "home")
    assert explanation.exit_code == 3
    assert "no log could be written" in explanation.sentence
