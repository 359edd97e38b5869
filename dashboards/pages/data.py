"""What a data engineer looks at: feeds, files with control totals, partitions, runs, and contracts with examples."""

from http import HTTPStatus

from starlette.exceptions import HTTPException

from dashboards.here import Here
from dashboards.paging import Part
from dashboards.reading import one, rows
from dashboards.templating import page

RUNS = 20
FILES = 10  # on the first page; their own has all
KINDS = {
    "visits": "Visit ledger",
    "stripe": "Stripe objects",
    "era": "Remittances (835)",
    "fees": "Fee schedule",
    "practices": "Practices",
    "bank": "Bank deposits",
}
ASSETS = {
    "visits": "Visits by day of their change",
    "stripe_objects": "Stripe objects by day of their version",
    "remittances": "Remittances by file",
}


def overview(here: Here, dagster: str) -> str:
    """Render everything at a glance; `dagster` is the address of its pages, without the slash at the end."""
    contracts = rows(here, "data_contracts")
    return page(
        here,
        "data.html",
        dagster=dagster,
        kinds=KINDS,
        assets=ASSETS,
        feeds=rows(here, "data_feeds"),
        contracts=contracts,
        broken=[each for each in contracts if not each["is_kept"]],
        runs=rows(here, "data_runs", {"listed": RUNS}),
        files=rows(here, "data_files", {"kind": None, "size": FILES, "skipped": 0}),
        partitions=rows(here, "data_partition_totals"),
    )


def files(here: Here, kind: str | None, number: int) -> str:
    """Render one part of the files, of one feed where asked; raises HTTPException 404 for an unknown feed or part."""
    if kind is not None and kind not in KINDS:
        raise _unknown(KINDS)
    part = Part.of(one(here, "data_file_count", {"kind": kind})["files"], number)
    found = rows(here, "data_files", {"kind": kind, "size": part.size, "skipped": part.skipped})
    return page(here, "data_files.html", kind=kind, kinds=KINDS, files=found, part=part)


def partitions(here: Here, dagster: str, asset: str, number: int) -> str:
    """Render one part of a feed's partitions; raises HTTPException 404 for an unknown feed or part."""
    if asset not in ASSETS:
        raise _unknown(ASSETS)
    totals = {row["asset"]: row["partitions"] for row in rows(here, "data_partition_totals")}
    part = Part.of(totals.get(asset, 0), number)
    found = rows(here, "data_partitions", {"asset": asset, "size": part.size, "skipped": part.skipped})
    return page(here, "data_partitions.html", dagster=dagster, asset=asset, assets=ASSETS, partitions=found, part=part)


def _unknown(known: dict[str, str]) -> HTTPException:
    return HTTPException(HTTPStatus.NOT_FOUND, f"There is no such feed; there are {', '.join(known)}.")
