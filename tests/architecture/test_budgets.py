"""The house stays small enough to read: sizes, docstrings, money, lock files."""

import ast
import re
from collections.abc import Iterator
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


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{_name(path)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("path", MODULES + TESTS, ids=_name)
def test_a_python_file_has_at_most_400_lines_and_no_function_over_70(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    assert [found for found in _functions(path) if found[1] > 70] == []


@pytest.mark.parametrize("path", MODULES + TESTS, ids=_name)
def test_a_module_begins_with_its_docstring(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert said.splitlines()[:1] != []
    assert len(said.splitlines()[0]) > 10


@pytest.mark.parametrize("package", PACKAGES)
def test_the_usual_function_has_ten_lines(package: str) -> None:
    sizes = [lines for path in MODULES if path.is_relative_to(ROOT / package) for _, lines in _functions(path)]
    assert median(sizes) <= 10


@pytest.mark.parametrize("path", MODELS, ids=_name)
def test_a_model_has_at_most_100_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 100


def test_no_python_lies_under_dbt_where_it_would_shadow_the_installed_package() -> None:
    assert [_name(path) for path in (ROOT / "dbt").rglob("*.py")] == []


def test_the_test_tree_has_no_package_files() -> None:
    assert [_name(path) for path in (ROOT / "tests").rglob("__init__.py")] == []


@pytest.mark.parametrize("path", LOCKS, ids=_name)
def test_a_lock_file_names_no_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"\w+://|--(?:extra-)?index-url|files\.\w+", text) == []


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_no_amount_of_money_is_ever_a_float(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"float", "pa.float64"}
    ]
    notes = [node for node in ast.walk(tree) if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation]
    assert [ast.unparse(call) for call in calls if "cents" in ast.unparse(call)] == []
    assert [
        ast.unparse(note)
        for note in notes
        if "cents" in ast.unparse(note) and "float" in ast.unparse(note.annotation or note)
    ] == []


@pytest.mark.parametrize("path", [*MODELS, *sorted((ROOT / "ingestion").rglob("*.sql"))], ids=_name)
def test_no_amount_of_money_is_ever_a_double(path: Path) -> None:
    assert not re.search(r"double precision|\bfloat\d?\b|\breal\b", path.read_text(encoding="utf-8"), re.IGNORECASE)
