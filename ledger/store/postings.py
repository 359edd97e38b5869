"""What the processor last said of the objects that post our memos: any order, any number of times, the same state."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    import psycopg


def say(  # noqa: PLR0913 - what one word of the processor consists of
    connection: psycopg.Connection, *, memo_id: UUID, object_id: str, is_void: bool, said_at: datetime, sha256: str
) -> bool:
    """Keep what was said of an object that carries a memo's id; tell whether that is news. The caller commits.

    The newest word stands (`said_at`, then the larger hash), so that words may come late, twice or turned round. A memo
    that no book of ours has is no posting: it is left out.
    """
    changed = connection.execute(
        """
        insert into ledger.memo_posting as known (object_id, memo_id, status, said_at, sha256)
        select %(object_id)s, memo_id, %(status)s, %(said_at)s, %(sha256)s
        from ledger.memos where memo_id = %(memo_id)s
        on conflict (object_id) do update
        set (status, said_at, sha256) = (excluded.status, excluded.said_at, excluded.sha256)
        where (excluded.said_at, excluded.sha256) > (known.said_at, known.sha256)
            and known.memo_id = excluded.memo_id
        """,
        {
            "object_id": object_id,
            "memo_id": memo_id,
            "status": "void" if is_void else "posted",
            "said_at": said_at,
            "sha256": sha256,
        },
    )
    return changed.rowcount == 1


def is_posted(connection: psycopg.Connection, memo_id: UUID) -> bool:
    """Tell whether an object of the processor posts the memo now."""
    row = connection.execute(
        "select exists (select from ledger.memo_posting where memo_id = %s and status = 'posted')", (memo_id,)
    ).fetchone()
    return bool(row and row[0])
