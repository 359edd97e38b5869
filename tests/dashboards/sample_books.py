"""A small month of made-up marts rows that tie to the cent, for the pages' tests."""

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from tests.dashboards import month_marts, sample_registers

MONTH, POSTED_TO = "2026-09", "2026-11"
Rows = list[dict[str, Any]]
ADJUSTMENTS = ("contractual", "sequestration", "denied", "other_adjustment")


def token(number: int) -> UUID:
    """Return the visit token of the sample's visit `number`."""
    return UUID(int=0x8A5F00C0FFEE4000B000000000000000 + number)


def _visit(number: int, state: str = "completed", payer: str | None = "payer-a", **cents: int | None) -> dict[str, Any]:
    amounts: dict[str, Any] = {
        "charge_cents": 18_000,
        "payer_paid_cents": 0,
        "patient_responsibility_cents": None,
        "patient_target_cents": 0,
        "patient_billed_cents": 0,
        "patient_collected_cents": 0,
        "memo_cents": 0,
        "contractual_cents": 0,
        "sequestration_cents": 0,
        "denied_cents": 0,
        "other_adjustment_cents": 0,
        "allowed_cents": None,
        "expected_allowed_cents": 12_000 if payer else None,
        "pos_variance_cents": 0,
    } | cents
    gross = amounts["charge_cents"] if state in {"completed", "partially_completed"} else 0
    concession = 0 if payer or not gross else gross - amounts["patient_target_cents"]
    fee = 0 if gross else amounts["patient_target_cents"]
    asked = amounts["patient_billed_cents"] + amounts["memo_cents"]
    off = sum(amounts[f"{name}_cents"] for name in ADJUSTMENTS)
    return amounts | {
        "ended_on": date(2026, 9, number % 30 + 1),
        "first_decision": _first_decision(amounts),
        "gross_revenue_cents": gross,
        "price_concession_cents": concession,
        "missed_visit_fee_cents": fee,
        "payer_receivable_cents": gross - asked - amounts["payer_paid_cents"] - off if payer else 0,
        "unbilled_cents": 0 if payer else gross - concession + fee - asked,
        "visit_token": token(number),
        "practice_id": f"practice-{number % 3 + 1}",
        "provider_id": f"provider-{number % 7 + 1}",
        "state": state,
        "service_period": MONTH,
        "payer_id": payer,
        "service_code": "99213",
        "pos_ledger": "10",
        "pos_paid": "02" if amounts["pos_variance_cents"] else None,
        "pos_adjusted_revenue_cents": amounts["payer_paid_cents"]
        + amounts["patient_target_cents"]
        + amounts["pos_variance_cents"],
        "patient_balance_cents": amounts["patient_billed_cents"]
        + amounts["memo_cents"]
        - amounts["patient_collected_cents"],
    }


def _first_decision(amounts: dict[str, Any]) -> str | None:
    if amounts["allowed_cents"] is None:
        return None
    return "denied" if amounts["denied_cents"] else "passed"


def _adjudicated(number: int, **changes: int) -> dict[str, Any]:
    """Return a decided visit: 180.00 = 80.00 paid + 40.00 patient + 58.40 contractual + 1.60 sequestration."""
    cents = {
        "payer_paid_cents": 8_000,
        "patient_responsibility_cents": 4_000,
        "patient_target_cents": 4_000,
        "patient_billed_cents": 3_500,
        "memo_cents": 500,
        "patient_collected_cents": 3_500,
        "contractual_cents": 5_840,
        "sequestration_cents": 160,
        "allowed_cents": 12_160,
    }
    return _visit(number, **(cents | changes))


