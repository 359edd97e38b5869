"""What a page must be in a real browser: free of WCAG findings, no wider than its window, and kept as a picture."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Kept with the output of CI (git ignores it); TRUEUP_SCREENSHOTS puts them elsewhere.
FOLDER = Path(os.environ.get("TRUEUP_SCREENSHOTS") or Path(__file__).parents[2] / ".ci" / "screenshots")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
NARROW = 320
"""Pixels at which nothing may need scrolling sideways (WCAG 2.2, 1.4.10)."""
SMALLEST_TARGET = 24
_SMALL = """least => [...document.querySelectorAll('button, input, select, .button, .top a')]
  .filter(one => one.type !== 'hidden' && one.checkVisibility())
  .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
  .filter(([_, box]) => box.width < least || box.height < least).map(([html]) => html)"""

_WIDE = """most => document.documentElement.scrollWidth <= most ? [] :
  [...document.querySelectorAll('main *')].filter(one => one.getBoundingClientRect().right > most)
  .map(one => one.outerHTML.slice(0, 80))"""

_MOVING = """video => new Promise((resolve) => {
  const seen = video.videoWidth > 0 ? video.getVideoPlaybackQuality().totalVideoFrames : -1;
  setTimeout(() => resolve(seen >= 0 && video.getVideoPlaybackQuality().totalVideoFrames > seen), 150);
})"""


def check(page: Page, name: str) -> None:
    """Demand that axe finds nothing, that nothing is too wide or too small to hit; keep pictures of both widths."""
    page.wait_for_load_state()  # without its style sheet a page has other colours and sizes
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}}).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
    assert page.evaluate(_SMALL, SMALLEST_TARGET) == []
    usual = page.viewport_size
    assert usual is not None
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=FOLDER / f"{name}.png", full_page=True)
    page.set_viewport_size({"width": NARROW, "height": usual["height"]})
    page.screenshot(path=FOLDER / f"{name}-{NARROW}.png", full_page=True)
    assert page.evaluate(_WIDE, NARROW) == []
    page.set_viewport_size(usual)


def moves(page: Page, picture: str) -> None:
    """Assert that frames of a picture come one after the other."""
    for _ in range(60):
        if page.locator(picture).evaluate(_MOVING):
            return
    raise AssertionError(f"{picture} stands still: {page.locator('#said').inner_text()}")
