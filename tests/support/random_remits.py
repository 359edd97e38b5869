"""Random 835 files about the visits of a world: several payers, reversals, denials, cut references, resends."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tests.support import world_files
from tests.support.oracle.inputs import Adjustment, Claim, ProviderAdjustment, Service, Transaction

if TYPE_CHECKING:
    from random import Random

    from tests.support.oracle.inputs import Observation

PR_REASONS = ("1", "2", "3")
REFUSALS = (("CO", "50"), ("CO", "97"), ("PI", "204"), ("OA", "18"), ("CO", "16"))
SIGNS = (
    world_files.Delimiters(),
    world_files.Delimiters(after=""),
    world_files.Delimiters("|", ">", "~", "\r\n"),
    world_files.Delimiters("*", "<", "\n", ""),
)


@dataclass(frozen=True)
class Payer:
    """Who sends remits, by up to three names."""

    name: str
    payer_id: str | None
    trn_payer: str | None


PAYERS = (
    Payer("PLAN ONE", "P0001", "1111111111"),
    Payer("PLAN TWO", "P0002", "1222222222"),
    Payer("PLAN THREE", None, "1333333333"),
    Payer("PLAN FOUR", "P0004", "1444444444"),
)


@dataclass(frozen=True)
class RemitFile:
    """One 835 file: its bytes and the transactions that stand in it."""

    name: str
    data: bytes
    transactions: tuple[Transaction, ...]


def _adjusted(rng: Random, charge: int, kind: str) -> tuple[int, tuple[Adjustment, ...]]:
    """Return what is paid of a charge, and the adjustments that explain the rest exactly."""
    found: list[Adjustment] = []
    left = charge
    if rng.random() < 0.7 or kind == "contractual":
        cents = left if kind == "contractual" else rng.randrange(0, left // 2 + 1)
        found.append(Adjustment("CO", "45", cents))
        left -= cents
    if kind == "denial":
        group, reason = rng.choice(REFUSALS)
        part = rng.choice((left, left // 2))
        found.append(Adjustment(group, reason, part))
        found.append(Adjustment("CO", "253" if rng.random() < 0.2 else "50", left - part))
        if rng.random() < 0.2:
            found.append(Adjustment("PR", "3", 0))
        return 0, tuple(a for a in found if a.amount_cents or a.group_code == "PR")
    if kind == "patient":
        found.append(Adjustment("PR", rng.choice(PR_REASONS), left))
        return 0, tuple(found)
    for group, reason, rate in (("PR", rng.choice(PR_REASONS), 0.7), ("CO", "253", 0.3), ("OA", "23", 0.2)):
        if left > 0 and rng.random() < rate:
            cents = rng.randrange(0, left // 2 + 1)
            found.append(Adjustment(group, reason, cents))
            left -= cents
    if rng.random() < 0.1:
        found.append(Adjustment("OA", "94", -150))
        left += 150
    return left, tuple(found)


def _claim(rng: Random, reference: str | None, status: str, number: str | None) -> Claim:
    """Return a balanced claim, with services or with claim-level adjustments only, or both."""
    kinds = ("paid",) * 5 + ("denial", "denial", "patient", "contractual")
    kind = "denial" if status == "4" and rng.random() < 0.6 else rng.choice(kinds)
    charge = rng.choice((100, 9999, 10000, 12345, 15000, 20001))
    place = rng.choice(("02", "10", "10", "11", None))
    claim = Claim(reference, status, charge, 0, 0, number, place)
    if rng.random() < 0.25:
        paid, adjustments = _adjusted(rng, charge, kind)
        claim = replace(claim, paid_cents=paid, claim_adjustments=adjustments)
    else:
        cut = rng.randrange(0, charge)
        services = []
        for part in (charge,) if rng.random() < 0.6 else (cut, charge - cut):
            paid, adjustments = _adjusted(rng, part, kind)
            services.append(Service("99213", rng.choice(((), ("95",))), part, paid, adjustments))
        paid = sum(service.paid_cents for service in services)
        extra: tuple[Adjustment, ...] = ()
        if kind == "paid" and paid > 0 and rng.random() < 0.2:
            extra = (Adjustment("OA", "A2", 1),)
        claim = replace(claim, paid_cents=paid - len(extra), services=tuple(services), claim_adjustments=extra)
    responsibility = sum(a.amount_cents for a in claim.adjustments if a.group_code == "PR")
    return replace(claim, clp05_cents=rng.choice((responsibility, responsibility, 777)))


def _negated(adjustments: tuple[Adjustment, ...]) -> tuple[Adjustment, ...]:
    return tuple(replace(a, amount_cents=-a.amount_cents) for a in adjustments)


def _reversal(rng: Random, claim: Claim, numbers: list[str]) -> Claim:
    """Return the claim with its signs turned, under code 22 or by sign only, its number kept, lost or wrong."""
    services = tuple(
        replace(
            service,
            charge_cents=-service.charge_cents,
            paid_cents=-service.paid_cents,
            adjustments=_negated(service.adjustments),
        )
        for service in claim.services
    )
    number = rng.choice((claim.payer_claim_number,) * 4 + (None, None, rng.choice(numbers)))
    return replace(
        claim,
        status_code=rng.choice(("22", "22", "22", "1", "2")),
        charge_cents=-claim.charge_cents,
        paid_cents=-claim.paid_cents,
        clp05_cents=-max(claim.clp05_cents, 0),
        payer_claim_number=number,
        original_ref=rng.choice((None, claim.payer_claim_number)),
        claim_adjustments=_negated(claim.claim_adjustments),
        services=services,
    )


def _written(rng: Random, reference: str | None) -> str | None:
    """Return a claim reference as payers write it: kept, lower-cased, dashed, cut, or lost."""
    if reference is None:
        return rng.choice(("0", "NOBODYSCLAIM12345", None))
    ways = (
        *(reference,) * 14,
        *(reference.lower(), f"{reference[:4]}-{reference[4:]}", f"{reference[:5]} {reference[5:]}"),
        *(reference[:14], reference[:12], reference[:11], reference[:13].lower(), "0"),
    )
    return rng.choice(ways)


def _claims_of_visit(rng: Random, visit: Observation, numbers: list[str]) -> list[tuple[Payer, Claim]]:
    """Return the claims about one visit: some orders of some payers, corrected, reversed and denied at will."""
    found: list[tuple[Payer, Claim]] = []
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        payer = rng.choice(PAYERS)
        status = rng.choice((*("1",) * 6, "19", "2", "2", "20", "3", "21", "4", "23", "25", "5"))
        number = rng.choice((f"N{rng.getrandbits(40):x}", rng.choice(numbers)) if rng.random() < 0.1 else (None,))
        number = number or f"N{rng.getrandbits(40):x}"
        numbers.append(number)
        claim = _claim(rng, _written(rng, visit.claim_ref), status, rng.choice((number,) * 6 + (None,)))
        if status in ("23", "25"):
            nothing_yet = (Adjustment("OA", "133", claim.charge_cents),)
            claim = replace(claim, paid_cents=0, claim_adjustments=nothing_yet, services=())
        found.append((payer, claim))
        while rng.random() < 0.3:
            found.append((payer, replace(_reversal(rng, claim, numbers), claim_ref=_written(rng, visit.claim_ref))))
            if rng.random() < 0.6:
                claim = _claim(rng, _written(rng, visit.claim_ref), status, rng.choice((number, None)))
                found.append((payer, claim))
        while rng.random() < 0.2:
            found.append((payer, _claim(rng, _written(rng, visit.claim_ref), status, number)))
    return found


def _reference(rng: Random, claim: Claim) -> str:
    """Return how a payer says which claim a recovery is about: by its number, by ours, or by both and a date."""
    numbers = (claim.payer_claim_number or "", claim.claim_ref or "")
    return rng.choice((*numbers, f"{numbers[1]} 20260901 {numbers[0]}")).replace(":", "")


def _provider_pairs(
    rng: Random, index: int, claims: list[Claim], put_off: list[ProviderAdjustment]
) -> list[ProviderAdjustment]:
    """Return PLB pairs: interest, recoveries put off to another remit, and what earlier ones had put off."""
    pairs = [ProviderAdjustment("L6", "INT", -rng.randrange(1, 500))] if rng.random() < 0.15 else []
    while put_off and rng.random() < 0.5:
        due = put_off.pop()
        pairs.append(replace(due, amount_cents=-due.amount_cents // rng.choice((1, 1, 1, 2))))
        if rng.random() < 0.3:
            pairs.append(replace(due, reason_code="72"))
    if rng.random() < 0.1:
        pairs.append(ProviderAdjustment("WO", f"N{index}", rng.randrange(1, 900), rng.choice((None, "1000000020"))))
    for claim in claims:
        if claim.is_reversal and claim.paid_cents < 0 and rng.random() < 0.5:
            put_off.append(ProviderAdjustment("WO", _reference(rng, claim), claim.paid_cents))
            pairs.append(put_off[-1])
    return pairs


def _transaction(
    rng: Random, payer: Payer, index: int, claims: list[Claim], put_off: dict[str, list[ProviderAdjustment]]
) -> Transaction:
    """Return a transaction that balances, mostly; few days and shared trace numbers make ties of order."""
    npi = rng.choice(("1000000004", "1000000012"))
    due = put_off.setdefault(payer.name + npi, [])
    pairs = _provider_pairs(rng, index, claims, due)
    total = sum(claim.paid_cents for claim in claims) - sum(pair.amount_cents for pair in pairs)
    if total < 0 and rng.random() < 0.9:
        due.append(ProviderAdjustment("FB", f"FB{index}", total))
        pairs.append(due[-1])
        total = 0
    wrong = 1 if rng.random() < 0.04 else 0
    number = f"T{rng.randrange(40)}" if rng.random() < 0.1 else f"T{1000 + index}"
    sent = Transaction(
        file_sha256="",
        st_index=0,
        payer_name=payer.name,
        payer_id=payer.payer_id,
        trn_payer=payer.trn_payer,
        payee_npi=npi,
        bpr_cents=total + wrong,
        bpr_method="NON" if total == 0 else rng.choice(("ACH", "ACH", "ACH", "CHK")),
        paid_on=date(2026, 10, 1) + timedelta(days=rng.choice((0, 0, 1, 5, 20, 21, 22))),
        trn_number=number,
        body_sha256="",
        claims=tuple(claims),
        provider_adjustments=tuple(pairs),
    )
    return replace(sent, body_sha256=world_files.body_sha256(sent))


def _conflicting(sent: Transaction) -> Transaction:
    """Return another body under the same payer, payee, trace number, date and amount."""
    first = replace(sent.claims[0], facility_code="12")
    other = replace(sent, claims=(first, *sent.claims[1:]))
    return replace(other, body_sha256=world_files.body_sha256(other))


def _unbalanced(rng: Random, claim: Claim) -> Claim:
    """Return a claim that doesn't explain its charge, in a transaction that balances all the same."""
    return replace(claim, claim_adjustments=(*claim.claim_adjustments, Adjustment("CO", "45", rng.randrange(1, 50))))


