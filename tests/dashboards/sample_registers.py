"""The marts that add up or rank the sample's rows, worked out from them, for the pages' tests."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

Row = dict[str, Any]
Rows = list[Row]

MEMO_GROUP = ("period", "origin_period", "practice_id", "kind", "reason", "posting_status")
POS_GROUP = ("service_period", "practice_id", "payer_id", "service_code", "provider_id", "pos_ledger", "pos_paid")


def added(books: Mapping[str, Rows]) -> dict[str, Rows]:
    """Return the sample with what follows from it."""
    return {
        **books,
        "memo_totals": _memo_totals(books["memos"]),
        "tieout_totals": _tieout_totals(books),
        "book_checks": _book_checks(books),
        "pos_mix": _pos_mix(books["visit_revenue"]),
        "pos_variance": _pos_variance(books["visit_revenue"]),
        "corrected_claims": _corrected_claims(books),
        "hand_matches": [],
        "remit_claims": _remit_claims(books),
        "provider_balances": _provider_lines(books),
    }


def _provider_lines(books: Mapping[str, Rows]) -> Rows:
    """Return more provider adjustments of the posted remit TRACE0004 than a page lists."""
    (remit,) = (row for row in books["era_tieout"] if row["trn_number"] == "TRACE0004")
    named = {name: remit[name] for name in ("file_sha256", "st_index", "payer_name", "trn_number", "paid_on")}
    line = {"provider_id": "P1", "reason_code": "WO", "kind": "overpayment_recovery", "reference": "R1"}
    return [named | line | {"provider_adjustment_index": each, "amount_cents": 5 + each} for each in range(101)]


def _remit_claims(books: Mapping[str, Rows]) -> Rows:
    """Return the claims of the posted remit TRACE0003: a reversal, one of no visit, and as many as fill two parts."""
    (remit,) = (row for row in books["era_tieout"] if row["trn_number"] == "TRACE0003")
    paid = [400, -400, *[400] * 102]
    paid.append(remit["claims_cents"] - sum(paid))
    outcomes = {1: "reversal", 2: "unmatched", 3: "denied"}
    return [
        {
            **{name: remit[name] for name in ("file_sha256", "st_index", "payer_name", "trn_number", "paid_on")},
            "claim_index": place,
            "claim_ref": f"REF{place:04d}",
            "payer_claim_number": f"ICN{place}",
            "status_code": "1",
            "service_from": date(2026, 9, 1),
            "charge_cents": 1_000 if cents > 0 else -1_000,
            "paid_cents": cents,
            "patient_responsibility_cents": 200 if cents > 0 else -200,
            "co_cents": (800 if cents > 0 else -800) - cents,
            "pi_cents": 0,
            "oa_cents": 0,
            "residual_cents": 0,
            "outcome": outcomes.get(place, "live"),
            "visit_token": None if place == 2 else books["visit_revenue"][place % 50]["visit_token"],
            "matched_by": None if place == 2 else "exact",
            "payer_order": None if place == 2 else 1,
            "period": "2026-10",
        }
        for place, cents in enumerate(paid)
    ]


def _memo_totals(memos: Rows) -> Rows:
    counts: Counter[tuple[Any, ...]] = Counter()
    cents: Counter[tuple[Any, ...]] = Counter()
    for memo in memos:
        key = tuple(memo[name] for name in MEMO_GROUP)
        counts[key] += 1
        cents[key] += memo["amount_cents"]
    return [
        {**dict(zip(MEMO_GROUP, key, strict=True)), "memos": counts[key], "amount_cents": cents[key]} for key in counts
    ]


def _tieout_totals(books: Mapping[str, Rows]) -> Rows:
    ties = [
        *(
            ("era", row["verdict"], row["bpr_cents"], row["claims_cents"], row["residual_cents"])
            for row in books["era_tieout"]
        ),
        *(
            ("eft", row["status"], row["expected_cents"], row["deposited_cents"], row["residual_cents"])
            for row in books["eft_tieout"]
        ),
        *(
            ("payout", _outcome(row), row["amount_cents"], row["transactions_cents"], row["residual_cents"])
            for row in books["payout_tieout"]
        ),
    ]
    found: dict[tuple[str, str], Row] = {}
    for kind, status, this, other, residual in ties:
        row = found.setdefault(
            (kind, status),
            {
                "kind": kind,
                "status": status,
                "pieces": 0,
                "this_cents": None,
                "other_cents": None,
                "residual_cents": None,
                "unreadable": 0,
            },
        )
        row["pieces"] += 1
        row["unreadable"] += this is None
        for name, cents in (("this_cents", this), ("other_cents", other), ("residual_cents", residual)):
            row[name] = row[name] if cents is None else (row[name] or 0) + cents
    return list(found.values())


def _outcome(payout: Row) -> str:
    if payout["residual_cents"] is None:
        return "manual"
    return "mismatch" if payout["residual_cents"] else "matched"


def _book_checks(books: Mapping[str, Rows]) -> Rows:
    visits, summary = books["visit_revenue"], books["month_summary"]
    sides = {
        "remits": (
            sum(row["claims_cents"] for row in books["era_tieout"] if row["verdict"] == "posted"),
            sum(row["payer_paid_cents"] for row in visits)
            + sum(row["paid_cents"] for row in books["unmatched_remits"]),
        ),
        "memos": (
            sum(row["amount_cents"] * (1 if row["kind"] == "debit" else -1) for row in books["memos"]),
            sum(row["memo_cents"] for row in visits),
        ),
        "leaks": (
            sum(row["amount_cents"] or 0 for row in books["leaks"]),
            sum(row["amount_cents"] for row in summary if row["measure"].startswith("leak_")),
        ),
        "revenue": (
            sum(row["pos_adjusted_revenue_cents"] for row in visits),
            sum(row["amount_cents"] for row in summary if row["measure"] == "pos_adjusted_revenue"),
        ),
    }
    return [{"name": name, "this_cents": this, "other_cents": other} for name, (this, other) in sides.items()]


def _pos_mix(visits: Rows) -> Rows:
    found: dict[tuple[str | None, ...], Row] = {}
    for visit in visits:
        if visit["payer_id"] is None:
            continue
        key = (visit["pos_ledger"], visit["pos_paid"])
        row = found.setdefault(
            key,
            {
                "period": visit["service_period"],
                "payer_id": visit["payer_id"],
                "pos_ledger": visit["pos_ledger"],
                "pos_paid": visit["pos_paid"],
                **dict.fromkeys(("visits", "unpriced_visits", "allowed_cents", "expected_allowed_cents"), 0),
                **dict.fromkeys(("pos_variance_cents", "compared_visits", "compared_at_ledger_cents"), 0),
                **dict.fromkeys(("compared_at_paid_cents", "compared_allowed_cents"), 0),
            },
        )
        row["visits"] += 1
        row["allowed_cents"] += visit["allowed_cents"] or 0
        row["expected_allowed_cents"] += visit["expected_allowed_cents"]
        row["pos_variance_cents"] += visit["pos_variance_cents"]
        if visit["allowed_cents"] is not None and not visit["denied_cents"]:
            row["compared_visits"] += 1
            row["compared_allowed_cents"] += visit["allowed_cents"]
            row["compared_at_ledger_cents"] += visit["expected_allowed_cents"]
            row["compared_at_paid_cents"] += visit["expected_allowed_cents"] - visit["pos_variance_cents"]
    return list(found.values())


def _pos_variance(visits: Rows) -> Rows:
    found: dict[tuple[str, ...], Row] = {}
    for visit in visits:
        if visit["pos_paid"] in {None, visit["pos_ledger"]}:
            continue
        key = tuple(visit[name] for name in POS_GROUP)
        named = dict(zip(POS_GROUP, key, strict=True))
        sums = ("visits", "unpriced_visits", "expected_at_ledger_cents", "expected_at_paid_cents", "allowed_cents")
        start = {"period": named.pop("service_period"), **named, **dict.fromkeys((*sums, "pos_variance_cents"), 0)}
        row = found.setdefault(key, start)
        row["visits"] += 1
        row["allowed_cents"] += visit["allowed_cents"]
        row["expected_at_ledger_cents"] += visit["expected_allowed_cents"]
        row["expected_at_paid_cents"] += visit["expected_allowed_cents"] - visit["pos_variance_cents"]
        row["pos_variance_cents"] += visit["pos_variance_cents"]
    return list(found.values())


def _corrected_claims(books: Mapping[str, Rows]) -> Rows:
    visits = {visit["visit_token"]: visit for visit in books["visit_revenue"]}
    leaks = [leak for leak in books["leaks"] if leak["category"] == "pos_mismatch"]
    ranked = sorted(
        leaks, key=lambda leak: (leak["amount_cents"] <= 0, -abs(leak["amount_cents"]), leak["visit_token"])
    )
    return [_claim(rank, leak, visits[leak["visit_token"]]) for rank, leak in enumerate(ranked, start=1)]


def _claim(rank: int, leak: Row, visit: Row) -> Row:
    has_number, at_stake = rank != 3, leak["amount_cents"]
    step = "correct" if at_stake > 0 else "correct_and_give_back"
    names = ("practice_id", "provider_id", "visit_token", "payer_id", "service_code", "charge_cents", "allowed_cents")
    return {
        **{name: visit[name] for name in (*names, "pos_ledger", "pos_paid")},
        "period": visit["service_period"],
        "rank": rank,
        "claim_ref": f"REFERENCE{rank:08d}",
        "frequency_code": "7",
        "original_reference": f"ICN{rank}" if has_number else None,
        "payer_name": "Sample Health Plan",
        "trn_number": "TRACE0000",
        "paid_on": date(2026, 10, 1),
        "service_on": date(2026, 9, 3),
        "modifiers": "95|GT",
        "units": 1,
        "expected_at_ledger_cents": 12_000,
        "expected_at_paid_cents": 12_000 - at_stake,
        "difference_cents": 12_000 - visit["allowed_cents"],
        "amount_cents": at_stake,
        "next_step": step if has_number else "ask_for_claim_number",
        "why": f"The payer has place of service {visit['pos_paid']}.",
        "file_sha256": "5a" * 32,
        "st_index": 0,
        "claim_index": rank,
    }
