"""The slow way to the identity of a remittance: one hash of its segments, rejoined with the usual delimiters."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.plain_reader.envelope import Transaction
    from tests.support.plain_reader.scanner import Interchange


def body_sha256(interchange: Interchange, transaction: Transaction) -> str:
    """Return the SHA-256 (hex) of a transaction without its envelope, the same for every resend of it.

    Hashed are the segments between ST and SE, each followed by `~`, with `*` between elements, `:` between components
    and `^` between repetitions, whatever the file used; without line breaks, without empty segments and without blanks
    before a segment. A transaction that was cut off has no such body: a mark is added, so that the whole one, when it
    comes, is not taken for its duplicate.
    """
    marks = interchange.delimiters
    segments = filter(None, interchange.segments[transaction.start + 1 : transaction.end])
    body = "".join([segment + marks.terminator for segment in segments])
    used = {marks.element: "*", marks.component: ":", marks.repetition: "^", marks.terminator: "~"}
    changed = {ord(mark): standard for mark, standard in used.items() if mark and mark != standard}
    if changed:
        body = body.translate(changed)
    return sha256(body.encode("latin-1") + (b"" if transaction.complete else b"\x00cut off")).hexdigest()
