"""Names dbt's nodes as assets: a model is `schema/name`, a source the asset that loads it."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

_LOADED_BY = {
    "raw.visit": ["raw", "visits"],
    "raw.claim_ref": ["raw", "visits"],
    "raw.visit_verdict": ["raw", "visits"],
    "raw.stripe_object": ["raw", "stripe_objects"],
    "raw.fee": ["raw", "fees"],
    "raw.practice": ["raw", "practices"],
    "raw.open_quarantine": ["raw", "quarantine"],
    "raw.bank_deposit": ["raw", "bank_deposits"],
    "ledger.journal_sum": ["ledger", "journal"],
}


class Translator(DagsterDbtTranslator):
    """Asset keys and groups of dbt's nodes."""

    def __init__(self) -> None:
        # Several raw tables are one asset, since one file fills them together.
        super().__init__(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Name the asset a model is, or the one that loads a source."""
        schema, name = dbt_resource_props["schema"], dbt_resource_props["name"]
        if dbt_resource_props["resource_type"] == "source" and schema == "raw" and name.startswith("era_"):
            return dg.AssetKey(["raw", "remittances"])
        return dg.AssetKey(_LOADED_BY.get(f"{schema}.{name}", [schema, name]))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Name the layer: staging, intermediate, marts, codes."""
        return str(dbt_resource_props["schema"])
