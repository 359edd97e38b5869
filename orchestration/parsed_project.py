"""The dbt project as dbt parsed it, kept beside the project: every home and every database reads one parse.

dbt parses anew for every other database, which takes as long as building a third of the models.
"""

import contextlib
import importlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

ANY = "trueup"
"""The database a kept parse is written for."""

PROFILE = {
    "TRUEUP_DBT_HOST": "localhost",
    "TRUEUP_DBT_PORT": "5432",
    "TRUEUP_DBT_USER": "postgres",
    "TRUEUP_DBT_PASSWORD": "",
    "TRUEUP_DBT_NAME": ANY,
}
"""The variables of the profile while parsing: dbt throws its earlier parse away when they change."""

DRAFT = ".draft-"
_PACKED, _WRITTEN = "partial_parse.msgpack", "manifest.json"


class Parsed(NamedTuple):
    """A parsed project: `manifest` as dbt works with it, `written` as it writes it to manifest.json."""

    manifest: Any
    written: Mapping[str, Any]


def folder(project: Path, home: Path) -> Path:
    """Return where parses are kept, one a folder named by the checksum of what was parsed.

    That is beside the project, as compiled modules lie beside theirs, and in the home where nobody may write there.
    """
    for place in (project / "target" / "parsed", home / "dbt" / "parsed"):
        with contextlib.suppress(OSError):
            place.mkdir(parents=True, exist_ok=True)
        if os.access(place, os.W_OK):
            break
    return place


def start(draft: Path) -> None:
    """Put an earlier parse into a draft, of which dbt parses only what changed."""
    for earlier in _kept(draft.parent):
        with contextlib.suppress(OSError):
            shutil.copy(earlier / _PACKED, draft)


def keep(draft: Path, place: Path) -> None:
    """Make a draft that dbt wrote the parse at `place`, unless another process was first; earlier ones go."""
    made = draft / "made"
    made.mkdir()
    for name in (_PACKED, _WRITTEN):
        (draft / name).rename(made / name)
    with contextlib.suppress(OSError):
        made.rename(place)
    for earlier in _kept(place.parent):
        if earlier != place:
            shutil.rmtree(earlier, ignore_errors=True)


def read(place: Path, database: str) -> Parsed | None:
    """Read the parse at `place` as if it was made for `database`; None where there is none."""
    try:
        packed, text = (place / _PACKED).read_bytes(), (place / _WRITTEN).read_bytes()
    except FileNotFoundError:
        return None
    parser = importlib.import_module("dbt.parser.manifest")
    manifest = parser.Manifest.from_msgpack(packed, decoder=parser.extended_mashumuro_decoder)
    manifest.build_parent_and_child_maps()
    manifest.build_flat_graph()
    for node in (*manifest.nodes.values(), *manifest.sources.values()):
        node.database, node.relation_name = database, _named(node.relation_name, database)
    written = json.loads(text)
    for node in (*written["nodes"].values(), *written["sources"].values()):
        node["database"], node["relation_name"] = database, _named(node.get("relation_name"), database)
    return Parsed(manifest, written)


def _kept(place: Path) -> list[Path]:
    return [each for each in place.iterdir() if not each.name.startswith(DRAFT)]


def _named(relation: str | None, database: str) -> str | None:
    return relation and relation.replace(f'"{ANY}"', f'"{database}"', 1)
