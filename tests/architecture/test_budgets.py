"""The house stays small enough to read: sizes, docstrings, money, lock files."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ["ledger", "ingestion", "expectations", "orchestration", "dashboards", "portal_api", "sandbox"]
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MODELS = sorted((ROOT / "dbt").rglob("*.sql"))
LOCKS = [path for name in ("requirements.lock", "package-lock.json") if (path := ROOT / name).exists()]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{_name(path)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def _longer(paths: Iterable[Path], most: int) -> list[tuple[str, int]]:
    sizes = ((_name(path), len(path.read_text(encoding="utf-8").splitlines())) for path in paths)
    return [found for found in sizes if found[1] > most]


def test_a_python_file_has_at_most_400_lines_and_no_function_over_70() -> None:
    assert _longer(MODULES + TESTS, 400) == []
    assert [found for path in MODULES + TESTS for found in _functions(path) if found[1] > 70] == []


def test_a_module_begins_with_its_docstring() -> None:
    said = {_name(path): (ast.get_docstring(_tree(path)) or "").splitlines()[:1] for path in MODULES + TESTS}
    assert len(said) > 500
    assert [name for name, lines in said.items() if not lines or len(lines[0]) <= 10] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_the_usual_function_has_ten_lines(package: str) -> None:
    sizes = [lines for path in MODULES if path.is_relative_to(ROOT / package) for _, lines in _functions(path)]
    assert median(sizes) <= 10


def test_a_model_has_at_most_100_lines() -> None:
    assert MODELS
    assert _longer(MODELS, 100) == []


def test_no_python_lies_under_dbt_where_it_would_shadow_the_installed_package() -> None:
    assert [_name(path) for path in (ROOT / "dbt").rglob("*.py")] == []


def test_the_test_tree_has_no_package_files() -> None:
    assert [_name(path) for path in (ROOT / "tests").rglob("__init__.py")] == []


@pytest.mark.parametrize("path", LOCKS, ids=_name)
def test_a_lock_file_names_no_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"\w+://|--(?:extra-)?index-url|files\.\w+", text) == []


def test_no_amount_of_money_is_ever_a_float() -> None:
    assert [(_name(path), found) for path in MODULES for found in _floats_of_money(path)] == []


def _floats_of_money(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"float", "pa.float64"}:
            is_float = True
        else:
            note = node.annotation if isinstance(node, ast.AnnAssign | ast.arg) else None
            is_float = bool(note and "float" in ast.unparse(note))
        if is_float and "cents" in ast.unparse(node):
            yield ast.unparse(node)


def test_no_amount_of_money_is_ever_a_double() -> None:
    double = re.compile(r"double precision|\bfloat\d?\b|\breal\b", re.IGNORECASE)
    paths = [*MODELS, *sorted((ROOT / "ingestion").rglob("*.sql"))]
    assert [_name(path) for path in paths if double.search(path.read_text(encoding="utf-8"))] == []