def files(
    rng: Random, visits: list[Observation], *, conflicts: bool = True, unbalanced_claims: bool = True
) -> list[RemitFile]:
    """Return the files of a world in arrival order, each transaction with its file and index."""
    numbers = ["N0", "N1"]
    by_payer: dict[Payer, list[Claim]] = {payer: [] for payer in PAYERS}
    for visit in visits:
        for payer, claim in _claims_of_visit(rng, visit, numbers):
            odd = unbalanced_claims and rng.random() < 0.02
            by_payer[payer].append(_unbalanced(rng, claim) if odd else claim)
    sent: list[Transaction] = []
    put_off: dict[str, list[ProviderAdjustment]] = {}
    for payer, claims in by_payer.items():
        rng.shuffle(claims)
        while claims:
            size = rng.choice((1, 3, 8, 15))
            sent.append(_transaction(rng, payer, len(sent), claims[:size], put_off))
            del claims[:size]
    sent = _without_chance_conflicts(sent)
    sent += _cheques(rng, sent)
    times = Counter((known.paid_on, known.trn_number) for known in sent)
    # a resend may stand at another index: where that would change the order of claims, arrival would matter
    again = [known for known in sent if rng.random() < 0.06 and times[known.paid_on, known.trn_number] == 1]
    others = [_conflicting(known) for known in sent if conflicts and known.claims and rng.random() < 0.05]
    sent += again + others
    rng.shuffle(sent)
    return _bound(rng, sent)


