"""Who acts, and what they say of it: kept for ever in the books."""

import os
import pwd

from orchestration.commands.errors import Misused
from orchestration.commands.output import printable


def said(text: str, option: str) -> str:
    """Return what staff wrote, on one line."""
    words = printable(text.strip())
    if not words:
        raise Misused(f"{option} is empty. Say it in a few words; whoever reads the books later has only these.")
    return words


def person(name: str | None, option: str) -> str:
    """Return who acts: the name given, else the user of the system, whatever the environment says."""
    if name is not None:
        return said(name, option)
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user may have a number only
        return f"uid {os.getuid()}"
