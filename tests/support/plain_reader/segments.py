"""The slow way to read an 835: one segment after the other, each giving its rows to the tables."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ingestion.era835.findings import Finding, Place, finding, shown
from ingestion.era835.header import PATIENT_OF_MEDICARE
from ledger.rules.showing import described
from tests.support.plain_reader import values
from tests.support.plain_reader.balancing import Level, Row, Sums
from tests.support.plain_reader.columns import COLUMNS, REFERENCES
from tests.support.plain_reader.values import text

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from tests.support.plain_reader.envelope import Transaction
    from tests.support.plain_reader.scanner import Interchange

_GROUPS = frozenset({"CO", "PR", "OA", "PI", "CR"})
_DOLLARS = frozenset({"USD", "XXX"})
_PASSED_OVER = frozenset({"LX", "N2", "N3", "N4", "NM1", "PER", "RDM", "TS2", "TS3"})
_BIRTH = "222"


class Elements:
    """One segment, cut at its element separator: element n is `[n]`, stripped, empty where it is not there."""

    def __init__(self, segment: str, separator: str) -> None:
        self.name, *elements = segment.split(separator)
        self._elements = ["", *(element.strip(values.BLANKS) for element in elements)]

    def __getitem__(self, number: int) -> str:
        return self._elements[number] if number < len(self._elements) else ""

    def __len__(self) -> int:
        return len(self._elements)


class TransactionReader:
    """Reads one transaction into rows. `unread` are its segments that give nothing to any table."""

    def __init__(self, interchange: Interchange, transaction: Transaction) -> None:
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.findings: list[Finding] = []
        self.unread: list[int] = []
        self.header: dict[str, Any] = {}
        self._interchange, self._transaction = interchange, transaction
        self._component = interchange.delimiters.component
        self._sums = Sums()
        self._entity = ""
        self._ends: dict[int, list[date]] = {}
        self._claims = self._services = 0
        self._claim: Row | None = None
        self._service: Row | None = None
        self._at = transaction.start

    def read(self) -> None:
        """Read every segment, then balance."""
        transaction, interchange = self._transaction, self._interchange
        for self._at in range(transaction.start + 1, transaction.end):
            segment = interchange.segments[self._at]
            elements = Elements(segment, interchange.delimiters.element)
            handler = getattr(self, f"_{elements.name.lower()}", None) if elements.name in _READ else None
            if handler is not None:
                if handler(elements) is False:
                    self.unread.append(self._at)
            elif segment:
                self.unread.append(self._at)
                if elements.name not in _PASSED_OVER:
                    self._note("era.segment_unknown", described(elements.name))
        self._finish()

    def _finish(self) -> None:
        transaction = self._transaction
        self._at = transaction.start
        if "bpr_cents" not in self.header:
            self._note("era.bpr_missing")
        if not self.header.get("trn_number"):
            self._note("era.trn_missing")
        row = self._row("transactions", st_control=transaction.st_control, claim_count=self._claims, **self.header)
        row["payer_id"] = row["payer_id"] or row.pop("payer_ref", None)
        row.pop("payer_ref", None)
        for rule, at, value in self._sums.balance(row):
            self._at = transaction.start if at is None else at
            self._note(rule, value)
        if not transaction.complete:
            self._at = transaction.end
            self._note("era.cut_off")
        row["verdict"] = "held" if any(found.severity == "error" for found in self.findings) else "posted"
        row["isa_control"], row["gs_control"] = transaction.isa_control, transaction.gs_control
        self._date_claims()

    def _date_claims(self) -> None:
        """Give a claim without dates of its own those of its service lines: the first and the last."""
        for claim in self.rows["claims"]:
            own = [row["service_from"] for row in self.rows["services"] if row["claim_index"] == claim["claim_index"]]
            days = [on for on in own if on is not None]
            if days:
                claim["service_from"] = claim["service_from"] or min(days)
                claim["service_to"] = claim["service_to"] or max(
                    *days, claim["service_from"], *self._ends.get(claim["claim_index"], ())
                )
            claim["service_to"] = claim["service_to"] or claim["service_from"]

    # Rows, remarks, values ------------------------------------------------------------------------------------------

    def _row(self, table: str, **known: object) -> Row:
        """Add a row: every column null but those known."""
        row: Row = dict.fromkeys(COLUMNS[table]) | {"st_index": self._transaction.st_index} | known
        self.rows[table].append(row)
        return row

    def _placed(self, table: str, index: str, **known: object) -> None:
        """Add a row of the claim and the service line that are open, numbered within the transaction."""
        claim = self._claim and self._claim["claim_index"]
        service = self._service and self._service["service_index"]
        known = {"claim_index": claim, "service_index": service, index: len(self.rows[table])} | known
        self._row(table, **known)

    def _note(self, rule: str, value: str | None = None, where: str = "") -> None:
        at, transaction = self._at, self._transaction
        place = Place(transaction.st_index, at - transaction.start, self._interchange.byte_offset(at))
        self.findings.append(finding(rule, place, value, where))

    def _amount(self, said: str, where: str) -> int | None:
        amount = values.cents(said)
        if amount is None:
            self._note("era.amount_unreadable", shown(said), where)
        return amount

    def _amount_or_zero(self, said: str, where: str) -> int | None:
        if said:
            return self._amount(said, where)
        self._note("era.amount_missing", None, where)
        return 0

    def _day(self, said: str, where: str) -> date | None:
        on = values.day(said)
        if on is None and said:
            self._note("era.date_unreadable", described(said), where)
        return on

    def _quantity(self, said: str, where: str) -> Decimal | None:
        units = values.quantity(said)
        if units is None and said:
            self._note("era.quantity_unreadable", shown(said), where)
        return units

    def _parts(self, composite: str) -> list[str]:
        """Split SVC01, SVC06 or PLB03, whose first part has two characters: some senders name another mark in ISA16."""
        if self._component not in composite and len(composite) > 2 and not composite[2].isalnum():
            self._component = composite[2]
            self._note("era.component_mark")
        return composite.split(self._component)

    # Segments of the header -----------------------------------------------------------------------------------------

    def _bpr(self, elements: Elements) -> None:
        if "bpr_cents" in self.header:
            self._note("era.bpr_repeated")
            return
        if elements[1] == "P":
            self._note("era.prenote")
        if elements[3] == "D":
            self._note("era.debit")
        amount = self._amount(elements[2], "BPR02")
        if amount is not None and amount < 0:
            self._note("era.bpr_negative", shown(elements[2]))
        self.header["bpr_cents"] = amount
        self.header["bpr_flag"], self.header["bpr_method"] = text(elements[1]), text(elements[4])
        self.header["paid_on"] = self._day(elements[16], "BPR16")

    def _trn(self, elements: Elements) -> bool:
        if self._claims:
            return False
        if "trn_number" in self.header:
            self._note("era.trn_repeated")
            return True
        self.header["trn_number"], self.header["trn_payer"] = text(elements[2]), text(elements[3])
        return True

    def _cur(self, elements: Elements) -> bool:
        foreign = bool(elements[2]) and elements[2] not in _DOLLARS
        if foreign:
            self._note("era.currency", described(elements[2]))
        return foreign

    def _n1(self, elements: Elements) -> bool:
        if self._claims:
            return False
        self._entity = elements[1]
        if self._entity == "PR" and "payer_name" not in self.header:
            self.header["payer_name"] = values.organisation(elements[2])
            self.header["payer_id"] = text(elements[4])
            return True
        if self._entity == "PE" and elements[3] == "XX" and "payee_npi" not in self.header:
            self.header["payee_npi"] = text(elements[4])
            return True
        return False

    # Claims and their lines -----------------------------------------------------------------------------------------

    def _clp(self, elements: Elements) -> None:
        charge, paid = self._amount_or_zero(elements[3], "CLP03"), self._amount_or_zero(elements[4], "CLP04")
        owed = self._amount(elements[5], "CLP05") if elements[5] else 0
        below_zero = charge is not None and charge < 0 and (paid or 0) <= 0 and (owed or 0) <= 0
        self._claim = self._row(
            "claims",
            claim_index=self._claims,
            claim_ref=text(elements[1]),
            status_code=text(elements[2]),
            charge_cents=charge,
            paid_cents=paid,
            filing_code=text(elements[6]),
            payer_claim_number=text(elements[7]),
            facility_code=text(elements[8]),
            frequency_code=text(elements[9]),
            is_reversal=elements[2] == "22" or below_zero,
        )
        self._claims += 1
        self._services, self._service = 0, None
        self._sums.claims.append(Level(self._claim, self._at))

    def _svc(self, elements: Elements) -> None:
        if self._claim is None:
            self._note("era.service_outside_claim")
            return
        procedure = [*self._parts(elements[1]), ""]
        submitted = [*self._parts(elements[6]), ""]
        self._service = self._row(
            "services",
            claim_index=self._claim["claim_index"],
            service_index=self._services,
            qualifier=text(procedure[0]),
            service_code=text(procedure[1]),
            modifiers="|".join(filter(None, map(text, procedure[2:6]))) or None,
            submitted_code=text(submitted[1]),
            charge_cents=self._amount_or_zero(elements[2], "SVC02"),
            paid_cents=self._amount_or_zero(elements[3], "SVC03"),
            units=self._quantity(elements[5], "SVC05") if elements[5] else values.quantity("1"),
        )
        self._services += 1
        self._sums.services.append(Level(self._service, self._at))

    def _cas(self, elements: Elements) -> bool:
        if self._claim is None:
            self._note("era.adjustment_outside_claim")
            return True
        group, read = elements[1], elements[1] not in _GROUPS
        if read:
            self._note("era.group_unknown", described(group))
        for number in range(2, len(elements), 3):
            reason, said = elements[number], elements[number + 1]
            if not reason and not said:
                continue
            read = True
            amount = self._amount_or_zero(said, f"CAS{number + 1:02d}")
            for level in (self._sums.claims[-1], *(self._sums.services[-1:] if self._service else [])):
                level.adjust(amount, owed=group == "PR")
            if amount is None:
                continue
            self._sums.magnitude += abs(amount)
            if not reason:
                self._note("era.reason_missing")
            quantity = self._quantity(elements[number + 2], f"CAS{number + 2:02d}")
            codes = {
                "group_code": group[:2] if len(group) < 3 else "",
                "reason_code": reason if len(reason) < 6 else "",
            }
            known = {**codes, "amount_cents": amount, "quantity": quantity}
            self._placed("adjustments", "adjustment_index", **known)
        return read

    def _mia(self, elements: Elements) -> bool:
        return self._remark("MIA", [elements[number] for number in (5, 20, 21, 22, 23)])

    def _moa(self, elements: Elements) -> bool:
        return self._remark("MOA", [elements[number] for number in range(3, 8)])

    def _lq(self, elements: Elements) -> bool:
        return self._remark("LQ", [elements[2]])

    def _remark(self, source: str, codes: list[str]) -> bool:
        """Keep the remark codes of a claim, or of its service line where they stand in an LQ; tell whether any did."""
        if self._claim is None:
            return False
        for code in filter(None, codes):
            elsewhere = {} if source == "LQ" else {"service_index": None}
            self._placed("remarks", "remark_index", source=source, code=code, **elsewhere)
        return any(codes)

    def _plb(self, elements: Elements) -> bool:
        """Take provider adjustments; they end the claims: an SVC or a CAS after them belongs to nothing."""
        self._claim = self._service = None
        year_end = self._day(elements[2], "PLB02")
        read = bool(elements[2]) and year_end is None
        for number in range(3, len(elements), 2):
            named, said = elements[number], elements[number + 1]
            if not named and not said:
                continue
            read = True
            reason = self._parts(named)[0].strip(values.BLANKS)
            reference = named.partition(self._component)[2].strip(values.BLANKS).replace(self._component, ":")
            amount = self._amount_or_zero(said, f"PLB{number + 1:02d}")
            self._sums.adjust_provider(amount)
            if amount is None:
                continue
            if not reason:
                self._note("era.reason_missing")
            self._row(
                "provider_adjustments",
                provider_adjustment_index=len(self.rows["provider_adjustments"]),
                provider_id=text(elements[1]),
                fiscal_year_end=year_end,
                reason_code=reason if len(reason) <= 3 else "",
                reference=re.sub(PATIENT_OF_MEDICARE, r"\1", reference) or None,
                amount_cents=amount,
            )
        return read

    # Whatever stands at any level -----------------------------------------------------------------------------------

    def _amt(self, elements: Elements) -> bool:
        amount = values.cents(elements[2])
        if amount is None and elements[2]:
            self._note("era.value_unreadable", shown(elements[2]), "AMT02")
        return self._long("amounts", "amount_index", elements, amount_cents=amount)

    def _qty(self, elements: Elements) -> bool:
        return self._long("quantities", "quantity_index", elements, quantity=self._quantity(elements[2], "QTY02"))

    def _ref(self, elements: Elements) -> bool:
        qualifier, value = elements[1], text(elements[2])
        if qualifier == "6R" and self._service is not None:
            self._service["line_ref"] = value
        elif qualifier == "F8" and self._claim is not None and self._service is None:
            self._claim["original_ref"] = self._claim["original_ref"] or value
        elif qualifier == "2U" and not self._claims and self._entity == "PR":
            self.header.setdefault("payer_ref", value)
        return self._long("references", "reference_index", elements, value=value if qualifier in REFERENCES else None)

    def _dtm(self, elements: Elements) -> bool:
        qualifier = elements[1]
        on = None if qualifier == _BIRTH else self._day(elements[2], "DTM02")
        service, claim = self._service, self._claim
        if service is not None:
            if qualifier == "151" and on:
                self._ends.setdefault(service["claim_index"], []).append(on)
            if qualifier == "472" or (qualifier == "150" and service["service_from"] is None):
                service["service_from"] = on or service["service_from"]
        elif claim is not None and qualifier in {"232", "233"}:
            named = "service_from" if qualifier == "232" else "service_to"
            claim[named] = on or claim[named]
        return self._long("dates", "date_index", elements, on_date=on)

    def _long(self, table: str, index: str, elements: Elements, **value: object) -> bool:
        """Add a row of a qualifier and its value; where the segment holds neither there is none."""
        if not elements[1] and not elements[2]:
            return False
        self._placed(table, index, qualifier=text(elements[1]) if len(elements[1]) <= 3 else None, **value)
        return True


_READ = frozenset(
    {"BPR", "TRN", "CUR", "N1", "CLP", "SVC", "CAS", "MIA", "MOA", "LQ", "PLB", "AMT", "QTY", "REF", "DTM"}
)
