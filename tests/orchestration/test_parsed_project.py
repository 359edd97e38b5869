"""One parse of the dbt project serves every database and every home."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from orchestration import parsed_project
from orchestration.dbt_project import Dbt

if TYPE_CHECKING:
    from pathlib import Path

DATABASES = ("books of one", "books of another")


def test_every_database_reads_the_one_parse_as_its_own(tmp_path: Path) -> None:
    for name in DATABASES:
        dbt = Dbt(tmp_path / name, {"TRUEUP_DBT_NAME": name})
        written = dbt.manifest()
        for held in ("nodes", "sources"):
            nodes = written[held]
            assert {node["database"] for node in nodes.values()} == {name}
            relations = {node["relation_name"] for node in nodes.values()} - {None}
            assert relations
            assert all(relation.startswith(f'"{name}".') for relation in relations)
            live = getattr(dbt._project().manifest, held)
            assert {key: node.relation_name for key, node in live.items()} == {
                key: node["relation_name"] for key, node in nodes.items()
            }
        # It stands beside the project.
        assert not (tmp_path / name / "dbt").exists()


def test_what_dbt_is_tagged_with_is_what_it_is_asked_for(tmp_path: Path) -> None:
    dbt = Dbt(tmp_path, {})
    wanted = ["model.trueup.memos", "model.trueup.leaks"]
    for _ in range(2):
        assert dbt.tagged("once", wanted) == "tag:once"
    tagged = {key: node.tags for key, node in dbt._project().manifest.nodes.items() if node.tags}
    assert tagged == {unique_id: ["once"] for unique_id in wanted}


def test_where_the_project_cannot_be_written_to_the_home_keeps_the_parse(tmp_path: Path) -> None:
    project, home = tmp_path / "project", tmp_path / "home"
    project.mkdir()
    assert parsed_project.folder(project, home) == project / "target" / "parsed"
    (project / "target" / "parsed").rmdir()
    (project / "target").rmdir()
    (project / "target").write_text("no folder")
    assert parsed_project.folder(project, home) == home / "dbt" / "parsed"
    assert (home / "dbt" / "parsed").is_dir()


def test_of_two_that_parse_at_once_the_first_is_kept_and_earlier_ones_go(tmp_path: Path) -> None:
    (tmp_path / "earlier").mkdir()
    for name in ("first", "second"):
        draft = tmp_path / f"{parsed_project.DRAFT}{name}"
        draft.mkdir()
        (draft / "partial_parse.msgpack").write_text(name)
        (draft / "manifest.json").write_text(json.dumps(name))
        parsed_project.keep(draft, tmp_path / "checksum")
    assert json.loads((tmp_path / "checksum" / "manifest.json").read_text()) == "first"
    assert not (tmp_path / "earlier").exists()
    assert parsed_project.read(tmp_path / "earlier", "books") is None
