"""What went wrong, as an exit code and one sentence; details go to a log file that holds no value of any row."""

import errno
import os
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

WENT_WELL = 0
PARTLY = 1
MISUSED = 2
COULD_NOT_RUN = 3

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})

# By name, because importing the classes would load Dagster and every driver for `trueup --help`. Their texts are
# sentences written for the user and hold no value of a row.
SENTENCES = {
    "orchestration.commands.errors.Misused": MISUSED,
    "orchestration.commands.errors.CannotRun": COULD_NOT_RUN,
    "orchestration.exports.DoesNotFit": COULD_NOT_RUN,
    "orchestration.reconcile.Blocked": COULD_NOT_RUN,
    "ledger.settings.SettingsError": MISUSED,
    "ledger.store.database.DatabaseUnavailable": COULD_NOT_RUN,
    "ledger.store.worklist.NoSuchItem": MISUSED,
    "ledger.gateways.stripe_calls.KeyRefused": COULD_NOT_RUN,
    "ledger.gateways.stripe_listing.CannotList": COULD_NOT_RUN,
    "ingestion.landing.FeedUnreadable": COULD_NOT_RUN,
    "ingestion.era835.archive_key.ArchiveError": COULD_NOT_RUN,
    "ingestion.era835.settlement.UnknownTransaction": MISUSED,
    "ingestion.era835.settlement.CannotSettle": COULD_NOT_RUN,
    "ingestion.era835.matching.UnknownVisit": MISUSED,
    "orchestration.closing.NoSuchPoint": MISUSED,
    "orchestration.pack.kept.NotAsSealed": COULD_NOT_RUN,
    "orchestration.pack.making.NoSuchPack": COULD_NOT_RUN,
    "orchestration.commands.month_mail.NotAllDelivered": COULD_NOT_RUN,
    "orchestration.dbt_project.DbtFailed": COULD_NOT_RUN,
    "sandbox.stripe.keeping.NotKept": COULD_NOT_RUN,
}

# SQLSTATE codes and classes (PostgreSQL, Appendix A): psycopg's own texts may quote a row, so they are never shown.
_NOTHING_KEPT = "Nothing of the step under way is kept"
STATES = {
    "53100": f"The database's disk is full. {_NOTHING_KEPT}; make room and run the command again.",
    "53": f"The database is out of connections or memory. {_NOTHING_KEPT}; run the command again later.",
    "57": f"The database was shut down while the command ran. {_NOTHING_KEPT}; run the command again.",
    "08": f"The connection to the database broke. {_NOTHING_KEPT}; run the command again.",
    "42501": "The database refuses this: the user in TRUEUP_DATABASE_URL lacks a right. It must own Trueup's schemas.",
    "25006": "The database is read-only (a standby?). Point TRUEUP_DATABASE_URL at the primary server.",
    "40": f"Another command changed the same rows at the same moment. {_NOTHING_KEPT}; run the command again.",
    "55P03": "Another command holds the lock this one needs. Run the command again when it is done.",
    "28": "The database refuses the user or password in TRUEUP_DATABASE_URL.",
}


class Misused(Exception):  # noqa: N818 - named for what the user did
    """The command was used wrongly: exit code 2. The text is a sentence for the user."""


class CannotRun(Exception):  # noqa: N818 - named for what the user sees
    """The command could not run or was blocked: exit code 3. The text is a sentence for the user."""


class Explanation(NamedTuple):
    """An exit code (0, 1, 2, 3: docs/reference.md) and the sentence that goes with it."""

    exit_code: int
    sentence: str


def explained(error: BaseException) -> Explanation | None:
    """Give the exit code and the sentence of a known kind of error, None for an unexpected one."""
    for known in type(error).__mro__:
        code = SENTENCES.get(f"{known.__module__}.{known.__qualname__}")
        if code is not None:
            return Explanation(code, str(error))
    if isinstance(error, MemoryError):
        return Explanation(COULD_NOT_RUN, "The machine ran out of memory. Nothing of the step under way is kept.")
    sentence = _of_the_system(error) if isinstance(error, OSError) else _of_the_database(error)
    return Explanation(COULD_NOT_RUN, sentence) if sentence else None


def unexpected(error: BaseException, home: Path) -> Explanation:
    """Write the traceback without any value to home/logs and give the sentence that names the file."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    log = home / "logs" / f"error-{stamp}-{os.getpid()}.log"
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        log.write_text("\n".join(_without_values(error)) + "\n", encoding="utf-8")
    except OSError:
        return Explanation(
            COULD_NOT_RUN,
            f"Something unforeseen stopped the command ({type(error).__name__}), and no log could be written "
            f"to {log.parent}.",
        )
    return Explanation(
        COULD_NOT_RUN,
        f"Something unforeseen stopped the command ({type(error).__name__}). What was finished before is kept; "
        f"the details, without any data, are in {log}.",
    )


def _of_the_system(error: OSError) -> str | None:
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in DISK_FULL:
        return f"The disk is full{where}. Nothing half-written is left behind; make room and run the command again."
    if error.errno in FORBIDDEN:
        return (
            f"The system forbids it{where}: {os.strerror(error.errno or 0)}. Give this user the right and run it again."
        )
    if error.errno in {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EEXIST,
        errno.EIO,
        errno.EMFILE,
        errno.ENAMETOOLONG,
    }:
        return f"The system could not do it{where}: {os.strerror(error.errno)}."
    return None


def _of_the_database(error: BaseException) -> str | None:
    # SQLAlchemy wraps the driver's error in `orig`; psycopg has `sqlstate`, psycopg2 `pgcode`.
    driver: object = getattr(error, "orig", None) or error
    state = getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None)
    if isinstance(state, str):
        return STATES.get(state) or STATES.get(state[:2])
    module = type(driver).__module__.partition(".")[0]
    if module in {"psycopg", "psycopg2"} and type(driver).__name__ == "OperationalError":
        return STATES["08"]
    return None


def _without_values(error: BaseException) -> list[str]:
    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        diag = getattr(cause, "diag", None)
        known = [
            f"{name}={value}"
            for name in ("sqlstate", "table_name", "column_name", "constraint_name")
            if (value := getattr(diag, name, None))
        ]
        lines.append(" ".join([f"{type(cause).__module__}.{type(cause).__qualname__}", *known]))
        lines += [
            f"  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}"
            for frame in traceback.extract_tb(cause.__traceback__)
        ]
        cause = cause.__cause__ or cause.__context__
    return lines
