"""What the header of a transaction says in words (BPR, TRN, N1 of loops 1000A and 1000B)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from ingestion.era835.detail_rows import PAYER_REF
from ingestion.era835.header_rows import PAYEE, PAYER, PAYMENT, TRACE
from ingestion.era835.interchanges import JUNK

if TYPE_CHECKING:
    import pyarrow as pa

    from ingestion.era835.segments import Segments

_ELEMENTS = {
    PAYMENT: {"bpr_flag": 1, "bpr_method": 4},
    TRACE: {"trn_number": 2, "trn_payer": 3},
    PAYER: {"payer_name": 2, "payer_id": 4},
    PAYEE: {"payee_npi": 4},
    PAYER_REF: {"payer_ref": 2},
}


PATIENT_OF_MEDICARE = (
    r"^(.{19}.*?) *(?:[1-9][A-Z][A-Z0-9][0-9][A-Z][A-Z0-9][0-9][A-Z]{2}[0-9]{2}|[0-9]{9}[A-Z][A-Z0-9]?) *$"
)
"""A PLB reference that ends in a patient's number (MBI, or HICN of before) after the claim's: Medicare writes it so
from the twentieth character of PLB03-2 on (CMS CR 7499)."""

_SHORTEST_WITH_PATIENT = 19 + 10


def said(segments: Segments, kind: int, row: int) -> dict[str, Any]:
    """Return what a segment of the header says, by columns of a transaction; `payer_ref` is the payer's REF*2U."""
    found = {column: segments.text(row, number) for column, number in _ELEMENTS[kind].items()}
    name = found.get("payer_name")
    return {**found, "payer_name": organisation(name)} if name else found


def organisation(text: str) -> str | None:
    """Read a payer's name: Latin-1 as it was read, or UTF-8 where its bytes are that."""
    try:
        return text.encode("latin-1").decode("utf-8").strip(JUNK) or None
    except UnicodeError:
        return text.strip(JUNK) or None


def without_patients(references: pa.StringArray) -> pa.StringArray:
    """Leave the number of a Medicare patient out of references of provider adjustments."""
    longest = pc.max(pc.binary_length(references)).as_py() or 0
    if longest < _SHORTEST_WITH_PATIENT:  # as mostly: to make the expression ready takes a while
        return references
    kept: pa.StringArray = pc.replace_substring_regex(references, PATIENT_OF_MEDICARE, r"\1")
    return kept