def visits() -> Rows:
    """Every kind of visit the pages tell apart."""
    self_pay = {"payer": None, "patient_target_cents": 18_000, "patient_billed_cents": 18_000}
    return [
        *(_adjudicated(number) for number in range(120)),
        *(_adjudicated(number, pos_variance_cents=1_250) for number in range(120, 128)),
        *(_visit(number, patient_target_cents=3_500) for number in range(130, 145)),
        *(_visit(number, denied_cents=18_000, allowed_cents=0) for number in range(150, 157)),
        *(_visit(number, patient_collected_cents=18_000, **self_pay) for number in range(160, 190)),
        _visit(
            190, "partially_completed", None, patient_target_cents=9_000, patient_billed_cents=18_000, memo_cents=-9_000
        ),
        *(_visit(number, "cancelled", None) for number in range(191, 196)),
        _visit(196, "no_show", None, patient_target_cents=2_500),
        _adjudicated(197, charge_cents=20_000, contractual_cents=7_800, payer_paid_cents=8_035),
    ]


def memos() -> Rows:
    """One memo for every visit that has a memo amount."""
    return [
        {
            "memo_id": UUID(int=0x5EED000000008000A000000000000000 + place),
            "visit_token": visit["visit_token"],
            "practice_id": visit["practice_id"],
            "kind": "debit" if visit["memo_cents"] > 0 else "credit",
            "amount_cents": abs(visit["memo_cents"]),
            "reason": "payer_adjudication" if visit["payer_id"] else "visit_state",
            "caused_by": f"remit:{place}",
            "origin_period": MONTH,
            "period": POSTED_TO,
            "issued_at": datetime(2026, 11, 1, 8, tzinfo=UTC),
            "posting_status": "posted" if place % 10 == 0 else "pending",
        }
        for place, visit in enumerate(visit for visit in visits() if visit["memo_cents"])
    ]


def leaks() -> Rows:
    """Leaks with and without a visit, with and without a price, and a negative one."""
    by_visit = [
        *((token(number), "pos_mismatch", 1_250, {"pos_ledger": "10", "pos_paid": "02"}) for number in range(120, 127)),
        (token(127), "pos_mismatch", -400, {"pos_ledger": "10", "pos_paid": "02"}),
        *(
            (token(number), "completed_not_billed", 3_500, {"state": "completed", "patient_target_cents": 3_500})
            for number in range(130, 145)
        ),
        *((token(number), "denied", 12_000, {"denied_cents": 18_000}) for number in range(150, 156)),
        (token(156), "denied", None, {"denied_cents": 18_000, "expected_allowed_cents": None}),
    ]
    charges = ["ch_sample1", "ch_sample2"]
    others = [
        (token(160), "duplicate_charge", 18_000, {"charge_ids": charges, "captured_cents": 18_000}),
        (None, "orphan_charge", 4_200, {"charge_id": "ch_sample3", "captured_cents": 4_200}),
        (None, "eft_missing", 41_635, {"trn_number": "TRACE0003", "days_since": 31}),
    ]
    return [
        {
            "leak_id": f"{place:032x}",
            "visit_token": visit_token,
            "practice_id": "practice-1" if visit_token else None,
            "payer_id": "payer-a" if visit_token else None,
            "provider_id": f"provider-{place % 3}" if visit_token else None,
            "happened_on": date(2026, 9, 20),
            "bucket": "31-60",
            "category": category,
            "amount_cents": cents,
            "evidence": evidence,
            "first_seen_on": date(2026, 11, 1),
            "period": MONTH,
        }
        for place, (visit_token, category, cents, evidence) in enumerate(by_visit + others)
    ]


def leak_sums() -> Rows:
    """Add the leaks up."""
    keys = ("period", "category", "payer_id", "provider_id", "practice_id", "bucket")
    sums: dict[tuple[Any, ...], dict[str, Any]] = {}
    for leak in leaks():
        named = {name: leak[name] for name in keys}
        nothing = {"as_of": date(2026, 11, 1), "leaks": 0, "unpriced": 0, "at_stake_cents": 0, "liability_cents": 0}
        row = sums.setdefault(tuple(named.values()), named | nothing)
        cents = leak["amount_cents"]
        row["leaks"] += 1
        row["unpriced"] += cents is None
        row["at_stake_cents"] += max(cents or 0, 0)
        row["liability_cents"] += min(cents or 0, 0)
    return list(sums.values())


