"""What a reader must say of a file that the writer wrote: every row of every table, worked out from what was meant."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tests.support.remittance_places import placed
from tests.support.remittance_writer import Style, body, money

if TYPE_CHECKING:
    from tests.support.remittance_places import Places
    from tests.support.remittance_writer import Adjustment, Claim, Line, More, Payment, Written

Row = dict[str, Any]
Tables = dict[str, list[Row]]
_SHOWN = frozenset({"6R", "F8", "2U", "EV", "G1", "1C", "LU", "1D"})
_NUMBERED = {
    "adjustments": "adjustment_index",
    "provider_adjustments": "provider_adjustment_index",
    "remarks": "remark_index",
    "amounts": "amount_index",
    "quantities": "quantity_index",
    "references": "reference_index",
    "dates": "date_index",
}


def expected(file: list[Written]) -> Tables:
    """Return the rows of every table without `file_sha256`; of findings rule, value and place, in no order."""
    tables: Tables = defaultdict(list)
    seen: set[object] = set()
    for written, places in zip(file, placed(file), strict=True):
        for number, payment in enumerate(written.payments):
            _Expectation(tables, written, places, number).write(payment, seen)
        _outside(tables, written, places)
    tables["unread"].sort(key=lambda row: int(row["byte_offset"]))
    _link(tables["claims"])
    return tables


class _Expectation:
    """What one payment adds to the tables."""

    def __init__(self, tables: Tables, written: Written, places: Places, number: int) -> None:
        self._tables, self._written, self._places, self._number = tables, written, places, number
        self._st_index = len(tables["transactions"])
        self._counts: dict[str, int] = defaultdict(int)
        self._start, self._end = places.transactions[number]
        self._inside = range(self._start, min(self._end, len(places.segments)))
        self._clp = [at for at in self._inside if places.name(at) == "CLP"]
        self._svc = [at for at in self._inside if places.name(at) == "SVC"]

    def write(self, payment: Payment, seen: set[object]) -> None:
        """Add everything that the payment says."""
        self._more(payment.more, None, None)
        if payment.payer_ref:
            self._add("references", claim_index=None, service_index=None, qualifier="2U", value=payment.payer_ref)
        for index, claim in enumerate(payment.claims):
            self._claim(index, claim)
        for reason, reference, cents in payment.provider:
            self._add(
                "provider_adjustments",
                provider_id=payment.payee_npi,
                fiscal_year_end=date(2026, 12, 31),
                reason_code=reason,
                reference=reference,
                amount_cents=cents,
            )
        self._transaction(payment, seen)
        for at in self._inside:
            if self._places.name(at) in {"NM1", "LX"}:
                self._tables["unread"].append(_unread(self._places, at, self._st_index, at - self._start))

    def _transaction(self, payment: Payment, seen: set[object]) -> None:
        style = self._written.style
        complete = "SE" not in self._written.trailers.left_out
        amount = payment.balanced if payment.amount is None else payment.amount
        residual = amount - payment.balanced
        identity = _body_sha256(payment, style, complete=complete)
        self._envelope(complete=complete)
        if residual:
            self._find("era.held_residual", self._start, money(residual))
        if amount < 0:
            said = self._places.segments[self._start + 1].split(style.element)[2]
            self._find("era.bpr_negative", self._start + 1, said)
        if identity in seen:
            self._tables["findings"].append(_found("era.duplicate", self._st_index, None, None))
        held = residual or amount < 0 or not complete
        payer = payment.payer_id or payment.payer_ref or payment.trn_payer
        trace, key = (payer, payment.trace), (payer, payment.payee_npi, payment.trace, payment.paid_on, amount)
        verdict = "duplicate" if identity in seen else "held" if held else "conflict" if key in seen else "posted"
        self._add(
            "transactions",
            isa_control=style.control,
            gs_control=style.group,
            st_control=f"{style.first_st + self._number:04d}",
            payer_name=payment.payer_name,
            payer_id=payment.payer_id or payment.payer_ref or None,
            payee_npi=payment.payee_npi,
            bpr_cents=amount,
            bpr_method=payment.method,
            bpr_flag="I",
            paid_on=payment.paid_on,
            trn_number=payment.trace,
            trn_payer=payment.trn_payer,
            claims_cents=sum(claim.paid for claim in payment.claims),
            provider_adjustments_cents=sum(cents for _, _, cents in payment.provider),
            residual_cents=residual,
            claim_count=len(payment.claims),
            verdict=verdict,
            body_sha256=identity,
        )
        if verdict == "conflict":
            self._tables["findings"].append(_found("era.conflict", self._st_index, None, None))
        elif verdict == "posted":
            if amount and trace in seen:
                self._tables["findings"].append(_found("era.trace_repeated", self._st_index, None, None))
            seen |= {key, trace} if amount else {key}
        seen.add(identity)

    def _envelope(self, *, complete: bool) -> None:
        wrong = self._written.trailers
        if not complete:
            self._find("era.cut_off", self._end)
            return
        counted = self._end - self._start + 1
        if "SE" in wrong.miscounted:
            self._find("era.se_count", self._end, f"{counted + wrong.miscounted['SE']}, counted {counted}")
        if "SE" in wrong.misnamed:
            self._find("era.se_control", self._end)

    def _claim(self, index: int, claim: Claim) -> None:
        inside = [one for line in claim.lines for one in line.adjustments]
        adjusted = sum(cents for _, _, cents in (*claim.adjustments, *inside))
        residual = claim.charge - adjusted - claim.paid
        if residual:
            self._find("era.claim_unbalanced", self._clp[index], money(residual))
        days = [on for line in claim.lines if (on := _served(line))]
        ends = [on for line in claim.lines for qualifier, on in line.more.dates if qualifier == "151"]
        ends += [line.period[1] for line in claim.lines if line.period]
        first = claim.on[0] if claim.on else min(days, default=None)
        self._add(
            "claims",
            claim_index=index,
            claim_ref=claim.ref,
            status_code=claim.status,
            charge_cents=claim.charge,
            paid_cents=claim.paid,
            patient_responsibility_cents=sum(
                cents for group, _, cents in (*claim.adjustments, *inside) if group == "PR"
            ),
            filing_code="12",
            payer_claim_number=claim.payer_number or None,
            facility_code=claim.facility or None,
            frequency_code="1",
            is_reversal=claim.status == "22" or (claim.charge < 0 and claim.paid <= 0 and claim.owed <= 0),
            service_from=first,
            service_to=claim.on[1] if claim.on else max([*days, *ends], default=None) if days else None,
            residual_cents=residual,
            original_ref=claim.original_ref or None,
            undoes_st_index=None,
            undoes_claim_index=None,
        )
        place = {"claim_index": index, "service_index": None}
        self._adjustments(claim.adjustments, place)
        for source, codes in (("MIA", claim.stay_remarks), ("MOA", claim.remarks)):
            for code in codes:
                self._add("remarks", **place, source=source, code=code)
        self._add("references", **place, qualifier="SY", value=None)
        if claim.original_ref:
            self._add("references", **place, qualifier="F8", value=claim.original_ref)
        for qualifier, on in zip(("232", "233"), claim.on or (), strict=False):
            self._add("dates", **place, qualifier=qualifier, on_date=on)
        self._more(claim.more, index, None)
        for number, line in enumerate(claim.lines):
            self._line(index, number, line)

    def _line(self, claim: int, index: int, line: Line) -> None:
        place = {"claim_index": claim, "service_index": index}
        residual = line.charge - sum(cents for _, _, cents in line.adjustments) - line.paid
        if residual:
            self._find("era.service_unbalanced", self._svc[self._counts["services"]], money(residual))
        self._add(
            "services",
            **place,
            qualifier="HC",
            service_code=line.code,
            modifiers="|".join(line.modifiers) or None,
            submitted_code=line.submitted or None,
            charge_cents=line.charge,
            paid_cents=line.paid,
            units=Decimal(line.units or "1"),
            service_from=_served(line),
            line_ref=line.line_ref or None,
            residual_cents=residual,
        )
        dates = [("472", line.on)] if line.on else []
        for qualifier, on in (*dates, *zip(("150", "151"), line.period or (), strict=False)):
            self._add("dates", **place, qualifier=qualifier, on_date=on)
        self._adjustments(line.adjustments, place)
        if line.line_ref:
            self._add("references", **place, qualifier="6R", value=line.line_ref)
        self._more(line.more, claim, index)
        for code in line.remarks:
            self._add("remarks", **place, source="LQ", code=code)

    def _adjustments(self, adjustments: tuple[Adjustment, ...], place: Row) -> None:
        for group in dict.fromkeys(group for group, _, _ in adjustments):
            for own, reason, cents in adjustments:
                if own == group:
                    known = {"group_code": group, "reason_code": reason, "amount_cents": cents, "quantity": None}
                    self._add("adjustments", **place, **known)

    def _more(self, more: More, claim: int | None, service: int | None) -> None:
        place = {"claim_index": claim, "service_index": service}
        for qualifier, value in more.references:
            self._add("references", **place, qualifier=qualifier, value=value if qualifier in _SHOWN else None)
        for qualifier, on in more.dates:
            self._add("dates", **place, qualifier=qualifier, on_date=None if qualifier == "222" else on)
        for qualifier, cents in more.amounts:
            self._add("amounts", **place, qualifier=qualifier, amount_cents=cents)
        for qualifier, count in more.quantities:
            self._add("quantities", **place, qualifier=qualifier, quantity=Decimal(count))

    def _add(self, table: str, **row: object) -> None:
        if table in _NUMBERED:
            row[_NUMBERED[table]] = self._counts[table]
        self._counts[table] += 1
        self._tables[table].append({"st_index": self._st_index, **row})

    def _find(self, rule: str, at: int, value: str | None = None) -> None:
        place = (self._st_index, at - self._start, self._places.offsets[at])
        self._tables["findings"].append(_found(rule, *place, value))


def _served(line: Line) -> date | None:
    return line.on or (line.period[0] if line.period else None)


def _body_sha256(payment: Payment, style: Style, *, complete: bool) -> str:
    plain = Style(short_amounts=style.short_amounts)
    text = "".join(segment + "~" for segment in body(payment, plain))
    return sha256(text.encode(style.encoding) + (b"" if complete else b"\x00cut off")).hexdigest()


def _found(rule: str, st_index: int | None, segment: int | None, offset: int | None, value: str | None = None) -> Row:
    return {"rule": rule, "st_index": st_index, "segment_index": segment, "byte_offset": offset, "value": value}


def _unread(places: Places, at: int, st_index: int | None, segment_index: int) -> Row:
    return {
        "st_index": st_index,
        "segment_index": segment_index,
        "byte_offset": places.offsets[at],
        "byte_count": len(places.segments[at]),
        "tag": places.name(at),
    }


def _outside(tables: Tables, written: Written, places: Places) -> None:
    """Add what the group, the interchange and the transactions that are no 835 give."""
    wrong = written.trailers
    inside = {at for start, end in places.transactions for at in range(start, end)}
    strangers = 0
    for at in range(len(places.segments)):
        if at in inside:
            continue
        elements = places.segments[at].split(places.separator)
        if elements[0] == "ST":
            strangers += 1
            place = (None, places.first_segment + at, places.offsets[at])
            tables["findings"].append(_found("era.other_transaction", *place, elements[1]))
        elif elements[0] not in {"ISA", "GS", "SE", "GE", "IEA"}:
            tables["unread"].append(_unread(places, at, None, places.first_segment + at))
    for name, count in (("GE", len(written.payments) + strangers), ("IEA", 1)):
        at = places.at(name)
        place = (None, places.first_segment + at, places.offsets[at])
        rule = f"era.{name.lower()}"
        if name in wrong.left_out:
            tables["findings"].append(_found(f"{rule}_missing", *place))
            continue
        if name in wrong.miscounted:
            said = f"{count + wrong.miscounted[name]}, counted {count}"
            tables["findings"].append(_found(f"{rule}_count", *place, said))
        if name in wrong.misnamed:
            tables["findings"].append(_found(f"{rule}_control", *place))


def _link(claims: list[Row]) -> None:
    """Link each reversal to the claim that it undoes: the writer's reversals have one with the same reference."""
    for claim in claims:
        if not claim["is_reversal"]:
            continue
        for before in claims[: claims.index(claim)]:
            same_number = before["payer_claim_number"] in {claim["payer_claim_number"], claim["original_ref"]}
            opposite = (before["charge_cents"], before["paid_cents"]) == (-claim["charge_cents"], -claim["paid_cents"])
            same = before["claim_ref"] == claim["claim_ref"] and not before["is_reversal"]
            if same and (same_number or opposite):
                claim["undoes_st_index"], claim["undoes_claim_index"] = before["st_index"], before["claim_index"]
