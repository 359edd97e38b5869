"""Segments to columns: what each segment of an 835 (005010X221A1) adds to which table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from ingestion.era835.balancing import Balance
from ingestion.era835.body import body_sha256
from ingestion.era835.columns import TABLES
from ingestion.era835.findings import Finding, Place, finding, shown
from ingestion.era835.values import cents, day, organisation, quantity
from ingestion.landing import described

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from decimal import Decimal

    from ingestion.era835.envelope import Transaction
    from ingestion.era835.scanner import Interchange

Columns: TypeAlias = dict[str, list[Any]]

_GROUPS = frozenset({"CO", "PR", "OA", "PI", "CR"})
_REVERSAL = "22"
_DOLLARS = frozenset({"USD", "XXX"})  # the second is ISO 4217 for no currency, seen in blanked-out data
_PASSED_OVER = frozenset(
    ["AMT", "LX", "N2", "N3", "N4", "NM1", "PER", "QTY", "RDM", "TS2", "TS3"]
)  # segments of an 835 that carry nothing for our tables (names and contacts are never loaded)
_BLANKS = [""] * 24  # after the last element of a segment: what is left out is empty
_FILLED = {"transactions": "body_sha256", "claims": "claim_ref", "services": "qualifier", "remarks": "code"}
_NUMBERED = {
    "adjustments": "adjustment_index",
    "provider_adjustments": "provider_adjustment_index",
    "remarks": "remark_index",
}


class Reader:
    """Reads transactions one after the other into the columns of one file's tables.

    Amounts are integer cents. A value that cannot be read is null, with a finding; an amount that cannot be read holds
    its transaction. Names, member numbers and birth dates are passed over: no column takes them.
    """

    def __init__(self, file_sha256: str) -> None:
        self.findings: list[Finding] = []
        self.tables: dict[str, Columns] = {name: {column: [] for column in columns} for name, columns in TABLES.items()}
        self._file_sha256 = file_sha256
        self._claims, self._services = self.tables["claims"], self.tables["services"]
        self._adjustments, self._remarks = self.tables["adjustments"], self.tables["remarks"]
        self._plbs = self.tables["provider_adjustments"]
        self._balance = Balance(self._claims, self._services)
        self._handlers: dict[str, Callable[[list[str]], None]] = {
            "BPR": self._bpr,
            "TRN": self._trn,
            "CUR": self._cur,
            "N1": self._n1,
            "REF": self._ref,
            "CLP": self._clp,
            "CAS": self._cas,
            "SVC": self._svc,
            "DTM": self._dtm,
            "MIA": self._mia,
            "MOA": self._moa,
            "LQ": self._lq,
            "PLB": self._plb,
        }

    def read(self, interchange: Interchange, transaction: Transaction) -> None:
        """Add one transaction to the tables, with its balance and its verdict as far as the file alone gives it."""
        self._start(interchange, transaction)
        element, handlers = interchange.delimiters.element, self._handlers
        segments = interchange.segments
        for at in range(transaction.start + 1, transaction.end):
            elements = segments[at].split(element)
            self._at = at
            handler = handlers.get(elements[0])
            if handler is not None:
                handler(elements)
            elif elements[0] not in _PASSED_OVER and segments[at]:
                self._note("era.segment_unknown", described(elements[0]))
        self._finish()

    # One transaction ----------------------------------------------------------------------------------------------

    def _start(self, interchange: Interchange, transaction: Transaction) -> None:
        self._interchange, self._transaction = interchange, transaction
        self._component = interchange.delimiters.component
        self._at = transaction.start
        self._first_finding = len(self.findings)
        self._header: dict[str, Any] = {}
        self._entity = ""
        self._claim = self._service = -1
        self._in_claim = self._service_open = False
        self._firsts = {name: len(columns["file_sha256"]) for name, columns in self.tables.items()}
        self._balance.start()

    def _finish(self) -> None:
        transaction, header, balance = self._transaction, self._header, self._balance
        if "bpr_cents" not in header:
            self._note_at("era.bpr_missing", transaction.start)
        if not transaction.complete:
            self._note_at("era.cut_off", transaction.end)
        balance.finish(header.get("bpr_cents"))
        for rule, at, value in balance.remarks:
            self._note_at(rule, transaction.start if at is None else at, value)
        held = any(found.severity == "error" for found in self.findings[self._first_finding :])
        columns = self.tables["transactions"]
        row = {
            "st_index": transaction.st_index,
            "isa_control": transaction.isa_control,
            "gs_control": transaction.gs_control,
            "st_control": transaction.st_control,
            **header,
            "payer_id": header.get("payer_id") or header.get("payer_ref"),
            "claims_cents": balance.claims_cents,
            "provider_adjustments_cents": balance.provider_adjustments_cents,
            "residual_cents": balance.residual_cents,
            "claim_count": self._claim + 1,
            "verdict": "held" if held else "posted",
            "body_sha256": body_sha256(self._interchange, transaction),
        }
        for name, column in columns.items():
            if name != "file_sha256":
                column.append(row.get(name))
        self._fill()

    def _fill(self) -> None:
        """Fill the columns that are the same for every row of a transaction, and the running numbers of its rows."""
        for name, columns in self.tables.items():
            filled = columns[_FILLED.get(name, "amount_cents")]
            rows = len(filled) - self._firsts[name]
            columns["file_sha256"].extend([self._file_sha256] * rows)
            if name != "transactions":
                columns["st_index"].extend([self._transaction.st_index] * rows)
            if name in _NUMBERED:
                columns[_NUMBERED[name]].extend(range(rows))
        self._date_claims()

    def _date_claims(self) -> None:
        """Give a claim without dates of its own those of its service lines: the first and the last."""
        first = self._firsts["claims"]
        earliest, latest = self._claims["service_from"], self._claims["service_to"]
        owners, days = self._services["claim_index"], self._services["service_from"]
        spans: dict[int, tuple[date, date]] = {}
        for row in range(self._firsts["services"], len(owners)):
            on = days[row]
            if on is not None:
                low, high = spans.get(owners[row], (on, on))
                spans[owners[row]] = (min(low, on), max(high, on))
        for claim, (low, high) in spans.items():
            earliest[first + claim] = earliest[first + claim] or low
            latest[first + claim] = latest[first + claim] or max(high, earliest[first + claim])
        for row in range(first, len(earliest)):
            latest[row] = latest[row] or earliest[row]

    # Remarks ------------------------------------------------------------------------------------------------------

    def _note(self, rule: str, value: str | None = None, where: str = "") -> None:
        self._note_at(rule, self._at, value, where)

    def _note_at(self, rule: str, at: int, value: str | None = None, where: str = "") -> None:
        transaction = self._transaction
        place = Place(transaction.st_index, at - transaction.start, self._interchange.byte_offset(at))
        self.findings.append(finding(rule, place, value, where))

    # Values -------------------------------------------------------------------------------------------------------

    def _amount(self, text: str, where: str) -> int | None:
        """Read an amount in cents; one that cannot be read is null and holds the transaction."""
        amount = cents(text.strip())
        if amount is None:
            self._note("era.amount_unreadable", shown(text), where)
        return amount

    def _amount_or_zero(self, text: str, where: str) -> int | None:
        """Read an amount of which an empty one counts 0 and is told: the balance says whether that is right."""
        if text:
            return self._amount(text, where)
        self._note("era.amount_missing", None, where)
        return 0

    def _day(self, text: str, where: str) -> date | None:
        on = day(text.strip())
        if on is None and text:
            self._note("era.date_unreadable", described(text), where)
        return on

    def _quantity(self, text: str, where: str) -> Decimal | None:
        units = quantity(text.strip())
        if units is None and text:
            self._note("era.quantity_unreadable", shown(text), where)
        return units

    def _parts(self, composite: str) -> list[str]:
        """Split SVC01, SVC06 or PLB03, whose first part has two characters: some senders name another mark in ISA16."""
        if self._component not in composite and len(composite) > 2 and not composite[2].isalnum():  # noqa: PLR2004 - ID 2/2
            self._component = composite[2]
            self._note("era.component_mark")
        return composite.split(self._component)

    # Segments of the header ---------------------------------------------------------------------------------------

    def _bpr(self, elements: list[str]) -> None:
        if "bpr_cents" in self._header:
            self._note("era.bpr_repeated")
            return
        elements += _BLANKS
        amount = self._amount(elements[2], "BPR02")
        if amount is not None and amount < 0:
            self._note("era.bpr_negative", shown(elements[2]))
        self._header |= {
            "bpr_cents": amount,
            "bpr_flag": _text(elements[1]),
            "bpr_method": _text(elements[4]),
            "paid_on": self._day(elements[16], "BPR16"),
        }

    def _trn(self, elements: list[str]) -> None:
        elements += _BLANKS
        if self._claim < 0:
            self._header.setdefault("trn_number", _text(elements[2]))
            self._header.setdefault("trn_payer", _text(elements[3]))

    def _cur(self, elements: list[str]) -> None:
        currency = elements[2].strip() if len(elements) > 2 else ""  # noqa: PLR2004 - CUR02
        if currency and currency not in _DOLLARS:
            self._note("era.currency", described(currency))

    def _n1(self, elements: list[str]) -> None:
        if self._claim >= 0:
            return
        elements += _BLANKS
        self._entity = elements[1]
        if self._entity == "PR":
            self._header.setdefault("payer_name", organisation(elements[2]))
            self._header.setdefault("payer_id", _text(elements[4]))
        elif self._entity == "PE" and elements[3] == "XX":
            self._header.setdefault("payee_npi", _text(elements[4]))

    def _ref(self, elements: list[str]) -> None:
        elements += _BLANKS
        if elements[1] == "6R" and self._service_open:
            self._services["line_ref"][-1] = _text(elements[2])
        elif elements[1] == "2U" and self._claim < 0 and self._entity == "PR":
            self._header.setdefault("payer_ref", _text(elements[2]))

    # Claims and their lines ---------------------------------------------------------------------------------------

    def _clp(self, elements: list[str]) -> None:
        elements += _BLANKS
        self._claim += 1
        self._service, self._in_claim, self._service_open = -1, True, False
        charge, paid = self._amount_or_zero(elements[3], "CLP03"), self._amount_or_zero(elements[4], "CLP04")
        owed = self._amount(elements[5], "CLP05") if elements[5] else 0
        status, claims = elements[2].strip(), self._claims
        claims["claim_index"].append(self._claim)
        claims["claim_ref"].append(_text(elements[1]))
        claims["status_code"].append(_text(status))
        claims["charge_cents"].append(charge)
        claims["paid_cents"].append(paid)
        claims["filing_code"].append(_text(elements[6]))
        claims["payer_claim_number"].append(_text(elements[7]))
        claims["facility_code"].append(_text(elements[8]))
        claims["frequency_code"].append(_text(elements[9]))
        claims["is_reversal"].append(status == _REVERSAL or _undoes(charge, paid, owed))
        claims["service_from"].append(None)
        claims["service_to"].append(None)
        self._balance.open_claim(self._at)

    def _svc(self, elements: list[str]) -> None:
        if not self._in_claim:
            self._note("era.service_outside_claim")
            return
        elements += _BLANKS
        self._service += 1
        self._service_open = True
        procedure = self._parts(elements[1]) + _BLANKS
        submitted = self._parts(elements[6]) + _BLANKS
        services = self._services
        services["claim_index"].append(self._claim)
        services["service_index"].append(self._service)
        services["qualifier"].append(_text(procedure[0]))
        services["service_code"].append(_text(procedure[1]))
        services["modifiers"].append("|".join(filter(None, map(str.strip, procedure[2:6]))) or None)
        services["submitted_code"].append(_text(submitted[1]))
        services["charge_cents"].append(self._amount_or_zero(elements[2], "SVC02"))
        services["paid_cents"].append(self._amount_or_zero(elements[3], "SVC03"))
        services["units"].append(self._quantity(elements[5], "SVC05") if elements[5] else quantity("1"))
        services["service_from"].append(None)
        services["line_ref"].append(None)
        self._balance.open_service(self._at)

    def _cas(self, elements: list[str]) -> None:
        if not self._in_claim:
            self._note("era.adjustment_outside_claim")
            return
        elements += ["", "", ""]
        group = elements[1].strip()
        if group not in _GROUPS:
            self._note("era.group_unknown", described(group))
        rows, service = self._adjustments, self._service if self._service_open else None
        for number in range(2, len(elements) - 2, 3):
            reason, text = elements[number].strip(), elements[number + 1]
            if not reason and not text:
                continue
            amount = self._amount_or_zero(text, f"CAS{number + 1:02d}")
            self._balance.adjust(amount, owed=group == "PR", on_service=service is not None)
            if amount is None:
                continue
            if not reason:
                self._note("era.reason_missing")
            rows["claim_index"].append(self._claim)
            rows["service_index"].append(service)
            rows["group_code"].append(group)
            rows["reason_code"].append(reason)
            rows["amount_cents"].append(amount)
            rows["quantity"].append(self._quantity(elements[number + 2], f"CAS{number + 2:02d}"))

    def _dtm(self, elements: list[str]) -> None:
        if not self._in_claim or len(elements) < 3:  # noqa: PLR2004 - DTM01 and DTM02
            return
        qualifier = elements[1]
        if self._service_open:
            days = self._services["service_from"]
            if qualifier == "472" or (qualifier == "150" and days[-1] is None):
                days[-1] = self._day(elements[2], "DTM02") or days[-1]
        elif qualifier == "232":
            self._claims["service_from"][-1] = self._day(elements[2], "DTM02")
        elif qualifier == "233":
            self._claims["service_to"][-1] = self._day(elements[2], "DTM02")

    def _mia(self, elements: list[str]) -> None:
        self._remark("MIA", [*elements[5:6], *elements[20:24]])

    def _moa(self, elements: list[str]) -> None:
        self._remark("MOA", elements[3:8])

    def _lq(self, elements: list[str]) -> None:
        self._remark("LQ", elements[2:3])

    def _remark(self, source: str, codes: list[str]) -> None:
        rows = self._remarks
        for code in codes:
            if self._in_claim and code.strip():
                rows["claim_index"].append(self._claim)
                rows["service_index"].append(self._service if self._service_open and source == "LQ" else None)
                rows["source"].append(source)
                rows["code"].append(code.strip())

    def _plb(self, elements: list[str]) -> None:
        """Take provider adjustments; they end the claims: an SVC or a CAS after them belongs to nothing."""
        elements += _BLANKS
        self._in_claim = self._service_open = False
        year_end = self._day(elements[2], "PLB02")
        rows = self._plbs
        for number in range(3, len(elements) - 1, 2):
            named, text = elements[number].strip(), elements[number + 1]
            if not named and not text:
                continue
            amount = self._amount_or_zero(text, f"PLB{number + 1:02d}")
            self._balance.adjust_provider(amount)
            if amount is None:
                continue
            reason, *reference = self._parts(named)
            if not reason:
                self._note("era.reason_missing")
            rows["provider_id"].append(_text(elements[1]))
            rows["fiscal_year_end"].append(year_end)
            rows["reason_code"].append(reason)
            rows["reference"].append(_text(":".join(reference)))
            rows["amount_cents"].append(amount)


def _text(value: str) -> str | None:
    """Return an element without blanks around it; null where it is empty."""
    return value.strip() or None


def _undoes(charge: int | None, paid: int | None, owed: int | None) -> bool:
    """Tell a reversal without status 22: a negative charge with nothing positive in CLP03 to CLP05."""
    return charge is not None and charge < 0 and (paid or 0) <= 0 and (owed or 0) <= 0
