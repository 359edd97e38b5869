"""The columns of every table as the plain reader names them."""

from __future__ import annotations

_CLAIM = "file_sha256 st_index claim_index"
_PLACE = "file_sha256 st_index claim_index service_index"
COLUMNS: dict[str, list[str]] = {
    name: columns.split()
    for name, columns in {
        "transactions": "file_sha256 st_index isa_control gs_control st_control payer_name payer_id payee_npi"
        " bpr_cents bpr_method bpr_flag paid_on trn_number trn_payer claims_cents provider_adjustments_cents"
        " residual_cents claim_count verdict body_sha256",
        "claims": f"{_CLAIM} claim_ref status_code charge_cents paid_cents patient_responsibility_cents filing_code"
        " payer_claim_number facility_code frequency_code is_reversal service_from service_to residual_cents"
        " original_ref undoes_st_index undoes_claim_index",
        "services": f"{_PLACE} qualifier service_code modifiers submitted_code charge_cents paid_cents units"
        " service_from line_ref residual_cents",
        "adjustments": f"{_PLACE} adjustment_index group_code reason_code amount_cents quantity",
        "provider_adjustments": "file_sha256 st_index provider_adjustment_index provider_id fiscal_year_end"
        " reason_code reference amount_cents",
        "remarks": f"{_PLACE} remark_index source code",
        "amounts": f"{_PLACE} amount_index qualifier amount_cents",
        "quantities": f"{_PLACE} quantity_index qualifier quantity",
        "references": f"{_PLACE} reference_index qualifier value",
        "dates": f"{_PLACE} date_index qualifier on_date",
        "unread": "file_sha256 st_index segment_index byte_offset byte_count tag",
        "findings": "file_sha256 finding_index st_index segment_index byte_offset severity rule value message",
    }.items()
}
"""Table to columns; all but `unread` and `findings` are filled by transactions."""

_KEPT = "6R F8 9A 9C BB G1 G3 LU APC NF 2U EO HI EV F2 0B 1A 1B 1C 1D 1G 1H 1J D3 G2 PQ RB 0K CE E9 F5 PSD"
REFERENCES = frozenset(_KEPT.split(" "))
"""REF01 of which REF02 is kept: numbers of claims, lines, payers, providers and contracts, never of a person."""
