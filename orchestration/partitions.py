"""How the feeds are cut, days and remittance files, and how touched partitions are written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg

from orchestration.days import FIRST_DAY

if TYPE_CHECKING:
    import psycopg

DAYS = dg.DailyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), end_offset=1)
"""A local day (TRUEUP_TIMEZONE) of what an outsider says when something changed. One object for all daily assets."""

REMITTANCE_FILES = dg.DynamicPartitionsDefinition(name="remittance_file")
"""A remittance file, by the SHA-256 of its decompressed bytes."""


@dataclass(frozen=True)
class Part:
    """One partition as it stands in raw: `totals` are its row count and control totals (cents), by name.

    `fingerprint` changes when anything changes that the partition is made of.
    """

    key: str
    fingerprint: str
    totals: Mapping[str, int]


def record(context: dg.AssetExecutionContext, connection: "psycopg.Connection", parts: Sequence[Part]) -> None:
    """Write down what each partition is made of, then an event for each with its totals as metadata.

    A day outside the calendar (before 2015, or in the future) stays in the totals of the asset and has no partition.
    """
    if context.assets_def.partitions_def is DAYS:
        parts = [part for part in parts if in_calendar(part.key)]
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.partition (feed, key, fingerprint) values (%s, %s, %s) on conflict (feed, key)"
            " do update set fingerprint = excluded.fingerprint, recorded_at = excluded.recorded_at",
            [(context.asset_key.path[-1], part.key, part.fingerprint) for part in parts],
        )
    connection.commit()
    tell(context, parts)


def tell(context: dg.AssetExecutionContext, parts: Sequence[Part]) -> None:
    """Write an event for each partition; its data version is what it is made of."""
    if isinstance(context.assets_def.partitions_def, dg.DynamicPartitionsDefinition):
        context.instance.add_dynamic_partitions(str(REMITTANCE_FILES.name), [part.key for part in parts])
    for part in parts:
        context.log_event(
            dg.AssetMaterialization(
                asset_key=context.asset_key,
                partition=part.key,
                metadata=described(part.totals),
                tags={"dagster/data_version": part.fingerprint},
            )
        )


def in_calendar(day: str) -> bool:
    """Whether the calendar has a partition for an ISO day."""
    last = DAYS.get_last_partition_key()
    return FIRST_DAY.isoformat() <= day <= str(last) and date.fromisoformat(day).isoformat() == day


def described(totals: Mapping[str, int]) -> dict[str, Any]:
    """Totals as metadata; the row count under the name the user interface draws."""
    return {("dagster/row_count" if name == "rows" else name): value for name, value in totals.items()}