def story() -> Rows:
    """Tell of one denied visit how it was held, refused and entered in the journal."""
    number = 150
    claim, entry = "5a#0/3", str(UUID(int=1))
    day = date(2026, 9, 20)
    held = {
        "service_code": "99213",
        "modifiers": "95",
        "units": 1,
        "place_of_service": "10",
        "payer_id": "payer-a",
        "provider_id": "provider-4",
        "charge_cents": 18_000,
        "patient_estimate_cents": 3_500,
        "scheduled_start": "2026-09-20T14:00:00+00:00",
        "started_at": None,
        "ended_at": None,
    }
    ended = held | {"started_at": "2026-09-20T14:02:00+00:00", "ended_at": "2026-09-20T14:50:00+00:00"}
    decided = {
        "payer_id": "PAYER",
        "payer_order": 1,
        "charge_cents": 18_000,
        "place_of_service": "10",
        "trn_number": "TRACE0000",
        "is_live": True,
        "undoes_claim_id": None,
        "file_sha256": "5a" * 32,
        "st_index": 0,
        "claim_index": 3,
    }
    refused = {"meaning": "Not deemed a medical necessity.", "group_code": "CO", "is_live": True}
    booked = {
        "source_kind": "remittance_claim",
        "source_id": claim,
        "origin_period": MONTH,
        "period": "2026-10",
        "is_late": False,
        "recorded_at": "2026-11-01T08:00:00+00:00",
        "reverses_entry_id": None,
    }
    said: list[tuple[Any, ...]] = [
        (day, datetime(2026, 9, 20, 14, tzinfo=UTC), 1, "state", "scheduled", None, None, "a", held),
        (day, datetime(2026, 9, 20, 15, tzinfo=UTC), 1, "state", "completed", None, None, "b", ended),
        (date(2026, 10, 1), None, 2, "claim", "denied", 0, "payer_paid", claim, decided),
        (date(2026, 10, 1), None, 3, "adjustment", "CO-50", 18_000, "denied", claim, refused),
        (date(2026, 10, 1), None, 7, "journal", "denial", 18_000, None, entry, booked | {"line_no": 1}),
        (date(2026, 10, 1), None, 7, "journal", "payer_receivable", -18_000, None, entry, booked | {"line_no": 2}),
        (date(2026, 11, 1), None, 8, "leak", "denied", 12_000, None, "x", {"denied_cents": 18_000}),
    ]
    names = ("happened_on", "happened_at", "step", "kind", "what", "amount_cents", "counts_as", "source_id", "details")
    practice = next(leak["practice_id"] for leak in leaks() if leak["visit_token"] == token(number))
    return [
        {"visit_token": token(number), "practice_id": practice} | dict(zip(names, row, strict=True)) for row in said
    ]


STEPS = ("contractual", "sequestration", "denied", "other_adjustment", "payer_paid", "patient_target")


def _withheld_for(visit: dict[str, Any]) -> str:
    if visit["state"] not in {"completed", "partially_completed"}:
        return "not_billable"
    if visit["payer_id"] is None:
        return "self_pay_policy"
    return "awaiting_payer" if visit["allowed_cents"] is None else "later_payers"


def month_summary() -> Rows:
    """Work out the figures that follow from the visits, memos and leaks above."""
    sums: Counter[tuple[str, str]] = Counter()
    counts: Counter[tuple[str, str]] = Counter()

    def add(period: str, measure: str, cents: int | None) -> None:
        sums[period, measure] += cents or 0
        counts[period, measure] += 1 if cents or measure == "visits" or measure.startswith("leak_") else 0

    for visit in visits():
        add(MONTH, "visits", 0)
        add(MONTH, "gross_charges", visit["charge_cents"])
        for name in ("contractual", "sequestration", "denied", "other_adjustment", "payer_paid", "pos_variance"):
            add(MONTH, name, visit[f"{name}_cents"])
        for name in (
            "patient_target",
            "patient_billed",
            "patient_collected",
            "patient_balance",
            "pos_adjusted_revenue",
        ):
            add(MONTH, name, visit[f"{name}_cents"])
        add(MONTH, f"withheld_{_withheld_for(visit)}", visit["charge_cents"] - sum(visit[f"{n}_cents"] for n in STEPS))
    for memo in memos():
        add(memo["period"], f"memo_{memo['kind']}", memo["amount_cents"])
    for leak in leaks():
        add(leak["period"], f"leak_{leak['category']}", leak["amount_cents"])
    return [
        {"period": period, "measure": measure, "amount_cents": cents, "count": counts[period, measure]}
        for (period, measure), cents in sums.items()
    ]


