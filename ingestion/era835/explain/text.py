"""An explained remittance as lines for a person: text and style, wrapped to the width of the reader's window."""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ingestion.era835.findings import ERROR_RULES, WARNING_RULES
from ingestion.era835.settlement import INCOMPLETE
from ledger.rules.remittance_codes import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal

    from ingestion.era835.explain.model import (
        Adjustment,
        Claim,
        Difference,
        Found,
        ProviderAdjustment,
        Remark,
        Service,
        Summary,
        Totals,
        Transaction,
    )

PLACES_SHOWN = 5
_FIGURES = {"charge": 11, "allowed": 11, "paid": 11, "patient owes": 13}  # columns, the blank before each included
_BALANCE_RULES = {
    "era.held_residual": "transaction",
    "era.claim_unbalanced": "claim",
    "era.service_unbalanced": "service",
}
_NO_TEXT = "(No text for this code here; x12.org/codes lists it.)"
_UNPAID = "NON"


class Line(NamedTuple):
    """A line of the text; `style` is title, good, bad, dim or nothing."""

    text: str
    style: str = ""


def amount(cents: int | None) -> str:
    """Write cents as an amount: -120500 is `-1,205.00`; one that nobody could read is a dash."""
    if cents is None:
        return "-"
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def counted(number: int, noun: str) -> str:
    """Give `1 claim`, `2,000 claims`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


@dataclass(frozen=True)
class Page:
    """Writes the parts of a remittance `width` columns wide."""

    width: int = 80

    def summary(self, file: Summary) -> Iterator[Line]:
        """Say which file this is and what it holds."""
        yield from self._wrapped(f"REMITTANCE FILE {file.name}", style="title")
        held = (("transaction", file.transactions), ("claim", file.claims), ("service line", file.services))
        said = ", ".join(counted(number, noun) for noun, number in held)
        yield from self._wrapped(f"{said}. SHA-256 {file.file_sha256[:12]}.")
        yield from self.findings(file.findings)

    def overview(self, transactions: Iterable[Transaction]) -> Iterator[Line]:
        """List transactions, a line each."""
        room, posted, verdicts = max(self.width - 68, 4), 0, Counter[str]()
        yield Line("")
        yield Line(
            f"{'ST':>4} {'payment':>13}  {'date':<10}  {'trace':<16} {'claims':>6}  {'verdict':<9}  payer", "title"
        )
        for found in transactions:
            verdict = found.standing.verdict if found.standing else found.verdict
            trace, payer = (found.trn_number or "-"), (found.payer_name or found.payer_id or "-")
            dated = str(found.paid_on or "-")
            yield Line(
                f"{found.st_index:>4} {amount(found.bpr_cents):>13}  {dated:<10}  {_cut(trace, 16):<16} "
                f"{found.claim_count:>6,}  {verdict:<9}  {_cut(payer, room)}",
                "" if verdict == "posted" else "bad",
            )
            verdicts[verdict] += 1
            posted += (found.bpr_cents or 0) if verdict == "posted" else 0
        yield Line("")
        said = ", ".join(f"{count:,} {verdict}" for verdict, count in verdicts.most_common())
        yield Line(f"  {said}. The posted ones pay {amount(posted)}.", "title")

    def payment(self, found: Transaction) -> Iterator[Line]:
        """Say all of a payment that is of no claim: its heading, what is wrong with it, and its adjustments."""
        yield from self.heading(found)
        yield from self.findings(found.findings, found.differences)
        yield from self._provider_adjustments(found.provider_adjustments)

    def heading(self, found: Transaction) -> Iterator[Line]:
        """Say who pays what, how and when, and how it stands in the books."""
        yield Line("")
        payer = found.payer_name or found.payer_id or "An unnamed payer"
        yield from self._wrapped(f"ST {found.st_index}: {payer} pays {amount(found.bpr_cents)}", style="title")
        yield from self._field("Payment", self._method(found))
        trace = f"{found.trn_number or 'none'}{f' of {found.trn_payer}' if found.trn_payer else ''}"
        yield from self._field("Trace", trace)
        yield from self._field("Payer", ", ".join(filter(None, (found.payer_name, found.payer_id))) or "not named")
        yield from self._field("Payee", f"NPI {found.payee_npi}" if found.payee_npi else "no NPI given")
        yield from self._verdict(found)

    def footer(self, file: Summary) -> Iterator[Line]:
        """Say how to see more, and what no table holds."""
        if not file.claims_shown:
            said = f"{counted(file.claims, 'claim')} are too many to show at once."
            said += " --st N explains one transaction with all its claims, --claim REF the claims of a reference."
            yield Line("")
            yield from self._wrapped(said, style="title")
        if file.unread:
            kinds = ", ".join(f"{tag} {count:,}" for tag, count in file.unread.items())
            yield Line("")
            yield from self._wrapped(f"Segments no table takes from (they stay in the file): {kinds}.", style="dim")

    def reasons(self, lines: list[tuple[Adjustment, int]]) -> Iterator[Line]:
        """List what was taken off in a transaction, by group and reason."""
        if lines:
            yield Line("")
            yield Line("  Taken off, by reason (how often)", "title")
        for adjustment, count in lines:
            yield from self._adjustment(adjustment, 2, f" ({count:,})")

    def claim(self, found: Claim) -> Iterator[Line]:
        """Explain a claim and its service lines."""
        yield Line("")
        yield from self._wrapped(f"CLAIM {found.claim_index}: {found.claim_ref or 'no reference'}", style="title")
        yield from self._wrapped(self._about(found), indent=2)
        if found.is_reversal:
            yield from self._wrapped(_reversal(found), indent=2, style="bad")
        if found.looks_denied:
            said = "Looks denied: nothing is paid, nothing is asked of the patient."
            yield from self._wrapped(said, indent=2, style="bad")
        yield Line(f"  {'':{self._label}}{_figures(_FIGURES)}", "dim")
        yield from self._figures("whole claim", found)
        yield from self._details(found.adjustments, found.remarks)
        for line in found.services:
            yield from self._figures(_service_label(line), line)
            yield from self._details(line.adjustments, line.remarks)

    def closing(self, found: Transaction, sums: Totals) -> Iterator[Line]:
        """Walk from the charges to the payment, and say whether it balances."""
        yield Line("")
        held = [counted(sums.claims, "claim"), counted(sums.services, "service line")]
        held += [counted(sums.reversals, "reversal")] if sums.reversals else []
        yield Line(f"TOTAL of ST {found.st_index}: {', '.join(held)}", "title")
        taken = (sums.patient_cents, sums.contractual_cents, sums.sequestration_cents, sums.other_cents)
        off = sums.charge_cents - sum(taken) - sums.paid_cents
        steps = (
            ("charges", sums.charge_cents),
            ("- patient owes (PR)", sums.patient_cents),
            ("- above the fee allowed (CO-45)", sums.contractual_cents),
            ("- sequestration (CO-253)", sums.sequestration_cents),
            ("- other reasons", sums.other_cents),
            ("- not accounted for", off),
            ("= paid on claims", sums.paid_cents),
            ("- provider adjustments (PLB)", found.provider_adjustments_cents),
            ("- not accounted for", -(found.residual_cents or 0)),
            ("= payment (BPR02)", found.bpr_cents),
        )
        for label, cents in steps:
            if cents != 0 or label.startswith("="):
                wrong = label == "- not accounted for"
                yield Line(f"  {label:<34}{amount(cents):>16}", "bad" if wrong else "")

    def findings(
        self, groups: Iterable[Found], differences: Iterable[Difference] = (), *, of_all: bool = False
    ) -> Iterator[Line]:
        """Say what is wrong: each rule's sentence once, then the places; `of_all`: with the transaction of each."""
        differences = tuple(differences)
        for group in groups:
            label = "Error" if group.severity == "error" else "Warning"
            times = f" ({group.count:,} times)" if group.count > 1 else ""
            style = "bad" if group.severity == "error" else ""
            yield from self._field(label, f"{group.message} [{group.rule}]{times}", style)
            level = _BALANCE_RULES.get(group.rule)
            shown = [_where(found) for found in differences if found.level == level] if level else []
            places = shown or _places(group, with_st=of_all)
            for place in places[:PLACES_SHOWN]:
                yield from self._wrapped(place, indent=13, hang=15)
            if group.count > PLACES_SHOWN and len(places) > PLACES_SHOWN:
                yield Line(f"{'':13}… and {group.count - PLACES_SHOWN:,} more")

    @property
    def _label(self) -> int:
        """Columns for what the figures of a line are of."""
        return min(self.width - 2 - sum(_FIGURES.values()), 50)

    def _wrapped(self, text: str, *, indent: int = 0, hang: int | None = None, style: str = "") -> Iterator[Line]:
        lines = textwrap.wrap(
            _printable(text),
            self.width,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent if hang is None else hang),
            break_on_hyphens=False,
        )
        return (Line(line, style) for line in lines)

    def _field(self, label: str, text: str, style: str = "") -> Iterator[Line]:
        return self._wrapped(f"{label + ' ' * (11 - len(label))}{text}", indent=2, hang=13, style=style)

    def _method(self, found: Transaction) -> str:
        if found.bpr_method == _UNPAID:
            return f"no money moves with this remittance ({_UNPAID}), dated {found.paid_on or 'nowhere'}"
        method = found.method or (f"by {found.bpr_method}" if found.bpr_method else "by a way not named")
        return f"{amount(found.bpr_cents)}, {method}, on {found.paid_on or 'no date'}"

    def _verdict(self, found: Transaction) -> Iterator[Line]:
        standing = found.standing
        verdict = standing.verdict if standing else found.verdict
        yield from self._field(
            "Verdict", f"{verdict}. {_why(found, verdict)}", "good" if verdict == "posted" else "bad"
        )
        if standing and standing.settlement:
            replaced = f" with {standing.replaced_by}" if standing.replaced_by else ""
            said = f"{standing.settlement.capitalize()}{replaced} by {standing.settled_by}"
            yield from self._field("", f"{said} on {standing.settled_at:%Y-%m-%d}: {standing.why}")

    def _provider_adjustments(self, lines: Iterable[ProviderAdjustment]) -> Iterator[Line]:
        lines = tuple(lines)
        if lines:
            yield Line("")
            yield Line("  Provider adjustments (of no claim; a minus raises the payment)", "title")
        for found in lines:
            about = f"{found.reason_code or '-':<7} {found.meaning or _NO_TEXT}"
            if found.reference:
                about += f" Reference {found.reference}."
            yield from self._wrapped(f"{amount(found.amount_cents):>12}  {about}", indent=2, hang=24)

    def _about(self, found: Claim) -> str:
        status = found.status or f"status {found.status_code or 'not given'}"
        said = [status[0].upper() + status[1:]]
        if found.service_from:
            until = f" to {found.service_to}" if found.service_to not in {None, found.service_from} else ""
            said.append(f"service {found.service_from}{until}")
        if found.facility_code:
            place = f" ({found.place_of_service})" if found.place_of_service else ""
            said.append(f"place of service {found.facility_code}{place}")
        said += [found.filing] if found.filing else []
        said += [found.frequency] if found.frequency and found.frequency_code != "1" else []
        said += [f"payer's number {found.payer_claim_number}"] if found.payer_claim_number else []
        said += [f"corrects {found.original_ref}"] if found.original_ref else []
        return "; ".join(said) + "."

    def _figures(self, label: str, found: Claim | Service) -> Iterator[Line]:
        amounts = (found.charge_cents, found.allowed_cents, found.paid_cents, found.patient_responsibility_cents)
        figures = _figures(map(amount, amounts))
        label = _printable(label)
        if len(label) > self._label:
            yield Line(f"  {label}")
            label = ""
        yield Line(f"  {label:<{self._label}}{figures}", "bad" if found.residual_cents else "")
        if found.residual_cents:
            yield Line(f"    does not balance: off by {amount(found.residual_cents)}", "bad")

    def _details(self, adjustments: Iterable[Adjustment], remarks: Iterable[Remark]) -> Iterator[Line]:
        for adjustment in adjustments:
            yield from self._adjustment(adjustment, 4)
        for remark in remarks:
            yield from self._wrapped(
                f"{'remark':>10}  {remark.code:<7} {remark.meaning or _NO_TEXT}", indent=4, hang=24
            )

    def _adjustment(self, found: Adjustment, indent: int, more: str = "") -> Iterator[Line]:
        code = "-".join(filter(None, (found.group_code, found.reason_code))) or "no code"
        group = name_of("CAS01", found.group_code) or "unknown group"
        units = f" Units: {_quantity(found.quantity)}." if found.quantity else ""
        cents = f"{amount(found.amount_cents):>{14 - indent}}"
        text = f"{cents}  {code:<7} {group}: {found.meaning or _NO_TEXT}{units}{more}"
        return self._wrapped(text, indent=indent, hang=24)


