"""Every asset, check and resource, assembled into one graph, for whoever runs or shows it."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.defs import journal, memos, payments, remittances, resources, visits, warehouse
from orchestration.defs.contracts import contracts


def assembled(manifest: Mapping[str, Any], books: resources.Books | None = None) -> dg.Definitions:
    """All definitions over a parsed dbt project; without `books` they can be looked at and not run."""
    return dg.Definitions(
        assets=[
            visits.visits,
            visits.practices,
            payments.stripe_objects,
            payments.bank_deposits,
            remittances.remittances,
            remittances.fees,
            *warehouse.assets(manifest),
            memos.memos,
            journal.journal,
        ],
        asset_checks=[contracts],
        resources={"books": books},
        executor=dg.in_process_executor,
    )
