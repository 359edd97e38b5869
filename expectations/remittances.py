"""Contracts on remittances, ANSI 835 005010X221A1 (docs/reference.md)."""

from expectations.contract import Contract, Severity, columns_stand, fresh, listed, no_row, unique

STALE_AFTER_DAYS = 35
"""Payers remit weekly or faster; a month and some days without a file means that one is missing."""

_COLUMNS = {
    "era_transaction": (
        "file_sha256",
        "st_index",
        "payer_id",
        "payee_npi",
        "bpr_cents",
        "bpr_method",
        "paid_on",
        "trn_number",
        "claims_cents",
        "provider_adjustments_cents",
        "residual_cents",
        "verdict",
        "body_sha256",
        "load_id",
    ),
    "era_claim": (
        "file_sha256",
        "st_index",
        "claim_index",
        "claim_ref",
        "status_code",
        "charge_cents",
        "paid_cents",
        "patient_responsibility_cents",
        "payer_claim_number",
        "facility_code",
        "is_reversal",
        "service_from",
    ),
    "era_adjustment": (
        "file_sha256",
        "st_index",
        "claim_index",
        "adjustment_index",
        "group_code",
        "reason_code",
        "amount_cents",
    ),
    "era_provider_adjustment": (
        "file_sha256",
        "st_index",
        "provider_adjustment_index",
        "provider_id",
        "reason_code",
        "reference",
        "amount_cents",
    ),
}

CONTRACTS: tuple[Contract, ...] = (
    *(columns_stand("remittances", table, columns) for table, columns in _COLUMNS.items()),
    unique(
        "remittances",
        "era_transaction",
        ("file_sha256", "st_index"),
        "the same remittance transaction stands twice (file_sha256, st_index).",
    ),
    unique(
        "remittances",
        "era_claim",
        ("file_sha256", "st_index", "claim_index"),
        "the same remittance claim stands twice (file_sha256, st_index, claim_index).",
    ),
    listed(
        "remittances",
        "era_transaction",
        "verdict",
        ("posted", "held", "duplicate", "conflict"),
        "a verdict that is none of posted, held, duplicate, conflict.",
    ),
    # X12 835 front matter 1.10.2.1: BPR02 = sum of CLP04 less sum of PLB amounts. What does not balance is held until a
    # person releases it: this is about the verdict of the load, the two contracts below about what stands.
    no_row(
        name="posted_remittances_balance",
        feed="remittances",
        table="era_transaction",
        severity=Severity.BLOCKING,
        sentence="a posted remittance does not balance (BPR02 less claims plus provider adjustments is not 0).",
        query="""
            select file_sha256, st_index from era_transaction
            where verdict = 'posted'
              and (residual_cents is distinct from 0
                   or bpr_cents is distinct from claims_cents - provider_adjustments_cents)
        """,
    ),
    no_row(
        name="remittance_claims_sum_to_their_transaction",
        feed="remittances",
        table="era_transaction",
        severity=Severity.BLOCKING,
        sentence="the claims of a posted remittance do not sum to its claims_cents; a part of the file is not loaded.",
        query="""
            select era_transaction.file_sha256, era_transaction.st_index
            from era_transaction
            join raw.era_standing as standing using (file_sha256, st_index)
            left join raw.era_claim using (file_sha256, st_index)
            where standing.verdict = 'posted'
            group by era_transaction.file_sha256, era_transaction.st_index, era_transaction.claims_cents
            having coalesce(sum(era_claim.paid_cents), 0) is distinct from era_transaction.claims_cents
        """,
    ),
    no_row(
        name="provider_adjustments_sum_to_their_transaction",
        feed="remittances",
        table="era_transaction",
        severity=Severity.BLOCKING,
        sentence="the PLB amounts of a posted remittance do not sum to its provider_adjustments_cents.",
        query="""
            select era_transaction.file_sha256, era_transaction.st_index
            from era_transaction
            join raw.era_standing as standing using (file_sha256, st_index)
            left join raw.era_provider_adjustment as adjustment using (file_sha256, st_index)
            where standing.verdict = 'posted'
            group by
                era_transaction.file_sha256, era_transaction.st_index, era_transaction.provider_adjustments_cents
            having coalesce(sum(adjustment.amount_cents), 0) is distinct from era_transaction.provider_adjustments_cents
        """,
    ),
    # Exact references only: how a reference in another spelling still finds its visit is dbt's rule, not this one's.
    no_row(
        name="remittance_claims_name_a_known_visit",
        feed="remittances",
        table="era_claim",
        severity=Severity.WARNING,
        sentence="a remittance claim's reference is, as written, no visit's; unmatched_remits lists what stays so.",
        query="""
            select file_sha256 || '#' || st_index || '/' || claim_index as key
            from era_claim
            join raw.era_standing as standing using (file_sha256, st_index)
            where standing.verdict = 'posted'
              and not exists (select from raw.claim_ref where claim_ref.claim_ref = era_claim.claim_ref)
              and (
                  select visit_token from raw.era_match as said
                  where said.file_sha256 = era_claim.file_sha256
                    and said.st_index = era_claim.st_index and said.claim_index = era_claim.claim_index
                  order by ordinal desc limit 1
              ) is null
        """,
        key=("file_sha256 || '#' || st_index || '/' || claim_index", "text"),
    ),
    fresh("remittances", "era_transaction", "paid_on", STALE_AFTER_DAYS),
)
