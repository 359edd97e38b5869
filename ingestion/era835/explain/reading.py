"""The rows of a file to its explained parts: codes get their words, findings their claims, reversals what they undo."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ingestion.era835.explain.gathering import within
from ingestion.era835.explain.model import (
    Adjustment,
    Claim,
    Difference,
    Found,
    Place,
    ProviderAdjustment,
    Remark,
    Service,
    Standing,
    Summary,
    Totals,
    Transaction,
    Undone,
)
from ledger.rules.adjustment import (
    MEANINGS,
    AdjustmentClass,
    Bearer,
    adjustment_class,
    bearer,
    is_denial,
    refuses_by_capitation,
)
from ledger.rules.place_of_service import NAMES
from ledger.rules.remittance_codes import PROVIDER_ADJUSTMENTS, REMARKS, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pyarrow as pa

    from ingestion.era835.explain.gathering import Gathered

_CLAIMS_AT_ONCE = 2000
_NO_MONEY = frozenset({"23", "25"})  # another payer's claim, an estimate: nothing was decided
_Rows = dict[tuple[int, int | None], list[dict[str, Any]]]


def summary(found: Gathered, name: str) -> Summary:
    """Return the file in figures. `name` is what a person knows it by."""
    return Summary(
        name=name,
        file_sha256=found.file_sha256,
        transactions=len(found.transactions),
        claims=found.claim_count,
        services=found.service_count,
        claims_shown=found.claims_shown,
        findings=_findings(found, None),
        unread=dict(found.unread.most_common()),
    )


def all_findings(found: Gathered) -> tuple[Found, ...]:
    """Return the findings of every transaction together, each rule once."""
    return _grouped(found, [key for key in found.findings if key[0] is not None])


def transactions(found: Gathered, standings: Mapping[int, Standing] | None = None) -> Iterator[Transaction]:
    """Return every transaction of the file without its claims; `standings` is how the books have them, by ST."""
    adjustments = defaultdict(list)
    for row in found.provider_adjustments:
        adjustments[row["st_index"]].append(_provider_adjustment(row))
    for row in found.transactions:
        st_index = row["st_index"]
        yield Transaction(
            **{name: row[name] for name in _AS_SENT},
            method=name_of("BPR04", row["bpr_method"]),
            standing=(standings or {}).get(st_index),
            provider_adjustments=tuple(adjustments[st_index]),
            differences=tuple(_differences(found, row)),
            findings=_findings(found, st_index),
        )


_AS_SENT = (
    *("file_sha256", "st_index", "st_control", "payer_name", "payer_id", "payee_npi", "bpr_cents", "bpr_method"),
    *("bpr_flag", "paid_on", "trn_number", "trn_payer", "claims_cents", "provider_adjustments_cents"),
    *("residual_cents", "claim_count", "verdict"),
)


def totals(found: Gathered, st_index: int) -> Totals:
    """Add up the claims of a transaction, shown or not."""
    classes: dict[AdjustmentClass, int] = defaultdict(int)
    for (of, group, reason), cents in found.reason_cents.items():
        if of == st_index:
            classes[adjustment_class(group or "", reason or "")] += cents
    named = {AdjustmentClass.PATIENT_RESPONSIBILITY, AdjustmentClass.CONTRACTUAL, AdjustmentClass.SEQUESTRATION}
    return Totals(
        charge_cents=found.cents["charge_cents", st_index],
        paid_cents=found.cents["paid_cents", st_index],
        patient_cents=classes[AdjustmentClass.PATIENT_RESPONSIBILITY],
        contractual_cents=classes[AdjustmentClass.CONTRACTUAL],
        sequestration_cents=classes[AdjustmentClass.SEQUESTRATION],
        other_cents=sum(cents for kind, cents in classes.items() if kind not in named),
        claims=found.counts["claims", st_index],
        services=found.counts["services", st_index],
        reversals=found.counts["reversals", st_index],
    )


def reasons(found: Gathered, st_index: int) -> list[tuple[Adjustment, int]]:
    """Return what was taken off in a transaction: one line a group and reason with its sum and count, largest first."""
    lines = [
        (_adjustment({"group_code": group, "reason_code": reason, "amount_cents": cents, "quantity": None}), count)
        for (of, group, reason), count in found.reasons.items()
        if of == st_index
        for cents in [found.reason_cents[of, group, reason]]
    ]
    return sorted(lines, key=lambda line: -abs(line[0].amount_cents or 0))


def claims(found: Gathered, st_index: int) -> Iterator[Claim]:
    """Return the kept claims of a transaction, one after the other; only some of them are rows at a time."""
    table = found.rows_of("claims", st_index)
    others = {name: found.rows_of(name, st_index) for name in ("services", "adjustments", "remarks")}
    for first in range(0, table.num_rows, _CLAIMS_AT_ONCE):
        rows = table.slice(first, _CLAIMS_AT_ONCE).to_pylist()
        span = (rows[0]["claim_index"], rows[-1]["claim_index"])
        near = {name: _by_place(within(other, "claim_index", *span)) for name, other in others.items()}
        for row in rows:
            yield _claim(row, near["services"], near["adjustments"], near["remarks"])


def _by_place(table: pa.Table) -> _Rows:
    """Rows by claim and service line; service lines themselves stand under their claim."""
    rows: _Rows = defaultdict(list)
    under_line = "charge_cents" not in table.column_names
    for row in table.to_pylist():
        rows[row["claim_index"], row["service_index"] if under_line else None].append(row)
    return rows


def _claim(row: dict[str, Any], services: _Rows, adjustments: _Rows, remarks: _Rows) -> Claim:
    index = row["claim_index"]
    lines = tuple(_service(line, adjustments, remarks) for line in services[index, None])
    own = tuple(map(_adjustment, adjustments[index, None]))
    everything = [*own, *(adjustment for line in lines for adjustment in line.adjustments)]
    facility = row["facility_code"]
    return Claim(
        **{name: row[name] for name in _CLAIM_AS_SENT},
        patient_responsibility_cents=row["patient_responsibility_cents"] or 0,
        status=name_of("CLP02", row["status_code"]),
        allowed_cents=_allowed(row["paid_cents"], everything),
        filing=name_of("CLP06", row["filing_code"]),
        original_ref=row["original_ref"],
        place_of_service=NAMES.get(facility) if facility else None,
        frequency=name_of("CLP09", row["frequency_code"]),
        undoes=_undone(row),
        looks_denied=_looks_denied(row, everything),
        adjustments=own,
        remarks=tuple(map(_remark, remarks[index, None])),
        services=lines,
    )


_CLAIM_AS_SENT = (
    *(
        "st_index",
        "claim_index",
        "claim_ref",
        "status_code",
        "charge_cents",
        "paid_cents",
        "filing_code",
    ),
    *("payer_claim_number", "facility_code", "frequency_code", "service_from", "service_to", "is_reversal"),
    "residual_cents",
)


def _service(row: dict[str, Any], adjustments: _Rows, remarks: _Rows) -> Service:
    place = (row["claim_index"], row["service_index"])
    own = tuple(map(_adjustment, adjustments[place]))
    return Service(
        **{name: row[name] for name in _SERVICE_AS_SENT},
        modifiers=tuple(row["modifiers"].split("|")) if row["modifiers"] else (),
        allowed_cents=_allowed(row["paid_cents"], own),
        patient_responsibility_cents=_owed(own),
        adjustments=own,
        remarks=tuple(map(_remark, remarks[place])),
    )


_SERVICE_AS_SENT = (
    *("service_index", "qualifier", "service_code", "submitted_code", "units", "service_from", "line_ref"),
    *("charge_cents", "paid_cents", "residual_cents"),
)


def _adjustment(row: dict[str, Any]) -> Adjustment:
    group, reason = row["group_code"] or "", row["reason_code"] or ""
    return Adjustment(
        group_code=row["group_code"],
        reason_code=row["reason_code"],
        amount_cents=row["amount_cents"],
        quantity=row["quantity"],
        bearer=bearer(group).value,
        kind=adjustment_class(group, reason).value,
        meaning=MEANINGS.get(reason),
    )


def _remark(row: dict[str, Any]) -> Remark:
    return Remark(row["code"], row["source"], REMARKS.get(row["code"]))


def _provider_adjustment(row: dict[str, Any]) -> ProviderAdjustment:
    names = ("provider_id", "fiscal_year_end", "reason_code", "reference", "amount_cents")
    return ProviderAdjustment(
        **{name: row[name] for name in names}, meaning=PROVIDER_ADJUSTMENTS.get(row["reason_code"])
    )


def _allowed(paid_cents: int | None, adjustments: Iterable[Adjustment]) -> int | None:
    """Paid + PR + CO-253: what the payer holds the service to be worth."""
    if paid_cents is None:
        return None
    kinds = {AdjustmentClass.PATIENT_RESPONSIBILITY, AdjustmentClass.SEQUESTRATION}
    return paid_cents + sum(found.amount_cents or 0 for found in adjustments if found.kind in kinds)


def _owed(adjustments: Iterable[Adjustment]) -> int:
    return sum(found.amount_cents or 0 for found in adjustments if found.bearer == Bearer.PATIENT)


def _looks_denied(row: dict[str, Any], adjustments: Iterable[Adjustment]) -> bool:
    if row["is_reversal"] or row["status_code"] in _NO_MONEY or row["paid_cents"] is None:
        return False
    classes = [AdjustmentClass(found.kind) for found in adjustments if found.amount_cents]
    return is_denial(row["paid_cents"], classes) and not refuses_by_capitation(classes)


def _undone(row: dict[str, Any]) -> Undone | None:
    st_index, claim_index = row["undoes_st_index"], row["undoes_claim_index"]
    return None if st_index is None or claim_index is None else Undone(st_index, claim_index)


def _findings(found: Gathered, st_index: int | None) -> tuple[Found, ...]:
    return _grouped(found, [key for key in found.findings if key[0] == st_index])


def _grouped(found: Gathered, keys: Iterable[tuple[int | None, str]]) -> tuple[Found, ...]:
    """Put findings of one rule together: errors first, in the order of the file."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    for key in keys:
        rows[key[1]] += found.findings[key]
        counts[key[1]] += found.finding_counts[key]
    groups = [
        Found(
            rule=rule,
            severity=of_rule[0]["severity"],
            message=of_rule[0]["message"],
            count=counts[rule],
            places=tuple(
                Place(row["st_index"], row["segment_index"], row["byte_offset"], row["value"]) for row in of_rule
            ),
        )
        for rule, of_rule in rows.items()
    ]
    return tuple(sorted(groups, key=lambda group: group.severity != "error"))


def _differences(found: Gathered, transaction: dict[str, Any]) -> Iterator[Difference]:
    """Return what does not balance: the transaction, then its claims and lines, each at the place its finding gives."""
    st_index = transaction["st_index"]
    if transaction["residual_cents"]:
        place = next(iter(found.findings.get((st_index, "era.held_residual"), [])), {})
        yield _difference("transaction", transaction, place)
    for name, level in (("claims", "claim"), ("services", "service")):
        rows = found.unbalanced.get((name, st_index), [])
        places = found.findings.get((st_index, f"era.{level}_unbalanced"), [])
        # Both are in the order of the file: one finding a row.
        known = places if len(places) == len(rows) else [{}] * len(rows)
        for row, place in zip(rows, known, strict=True):
            yield _difference(level, row, place)


def _difference(level: str, row: Mapping[str, Any], place: Mapping[str, Any]) -> Difference:
    return Difference(
        level=level,
        claim_index=row.get("claim_index"),
        claim_ref=row.get("claim_ref"),
        service_index=row.get("service_index"),
        service_code=row.get("service_code"),
        off_by_cents=row["residual_cents"],
        segment_index=place.get("segment_index"),
        byte_offset=place.get("byte_offset"),
    )
