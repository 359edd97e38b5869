"""How the feeds are cut, days and remittance files, and how touched partitions are written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg

DAYS = dg.DailyPartitionsDefinition(start_date="2015-01-01", end_offset=1)
"""A local day (TRUEUP_TIMEZONE) of what an outsider says when something changed. One object for all daily assets."""

REMITTANCE_FILES = dg.DynamicPartitionsDefinition(name="remittance_file")
"""A remittance file, by the SHA-256 of its decompressed bytes."""


@dataclass(frozen=True)
class Part:
    """One partition as it stands in raw: `totals` are its row count and control totals (cents), by name."""

    key: str
    loaded_through: int
    totals: Mapping[str, int]


def record(context: dg.AssetExecutionContext, parts: Sequence[Part]) -> None:
    """Write an event for each partition touched since the last run, with its totals as metadata.

    The data version is what the partition is made of, so that Dagster knows a re-load that changed nothing. A day
    outside the calendar (before 2015, or in the future) stays in the totals of the asset and has no partition.
    """
    if isinstance(context.assets_def.partitions_def, dg.DynamicPartitionsDefinition):
        context.instance.add_dynamic_partitions(str(REMITTANCE_FILES.name), [part.key for part in parts])
    for part in parts:
        if context.assets_def.partitions_def is DAYS and not in_calendar(part.key):
            continue
        context.log_event(
            dg.AssetMaterialization(
                asset_key=context.asset_key,
                partition=part.key,
                metadata=described(part.totals),
                tags={"dagster/data_version": f"{part.loaded_through}-{part.totals['rows']}"},
            )
        )


def in_calendar(day: str) -> bool:
    """Whether the calendar has a partition for an ISO day."""
    last = DAYS.get_last_partition_key()
    return "2015-01-01" <= day <= str(last) and date.fromisoformat(day).isoformat() == day


def described(totals: Mapping[str, int]) -> dict[str, Any]:
    """Totals as metadata; the row count under the name the user interface draws."""
    return {("dagster/row_count" if name == "rows" else name): value for name, value in totals.items()}
