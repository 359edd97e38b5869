"""dbt's models and tests as assets and checks: what stands before the memos, and what stands after them."""

from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import build_dbt_asset_specs

from orchestration.dbt_project import STAGE_ONE, STAGE_TWO, Dbt, Node, name_of
from orchestration.defs.resources import Books
from orchestration.translator import Translator

Manifest = Mapping[str, Any]


def assets(manifest: Manifest) -> list[dg.AssetsDefinition]:
    """Make the two assets dbt is run by, each with all of its models and tests."""
    translator = Translator()
    one = build_dbt_asset_specs(manifest=manifest, dagster_dbt_translator=translator, select=STAGE_ONE)
    two = build_dbt_asset_specs(manifest=manifest, dagster_dbt_translator=translator, select=STAGE_TWO)
    ours = {spec.key for spec in two}
    tests = _tests(manifest, translator)
    late = {unique_id: keys for unique_id, keys in tests.items() if ours.intersection(keys)}
    early = {unique_id: keys for unique_id, keys in tests.items() if unique_id not in late}
    return [
        _stage("before_memos", STAGE_ONE, manifest, one, early, "Nothing was published."),
        _stage(
            "after_memos", STAGE_TWO, manifest, two, late, "Marts built before it are new, the others as they were."
        ),
    ]


def _tests(manifest: Manifest, translator: Translator) -> dict[str, list[dg.AssetKey]]:
    """Every data test and the models and seeds it reads; a test of sources alone is a contract's business."""
    nodes = manifest["nodes"]
    return {
        unique_id: keys
        for unique_id, node in nodes.items()
        if node["resource_type"] == "test"
        and (keys := [translator.get_asset_key(nodes[parent]) for parent in _parents(node) if parent in nodes])
    }


def _parents(node: Mapping[str, Any]) -> list[str]:
    """List what a test reads, the model it is attached to last."""
    parents = [parent for parent in node["depends_on"]["nodes"] if parent != node.get("attached_node")]
    return [*parents, node["attached_node"]] if node.get("attached_node") else parents


def _stage(  # noqa: PLR0913, PLR0917 - what a stage is made of, from its only caller
    name: str,
    selection: str,
    manifest: Manifest,
    specs: Sequence[dg.AssetSpec],
    tests: Mapping[str, Sequence[dg.AssetKey]],
    published: str,
) -> dg.AssetsDefinition:
    """One run of dbt as one asset of many keys; a test is a check of the last model of this stage it reads.

    `published` says what a failure leaves behind.
    """
    translator = Translator()
    ours = {spec.key for spec in specs}
    keys = {
        unique_id: translator.get_asset_key(node)
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] in {"model", "seed"}
    }
    checked = {unique_id: [key for key in parents if key in ours][-1] for unique_id, parents in tests.items()}
    made = [unique_id for unique_id in in_order(manifest) if keys.get(unique_id) in ours]
    replaced = changing(manifest, made)

    @dg.multi_asset(
        name=name,
        specs=specs,
        check_specs=[
            dg.AssetCheckSpec(name_of(unique_id), asset=key, blocking=True) for unique_id, key in checked.items()
        ],
        pool="dbt",
    )
    def stage(books: dg.ResourceParam[Books]) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        whole = books.since is None
        chosen = selection if whole else books.dbt.tagged(name, [*replaced, *checked])
        nodes = books.dbt.build(chosen, books.advance, whole=whole)
        written = {node.unique_id: _written(manifest, node, whole=whole) for node in nodes}
        lost = {node.unique_id for node in nodes if node.failed or node.status == "skipped"}
        # A view that was not built again is as new as what it reads.
        for unique_id in made:
            if unique_id not in lost:
                yield dg.MaterializeResult(asset_key=keys[unique_id], metadata=written.get(unique_id, {}))
        for node in nodes:
            if node.unique_id in checked and node.status != "skipped":
                yield _check(node, checked[node.unique_id])
        _stop_at_failure(nodes, books.dbt, published)

    return stage


def in_order(manifest: Manifest) -> list[str]:
    """List every node after what it reads."""
    return list(
        TopologicalSorter(
            {name: node["depends_on"].get("nodes", ()) for name, node in manifest["nodes"].items()}
        ).static_order()
    )


def changing(manifest: Manifest, unique_ids: Sequence[str]) -> list[str]:
    """List the models a run must build when neither models nor code lists changed: all but views that stand.

    A view goes with a table that is made anew under it, so it is built again then.
    """
    nodes = manifest["nodes"]

    def changes(unique_id: str) -> bool:
        node = nodes.get(unique_id, {"resource_type": "source"})
        if node["resource_type"] != "model":
            return False
        if node["config"]["materialized"] != "view":
            return True
        return any(
            changes(parent) and nodes[parent]["config"]["materialized"] != "incremental"
            for parent in node["depends_on"]["nodes"]
        )

    return [unique_id for unique_id in unique_ids if changes(unique_id)]


def _check(node: Node, key: dg.AssetKey) -> dg.AssetCheckResult:
    """Give a dbt test as Dagster's result; a test whose severity is warn warns."""
    return dg.AssetCheckResult(
        check_name=name_of(node.unique_id),
        asset_key=key,
        passed=node.status == "pass",
        severity=dg.AssetCheckSeverity.ERROR if node.failed else dg.AssetCheckSeverity.WARN,
        metadata={} if node.failures is None else {"failing_rows": node.failures},
    )


def _stop_at_failure(nodes: Sequence[Node], dbt: Dbt, published: str) -> None:
    """Raise the failure of the first node that failed, with its name and where the reason stands."""
    failed = next((node for node in nodes if node.failed), None)
    if failed:
        what = (
            f"The test {name_of(failed.unique_id)} fails ({failed.failures or 0} rows)"
            if failed.is_test
            else f"The model {name_of(failed.unique_id)} cannot be built"
        )
        raise dg.Failure(f"{what}; what dbt says stands in {dbt.log}. {published}")


def _written(manifest: Manifest, node: Node, *, whole: bool) -> dict[str, int]:
    """Tell how many rows a table has that was made whole; of one of which a part was replaced, the rows of that part.

    The statement that wrote them counted them: to count those of every table would read all of them.
    """
    config = manifest["nodes"].get(node.unique_id, {"config": {}})["config"]
    if node.rows is None or config.get("materialized") not in {"table", "incremental", "seed"}:
        return {}
    is_made_anew = whole and config["full_refresh"] is not False
    stays = config["materialized"] == "incremental" and config["incremental_strategy"] != "replace_all"
    return {"rows_written" if stays and not is_made_anew else "dagster/row_count": node.rows}