def _figures(texts: Iterable[str]) -> str:
    return "".join(f" {text:>{room - 1}}" for text, room in zip(texts, _FIGURES.values(), strict=True))


def _why(found: Transaction, verdict: str) -> str:
    if verdict == "posted":
        return (
            "The payment balances, and nothing in it holds it back."
            if found.verdict == "posted"
            else "A person let it post."
        )
    if found.standing and found.standing.settlement == "replaced":
        return "Another remittance stands in its place; nothing of it posts."
    said = (ERROR_RULES | WARNING_RULES).get(f"era.{verdict}", "Nothing of it posts; the errors below say why.")
    if found.standing and verdict != "duplicate":
        whole = INCOMPLETE.keys().isdisjoint(told.rule for told in found.findings)
        ways = "release (or replace)" if whole else "replace"
        said += f" Then a person settles it: trueup era {ways} {found.file_sha256[:12]}#{found.st_index}"
    return said


def _reversal(found: Claim) -> str:
    if found.undoes is None:
        return "The claim it takes back is not in this file."
    return f"It takes back claim {found.undoes.claim_index} of ST {found.undoes.st_index} of this file."


def _service_label(found: Service) -> str:
    code = " ".join(filter(None, (found.service_code, *found.modifiers))) or "no code"
    said = [code if found.qualifier in {"HC", None} else f"{found.qualifier} {code}"]
    said += [f"{_quantity(found.units)} unit{'s' * (found.units != 1)}"] if found.units is not None else []
    said += [str(found.service_from)] if found.service_from else []
    said += [f"billed as {found.submitted_code}"] if found.submitted_code else []
    return ", ".join(said)


def _where(found: Difference) -> str:
    said = [f"off by {amount(found.off_by_cents)}"]
    if found.claim_index is not None:
        named = f" ({found.claim_ref})" if found.claim_ref else ""
        said.append(f"claim {found.claim_index}{named}")
    if found.service_index is not None:
        said.append(f"line {found.service_index} ({found.service_code or 'no code'})")
    return ", ".join([*said, *_position(found.segment_index, found.byte_offset)])


def _places(group: Found, *, with_st: bool) -> list[str]:
    said = []
    for place in group.places:
        position = _position(place.segment_index, place.byte_offset)
        position = [f"ST {place.st_index}", *position] if with_st else position
        said.append(": ".join(filter(None, (", ".join(position), place.value))))
    return [text for text in said if text]


def _position(segment_index: int | None, byte_offset: int | None) -> list[str]:
    said = [] if segment_index is None else [f"segment {segment_index}"]
    return said + ([] if byte_offset is None else [f"byte {byte_offset:,}"])


def _quantity(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def _cut(text: str, room: int) -> str:
    text = _printable(text)
    return text if len(text) <= room else text[: room - 1] + "…"


def _printable(text: str) -> str:
    """Escape what could move a terminal's cursor: the words of a file come from anywhere."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