def _cheques(rng: Random, sent: list[Transaction]) -> list[Transaction]:
    """Return remits that acknowledge the provider's own cheque (72), which level half of the balances."""
    last: dict[tuple[str, str | None], Transaction] = {}
    balances: Counter[tuple[str, str | None]] = Counter()
    for one in sent:
        if one.residual_cents == 0 and one.bpr_cents >= 0:
            last[one.payer_name or "", one.payee_npi] = one
            pairs = (pair for pair in one.provider_adjustments if pair.provider_id is None)
            balances[one.payer_name or "", one.payee_npi] += sum(
                pair.amount_cents for pair in pairs if pair.reason_code in ("FB", "WO")
            )
    levelled = [key for key, cents in balances.items() if cents and rng.random() < 0.5]
    return [_cheque(last[key], f"T{2000 + index}", balances[key]) for index, key in enumerate(levelled)]


def _cheque(known: Transaction, number: str, cents: int) -> Transaction:
    pairs = (ProviderAdjustment("72", "CHEQUE", cents), ProviderAdjustment("WO", "CHEQUE", -cents))
    money = {"bpr_cents": 0, "bpr_method": "NON", "trn_number": number, "paid_on": date(2026, 10, 23)}
    sent = replace(known, **money, claims=(), provider_adjustments=pairs)
    return replace(sent, body_sha256=world_files.body_sha256(sent))


def _without_chance_conflicts(sent: list[Transaction]) -> list[Transaction]:
    """Return the transactions without those that conflict or repeat by chance, which would hang on arrival."""
    known: set[tuple[object, ...]] = set()
    kept = []
    for one in sent:
        key = (one.payer, one.payee_npi, one.trn_number, one.paid_on, one.bpr_cents)
        if key not in known:
            known.add(key)
            kept.append(one)
    return kept


def _bound(rng: Random, sent: list[Transaction]) -> list[RemitFile]:
    """Return the transactions bound into files of one to five."""
    bound: list[RemitFile] = []
    while sent:
        size = rng.choice((1, 2, 3, 5))
        taken, sent = sent[:size], sent[size:]
        data = world_files.era_835(taken, 100 + len(bound), rng.choice(SIGNS))
        sha = hashlib.sha256(data).hexdigest()
        placed = tuple(replace(one, file_sha256=sha, st_index=index) for index, one in enumerate(taken))
        bound.append(RemitFile(f"remit-{len(bound):03d}.835", data, placed))
    return bound
