"""`make docs`: docs/finance.md takes its definitions from the models' own descriptions, their one place."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # the library has no types

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs" / "finance.md"
# What stands between the marks is written here; all else in the guide is written by hand.
_PART = re.compile(r"(<!-- from (\S+): make docs writes it -->\n).*?(<!-- end -->)", re.DOTALL)


def with_definitions(guide: str) -> str:
    """Return the text of the guide with the definitions of every file of models that it names, as they are now."""
    return _PART.sub(lambda part: "\n".join([part[1], *_definitions(ROOT / part[2]), part[3]]), guide)


def _definitions(models: Path) -> Iterator[str]:
    for model in yaml.safe_load(models.read_text(encoding="utf-8"))["models"]:
        if not model["name"].startswith("int_"):
            yield _definition(model)


def _definition(model: dict[str, Any]) -> str:
    columns = [
        f"- `{column['name']}`: {' '.join(column['description'].split())}"
        for column in model["columns"]
        if "description" in column
    ]
    told = [f"### {model['name']}", "", model["description"].strip(), ""]
    return "\n".join([*told, "Columns:", "", *columns, ""] if columns else told)


if __name__ == "__main__":
    GUIDE.write_text(with_definitions(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
