"""What JSON objects are in Python."""

from typing import Any

Obj = dict[str, Any]