def _remit(place: int, bpr: int | None, verdict: str, claims: int | None = None, residual: int = 0) -> dict[str, Any]:
    return {
        "file_sha256": "5a" * 32,
        "st_index": place,
        "trn_number": f"TRACE{place:04d}",
        "payer_name": "Sample Health Plan",
        "paid_on": date(2026, 10, 1),
        "bpr_cents": bpr,
        "claims_cents": bpr if claims is None else claims,
        "provider_adjustments_cents": 0,
        "residual_cents": residual,
        "verdict": verdict,
    }


def books() -> dict[str, Rows]:
    """All marts of the sample by name."""
    return sample_registers.added(_books())


def _books() -> dict[str, Rows]:
    paid = sum(visit["payer_paid_cents"] for visit in visits())
    unmatched = [
        {
            "file_sha256": "5a" * 32,
            "st_index": 0,
            "claim_index": 7,
            "claim_ref": "0X1Y2Z3W4V5T6S7R8",
            "paid_cents": 6_600,
            "best_candidate": token(130),
            "why": "no visit has the reference",
        }
    ]
    remits = [
        _remit(0, paid - 41_635 + 6_600, "posted"),
        _remit(1, 12_345, "held", claims=12_445, residual=-100),
        _remit(2, 9_900, "duplicate"),
        _remit(3, 41_635, "posted"),
        _remit(4, 41_635, "conflict"),
        _remit(5, None, "held", claims=7_000),
    ]
    return {
        "visit_revenue": visits(),
        "memos": memos(),
        "leaks": leaks(),
        "leak_sums": leak_sums(),
        "visit_story": story(),
        "month_summary": month_summary(),
        "era_tieout": remits,
        "eft_tieout": [
            _transfer("TRACE0000", remits[0]["bpr_cents"], "matched"),
            _transfer("TRACE0003", 41_635, "missing"),
        ],
        "payout_tieout": [
            _payout("po_sample1", 512_300, 512_300),
            _payout("po_sample2", 80_000, 79_950),
            _payout("po_sample3", 100, None),
        ],
        "unmatched_remits": unmatched,
        **month_marts.marts(visits(), month_summary()),
        "denials": [_denial("CO", "50", 72_000), _denial("CO", "197", 54_000)],
        "quarantine": [
            {
                "source": "visits",
                "file_sha256": "6b" * 32,
                "position": "row 17",
                "rule": "place_of_service",
                "value": "2 letters",
                "message": "The place of service is two digits; write 02 or 10 for telehealth and load the file again.",
                "recorded_at": datetime(2026, 11, 1, 8, tzinfo=UTC),
            }
        ],
    }


def _transfer(trace: str, cents: int, status: str) -> dict[str, Any]:
    deposited = cents if status == "matched" else 0
    return {
        "trn_number": trace,
        "expected_cents": cents,
        "deposited_cents": deposited,
        "residual_cents": cents - deposited,
        "status": status,
    }


def _payout(name: str, cents: int, transactions: int | None) -> dict[str, Any]:
    residual = None if transactions is None else cents - transactions
    return {
        "payout_id": name,
        "amount_cents": cents,
        "transactions_cents": transactions or 0,
        "residual_cents": residual,
    }


def _denial(group: str, reason: str, cents: int) -> dict[str, Any]:
    return {
        "period": MONTH,
        "payer_id": "payer-a",
        "group_code": group,
        "reason_code": reason,
        "claims": 4,
        "amount_cents": cents,
    }
