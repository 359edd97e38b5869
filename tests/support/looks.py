"""Looks at a page as people do: wide, on a phone and at 320 px, with axe, and keeps a picture of each."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTHS = (1280, 375, 320)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
PICTURES = Path(os.environ.get("TRUEUP_SCREENSHOTS", "screenshots"))
# WCAG 2.2, 2.5.8: 24 by 24 CSS pixels, but for links within a sentence.
SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea")]
  .filter(each => { const box = each.getBoundingClientRect();
    return box.width && (box.width < 24 || box.height < 24) && !each.closest("p, li, dd, td, .skip") })
  .map(each => each.outerHTML.slice(0, 120))"""
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def complaints(page: Page) -> list[str]:
    """Return what is too small to hit, and whether the page is wider than its window."""
    said = [f"too small: {each}" for each in page.evaluate(SMALL_TARGETS)]
    if (excess := page.evaluate(TOO_WIDE)) > 0:
        said.append(f"{excess} px wider than its window")
    return said


def axe_finds(page: Page) -> list[str]:
    """Return what axe finds."""
    page.evaluate(_axe())
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run({runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", RULES
    )
    return [f"{each['id']}: {node['html'][:200]}" for each in found["violations"] for node in each["nodes"]]


def looked_at(page: Page, name: str) -> None:
    """Look at the page in every width; fails the test with what is wrong. Pictures: screenshots/<name>-<width>.png."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    before = page.viewport_size
    said = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.screenshot(path=PICTURES / f"{name}-{width}.png", full_page=True)
        said += [f"{name} at {width} px: {each}" for each in complaints(page)]
    said += [f"{name}: {each}" for each in axe_finds(page)]  # in the narrowest, where most wraps
    if before:
        page.set_viewport_size(before)
    assert not said, "\n".join(said)


def _axe() -> str:
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
