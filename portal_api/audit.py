"""The audit: who did what to what, when and from where, never the content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal_api.audit_chain import Entry

if TYPE_CHECKING:
    from portal_api.here import Here


def record(here: Here, action: str, subject: str) -> None:
    """Record that whoever is here did `action` (like "chart.read") to `subject` (like "patient/<id>").

    It is written when the transaction commits, and not at all when it does not.
    """
    who = here.who
    kind = who.kind.value if who else "nobody" if here.browser.address else "system"
    here.deeds.entries.append(
        Entry(
            here.now,
            kind,
            who.id if who else None,
            who.session_id if who else None,
            action,
            subject,
            here.browser.address,
        )
    )
