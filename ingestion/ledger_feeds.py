"""What the ledger itself knows, landed as if a file had brought it: webhooks' objects, and visits of the portal."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion import landing, visit_ledger

if TYPE_CHECKING:
    from ingestion.landing import Receipt

_DROP_KNOWN = """
delete from webhook_arrivals as arrival
using raw.stripe_object as known
where known.object_id = arrival.object_id
    and known.version_at = arrival.version_at
    and known.object_sha256 = arrival.object_sha256
"""
_MEASURED = """
select
    count(*),
    encode(sha256(convert_to(string_agg(
        object_id || version_at || object_sha256, e'\\n' order by object_id, version_at, object_sha256
    ), 'UTF8')), 'hex'),
    sum(octet_length(payload::text))
from webhook_arrivals
"""
_LAND = """
insert into raw.stripe_object
    (object_id, object_type, version_at, object_sha256, event_id, payload, file_sha256, line_number, load_id)
select
    object_id, object_type, version_at, object_sha256, event_id, payload, %(file_sha256)s,
    row_number() over (order by object_id, version_at, object_sha256, event_id), %(load_id)s
from webhook_arrivals
order by object_id, version_at, object_sha256, event_id
on conflict do nothing
"""
# What an earlier landing, or a file of the same observation, brought is known by the visit and its time.
_OBSERVATIONS = """
select event.observation
from ledger.visit_event as event
where not exists (
    select from raw.visit as known
    where known.visit_token = event.visit_token
        and known.state_changed_at = (event.observation ->> 'state_changed_at')::timestamptz
)
order by event.visit_token, event.ordinal
"""


def land_webhooks(connection: landing.Connection) -> int:
    """Land the versions of objects in `webhook_arrivals` (ledger.store.inbox.hand_over) that raw has not got.

    Returns how many; a load of kind `stripe`, known by the SHA-256 of what it brings. Commits nothing.
    """
    connection.execute(_DROP_KNOWN)
    count, file_sha256, byte_count = connection.execute(_MEASURED).fetchone() or (0, None, None)
    load_id = landing.receive(connection, "stripe", file_sha256, byte_count) if count else None
    if load_id is None:
        return 0
    kept = connection.execute(_LAND, {"file_sha256": file_sha256, "load_id": load_id}).rowcount
    landing.finish(connection, load_id, kept, 0)
    return kept


def land_visits(connection: landing.Connection) -> Receipt | None:
    """Land the observations of the portal's visits that raw has not got, by way of a file like anybody's.

    Returns None where there is none. Commits nothing.
    """
    found = [row[0] for row in connection.execute(_OBSERVATIONS)]
    if not found:
        return None
    with tempfile.TemporaryDirectory(prefix="trueup-") as folder:
        path = Path(folder) / "visits-of-the-portal.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [column.name for column in visit_ledger.COLUMNS])
            writer.writeheader()
            writer.writerows(found)
        return visit_ledger.load(connection, path)
