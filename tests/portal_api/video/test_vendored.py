"""The one script of somebody else's is the published file, and its licence stands beside it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

VENDOR = Path(__file__).parents[3] / "portal_api" / "static" / "vendor"


def test_the_files_of_others_are_those_that_were_published() -> None:
    lines = re.findall(r"`([^`]+)`: (\S+) (\S+) .*SHA-256 `([0-9a-f]{64})`", (VENDOR / "README.md").read_text())
    assert [line[:3] for line in lines] == [("twilio-video.min.js", "twilio-video", "2.36.0")]
    for name, _, version, sha256 in lines:
        script = (VENDOR / name).read_bytes()
        assert hashlib.sha256(script).hexdigest() == sha256
        assert script.startswith(f"/*! twilio-video.js {version}".encode())
    assert "Redistribution and use" in (VENDOR / "twilio-video.LICENSE.md").read_text()
    named = {name for name, *_ in lines} | {"README.md", "twilio-video.LICENSE.md"}
    assert {path.name for path in VENDOR.iterdir()} == named
