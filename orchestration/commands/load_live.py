"""`trueup load stripe --live`: reads Stripe's API, one transaction a window, and says what of it was new."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from orchestration.commands import workspace
from orchestration.commands.errors import PARTLY, WENT_WELL, CannotRun
from orchestration.commands.output import Output, counted

if TYPE_CHECKING:
    from ingestion.landing import Quarantined
    from ingestion.stripe_live import Pull

_SHOWN_OF_QUARANTINE = 5  # lines a type; the rest is one command away


@dataclass
class Read:
    """What was read of a type: objects, versions of them that are new, pieces that were refused."""

    object_type: str
    read: int = 0
    rows: int = 0
    quarantined: int = 0


def run(output: Output, since: datetime | None) -> int:
    """Read every type of object in the workspace of the environment and give the exit code."""
    from ingestion.stripe_live import Pull
    from ledger.gateways.stripe_listing import PATHS, StripeListing

    with workspace.opened() as books:
        settings = books.settings
        if not settings.stripe_key:
            raise CannotRun(
                "Stripe cannot be read without a key: set TRUEUP_STRIPE_KEY; one that may only read will do."
            )
        source = StripeListing(settings.stripe_key, settings.stripe_url, settings.stripe_is_live)
        lookback = timedelta(days=settings.stripe_lookback_days)
        with books.connection() as connection:
            day = since.replace(tzinfo=UTC) if since else None
            pull = Pull(connection, source, datetime.now(UTC), lookback, day)
            done = [_read(pull, object_type, output) for object_type in PATHS]
    rows, quarantined = sum(one.rows for one in done), sum(one.quarantined for one in done)
    output.result({"objects": [asdict(one) for one in done], "rows": rows, "quarantined": quarantined})
    if not rows + quarantined:
        output.line("Nothing at Stripe is new, nothing changed.")
    return PARTLY if quarantined else WENT_WELL


def _read(pull: "Pull", object_type: str, output: Output) -> Read:
    done = Read(object_type)
    refused: list[Quarantined] = []
    with output.progress(object_type) as progress:
        for landed in pull.each(object_type):
            pull.connection.commit()
            done.read += landed.read
            progress(done.read)
            if landed.receipt:
                done.rows += landed.receipt.rows
                refused += landed.receipt.quarantined
    done.quarantined = len(refused)
    said = f", {counted(len(refused), 'piece')} quarantined" if refused else ""
    output.line(f"{object_type}: {done.read:,} read, {counted(done.rows, 'version')} new{said}.")
    for item in refused[:_SHOWN_OF_QUARANTINE]:
        output.message(f"  {item.position}: {item.rule}: {item.message}")
    if len(refused) > _SHOWN_OF_QUARANTINE:
        more = len(refused) - _SHOWN_OF_QUARANTINE
        output.message(f"  … and {more:,} more: see all with `trueup export quarantine`.")
    return done
