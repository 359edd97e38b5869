"""A real browser for tests: the system's Chromium, else Playwright's."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Browser

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]
NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextlib.contextmanager
def chromium(flags: Sequence[str] = ()) -> Iterator[Browser]:
    """Yield the browser, with further flags; with none, skip, or fail where TRUEUP_REQUIRE_BROWSER=1 requires one."""
    system = os.environ.get("TRUEUP_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        try:
            launched = playwright.chromium.launch(executable_path=system, args=[*QUIET, *flags])
        except Error as error:
            if os.environ.get("TRUEUP_REQUIRE_BROWSER") == "1":
                raise
            pytest.skip(f"no browser: {str(error).splitlines()[0]}")
        yield launched
        launched.close()
