"""The sample's marts of the month, worked out from its visits one by one."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

Rows = list[dict[str, Any]]
AS_OF = date(2026, 11, 1)
PAID_ON = date(2026, 10, 5)
OFF = ("contractual", "sequestration", "denied", "other_adjustment", "price_concession")
STEPS = (
    ("gross_patient_service_revenue", "total"),
    *((name, "movement") for name in (*OFF, "missed_visit_fees")),
    ("net_patient_service_revenue", "total"),
    ("payer_paid", "movement"),
    ("patient_collected", "movement"),
    ("outstanding", "total"),
    ("patient_balance", "part"),
    ("payer_receivable", "part"),
    ("unbilled", "part"),
    ("patient_share", "note"),
)
LAST_DAYS = {"0-30": 30, "31-60": 60, "61-90": 90, "91-120": 120, "120+": 10_000}


def marts(visits: Rows, summary: Rows) -> dict[str, Rows]:
    """Return the marts of the month by name."""
    months = sorted({visit["service_period"] for visit in visits})
    pieces = list(_cash(visits))
    return {
        "revenue_waterfall": [row for month in months for row in _waterfall(month, _of(visits, month))],
        "month_ratios": [row for month in months for row in _ratios(month, _of(visits, month))],
        "payer_scorecard": [row for month in months for row in _scorecard(month, _of(visits, month))],
        "ar_ageing": _ageing(visits),
        "cash": pieces,
        "cash_by_day": _by_day(pieces),
        "lag_triangle": _triangle(pieces),
        "practice_summary": _practices(visits, summary),
        "mrr_movements": [_mrr("2026-08", 0, 9_900), _mrr("2026-09", 9_900, 5_000)],
        "unified_revenue": [
            {"period": period, "customer_id": f"cus_{number}", "mrr_cents": cents, "visits": 0}
            for period, number, cents in (("2026-08", 0, 9_900), ("2026-09", 0, 9_900), ("2026-09", 1, 5_000))
        ],
    }


def steps(visits: Rows) -> dict[str, int]:
    """Work out the waterfall of some visits."""
    sums: Counter[str] = Counter()
    for visit in visits:
        sums["gross_patient_service_revenue"] += visit["gross_revenue_cents"]
        for name in OFF:
            sums[name] -= visit[f"{name}_cents"]
        sums["missed_visit_fees"] += visit["missed_visit_fee_cents"]
        sums["payer_paid"] -= visit["payer_paid_cents"]
        sums["patient_collected"] -= visit["patient_collected_cents"]
        sums["patient_share"] += visit["patient_billed_cents"] + visit["memo_cents"]
        for part in ("patient_balance", "payer_receivable", "unbilled"):
            sums[part] += visit[f"{part}_cents"]
    off = sum(sums[name] for name in (*OFF, "missed_visit_fees"))
    sums["net_patient_service_revenue"] = sums["gross_patient_service_revenue"] + off
    sums["outstanding"] = sums["patient_balance"] + sums["payer_receivable"] + sums["unbilled"]
    return dict(sums)


def _of(visits: Rows, month: str) -> Rows:
    return [visit for visit in visits if visit["service_period"] == month]


def _waterfall(month: str, visits: Rows) -> Rows:
    found = steps(visits)
    return [
        {"period": month, "position": place, "step": step, "kind": kind, "amount_cents": found[step]}
        for place, (step, kind) in enumerate(STEPS, 1)
    ]


def _ratios(month: str, visits: Rows) -> Rows:
    def total(name: str) -> int:
        return sum(visit[f"{name}_cents"] for visit in visits)

    cash = total("payer_paid") + total("patient_collected")
    decided = [visit for visit in visits if visit["first_decision"]]
    sides = {
        "net_collection_rate": (cash, total("gross_revenue") + total("missed_visit_fee") - total("contractual")),
        "denial_rate": (total("denied"), sum(v["gross_revenue_cents"] for v in visits if v["payer_id"])),
    }
    rows = [
        {
            "period": month,
            "measure": measure,
            "numerator_cents": numerator,
            "denominator_cents": denominator,
            "ratio": round(10_000 * numerator / denominator, 4),
        }
        for measure, (numerator, denominator) in sides.items()
    ]
    passed = sum(visit["first_decision"] == "passed" for visit in decided)
    counts = {"numerator_count": passed, "denominator_count": len(decided)}
    return [*rows, {"period": month, "measure": "first_pass_yield", "ratio": 10_000 * passed // len(decided), **counts}]


def _scorecard(month: str, visits: Rows) -> Rows:
    insured = [visit for visit in visits if visit["payer_id"]]
    return [
        {
            "period": month,
            "payer_id": payer,
            "visits": len(own),
            "submitted_visits": sum(visit["gross_revenue_cents"] > 0 for visit in own),
            "decided_visits": sum(visit["first_decision"] is not None for visit in own),
            "days_to_pay": 14,
            "denied_visits": sum(visit["denied_cents"] != 0 for visit in own),
            "denied_cents": sum(visit["denied_cents"] for visit in own),
            "submitted_cents": sum(visit["gross_revenue_cents"] for visit in own),
            "payer_paid_cents": sum(visit["payer_paid_cents"] for visit in own),
            "payer_receivable_cents": sum(visit["payer_receivable_cents"] for visit in own),
            "underpaid_visits": 0,
            "underpaid_cents": 0,
        }
        for payer in sorted({visit["payer_id"] for visit in insured})
        for own in [[visit for visit in insured if visit["payer_id"] == payer]]
    ]


def _ageing(visits: Rows) -> Rows:
    sums: Counter[tuple[str, str]] = Counter()
    for visit in visits:
        age = (AS_OF - visit["ended_on"]).days
        bucket = next(name for name, last in LAST_DAYS.items() if age <= last)
        sums["patient", bucket] += visit["patient_balance_cents"]
        sums[visit["payer_id"] or "no_payer", bucket] += visit["payer_receivable_cents"]
        sums["unbilled", bucket] += visit["unbilled_cents"]
    owing = {owed_by for (owed_by, _), cents in sums.items() if cents}
    return [
        {
            "as_of": AS_OF,
            "payer_id": owed_by,
            "bucket": bucket,
            "amount_cents": sums[owed_by, bucket],
            "written_off_cents": 0,
            "visits": 1,
        }
        for owed_by in sorted(owing)
        for bucket in LAST_DAYS
    ]


def _cash(visits: Rows) -> Iterator[dict[str, Any]]:
    for visit in visits:
        own = {name: visit[name] for name in ("visit_token", "practice_id", "payer_id", "service_period")}
        for source, name, paid_on in (
            ("payers", "payer_paid_cents", PAID_ON),
            ("patients", "patient_collected_cents", visit["ended_on"] + timedelta(days=1)),
        ):
            if visit[name]:
                yield {
                    "period": f"{paid_on:%Y-%m}",
                    "paid_on": paid_on,
                    "source": source,
                    "source_id": f"{source}-{visit['visit_token']}",
                    "amount_cents": visit[name],
                    **own,
                }
    nobody = {"visit_token": None, "practice_id": None, "payer_id": None, "service_period": None}
    refunded = {"period": "2026-09", "paid_on": date(2026, 9, 3), "source": "no_visit", "source_id": "ch_sample9"}
    yield {**refunded, "amount_cents": -4_200, **nobody}


def _by_day(pieces: Rows) -> Rows:
    sums: Counter[tuple[date, str]] = Counter()
    counts: Counter[tuple[date, str]] = Counter()
    for piece in pieces:
        sums[piece["paid_on"], piece["source"]] += piece["amount_cents"]
        counts[piece["paid_on"], piece["source"]] += 1
    return [
        {
            "period": f"{day:%Y-%m}",
            "paid_on": day,
            "source": source,
            "pieces": counts[day, source],
            "amount_cents": cents,
        }
        for (day, source), cents in sums.items()
    ]


def _triangle(pieces: Rows) -> Rows:
    sums: Counter[tuple[str, str, str]] = Counter()
    for piece in pieces:
        if piece["service_period"]:
            sums[piece["service_period"], piece["period"], piece["source"]] += piece["amount_cents"]
    return [
        {
            "service_period": service,
            "paid_period": paid,
            "lag_months": int(paid[-2:]) - int(service[-2:]),
            "payer_paid_cents": sums[service, paid, "payers"],
            "patient_collected_cents": sums[service, paid, "patients"],
            "remit_claims": 0,
            "patient_payments": 0,
        }
        for service, paid in sorted({key[:2] for key in sums})
    ]


def _practices(visits: Rows, summary: Rows) -> Rows:
    measures = {row["measure"] for row in summary}
    extra = {"gross_revenue": "gross_revenue", "price_concession": "price_concession"}
    extra |= {"missed_visit_fees": "missed_visit_fee", "payer_receivable": "payer_receivable", "unbilled": "unbilled"}
    columns = {name: name for name in measures if f"{name}_cents" in visits[0]} | extra
    rows = []
    for practice in sorted({visit["practice_id"] for visit in visits}):
        own = [visit for visit in visits if visit["practice_id"] == practice]
        at = {"period": own[0]["service_period"], "practice_id": practice}
        rows.append({**at, "measure": "visits", "amount_cents": 0, "count": len(own)})
        for measure, column in columns.items():
            values = [visit[f"{column}_cents"] or 0 for visit in own]
            rows.append({**at, "measure": measure, "amount_cents": sum(values), "count": sum(map(bool, values))})
    return rows


def _mrr(period: str, opening: int, new: int) -> dict[str, Any]:
    nothing = dict.fromkeys(("expansion_cents", "reactivation_cents", "contraction_cents", "churn_cents"), 0)
    closing = opening + new
    return {
        "period": period,
        "opening_cents": opening,
        "new_cents": new,
        "closing_cents": closing,
        "customers": 1,
        "subscriptions": 1,
        "unpriced_items": 0,
        **nothing,
    }
