"""Each benchmark writes its own part of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import page

if TYPE_CHECKING:
    from pathlib import Path


def test_a_part_is_replaced_where_it_stands_and_a_new_one_comes_last(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    for name, text in (("one", "first"), ("two", "second"), ("one", "first anew")):
        page.put(path, name, text)
    assert path.read_text() == (
        "<!-- begin: one -->\n\nfirst anew\n\n<!-- end: one -->\n\n<!-- begin: two -->\n\nsecond\n\n<!-- end: two -->\n"
    )
