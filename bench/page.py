"""docs/benchmarks.md has one part a script: each writes its own and leaves the others as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def put(path: Path, name: str, text: str) -> None:
    """Replace one part of the page, or add it at the end."""
    begin, end = f"<!-- begin: {name} -->\n", f"<!-- end: {name} -->\n"
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    part = f"{begin}\n{text.strip()}\n\n{end}"
    if begin in page:
        before, _, rest = page.partition(begin)
        page = before + part + rest.partition(end)[2]
    else:
        page = f"{page}\n{part}" if page else part
    path.write_text(page, encoding="utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], sides: str) -> str:
    """Write a table, a letter a column in `sides`: l or r."""
    rule = ["---:" if side == "r" else "---" for side in sides]
    lines = [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]
    return "\n".join(lines) + "\n"
