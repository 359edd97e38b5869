"""A seeded world of nasty small inputs, given both to the oracle and to real files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from random import Random
from typing import TYPE_CHECKING, TypeVar

from tests.support import random_remits, random_stripe, world_files
from tests.support.oracle.inputs import Deposit, Fee, Inputs, Observation, Practice, Rules, Transaction

if TYPE_CHECKING:
    from pathlib import Path

Row = TypeVar("Row")
PAYERS = ("PAYER-A", "PAYER-B", "PAYER-C", "PAYER-D")
CODES = ("99212", "99213", "90834")
TELEHEALTH = ("02", "10")
PLACES = (*TELEHEALTH, "11")
PRACTICES = ("north", "south", "east", "west")
STATES = (
    *("completed",) * 11,
    *("partially_completed",) * 4,
    *("no_show", "late_cancelled", "disputed", "scheduled", "started", "cancelled", "abandoned"),
)
REFERENCE_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Options:
    """How big and how nasty a world is; rates of what a stricter feed would not hold can be switched off."""

    visits: int = 300
    ties: bool = True
    conflicts: bool = True
    unbalanced_claims: bool = True
    timezone: str = "America/New_York"
    as_of: date = date(2026, 11, 1)


@dataclass
class World:
    """The inputs of a world, in arrival order, and how they stand in files."""

    rules: Rules
    observations: list[Observation]
    stripe_lines: list[random_stripe.Line]
    remit_files: list[random_remits.RemitFile]
    fees: list[Fee]
    practices: list[Practice]
    deposits: list[Deposit]

    def inputs(self) -> Inputs:
        """Return what the oracle is given."""
        return Inputs(
            rules=self.rules,
            observations=list(self.observations),
            stripe=[line.version() for line in self.stripe_lines],
            transactions=self.transactions(),
            fees=list(self.fees),
            practices=list(self.practices),
            deposits=list(self.deposits),
        )

    def transactions(self) -> list[Transaction]:
        """Return the remit transactions in arrival order."""
        return [sent for file in self.remit_files for sent in file.transactions]

    def write(self, directory: Path) -> list[tuple[str, Path]]:
        """Write the files of the world, as (kind, path) in the order to load them; empty feeds have no file."""
        directory.mkdir(parents=True, exist_ok=True)
        feeds = [
            ("practices", "practices.csv", world_files.practices_csv(self.practices), self.practices),
            ("fees", "fees.csv", world_files.fees_csv(self.fees), self.fees),
            ("visits", "visits.csv", world_files.visits_csv(self.observations), self.observations),
            ("stripe", "stripe.jsonl", world_files.stripe_jsonl(self.stripe_lines), self.stripe_lines),
            ("bank", "bank.csv", world_files.bank_csv(self.deposits), self.deposits),
        ]
        feeds += [("era", file.name, file.data, file.transactions) for file in self.remit_files]
        written = []
        for kind, name, data, rows in feeds:
            if rows:
                (directory / name).write_bytes(data)
                written.append((kind, directory / name))
        return written

    def shuffled(self, seed: int) -> World:
        """Return the world in another order of arrival; fees, practices and deposits are keyed: theirs stays."""
        rng = Random(seed)  # noqa: S311 - the seed must decide
        return replace(
            self,
            observations=rng.sample(self.observations, len(self.observations)),
            stripe_lines=rng.sample(self.stripe_lines, len(self.stripe_lines)),
            remit_files=rng.sample(self.remit_files, len(self.remit_files)),
        )

    def batches(self, count: int) -> list[World]:
        """Return the world dealt out over batches; keyed feeds are cut, not dealt, since their newest row wins."""
        return [
            replace(
                self,
                observations=self.observations[batch::count],
                stripe_lines=self.stripe_lines[batch::count],
                remit_files=self.remit_files[batch::count],
                fees=_cut(self.fees, batch, count),
                practices=_cut(self.practices, batch, count),
                deposits=_cut(self.deposits, batch, count),
            )
            for batch in range(count)
        ]


def joined(batches: list[World]) -> World:
    """Return the world that arrived when these batches did, one after the other."""
    lists = ("observations", "stripe_lines", "remit_files", "fees", "practices", "deposits")
    return replace(batches[0], **{name: [row for part in batches for row in getattr(part, name)] for name in lists})


def _cut(rows: list[Row], batch: int, count: int) -> list[Row]:
    """Return one of `count` neighbouring parts of the rows."""
    return rows[len(rows) * batch // count : len(rows) * (batch + 1) // count]


def random_world(seed: int, options: Options | None = None) -> World:
    """Return the world of a seed: the same seed and options, the same world."""
    options, rng = options or Options(), Random(seed)  # noqa: S311 - the seed must decide
    visits = _references(rng, [_visit(rng) for _ in range(options.visits)])
    observations = [seen for visit in visits for seen in _history(rng, visit, ties=options.ties)]
    rng.shuffle(observations)
    lines = [line for visit in visits for line in random_stripe.of_visit(rng, visit, ties=options.ties)]
    lines += random_stripe.of_nobody(rng, max(4, options.visits // 20))
    rng.shuffle(lines)
    remit_files = random_remits.files(
        rng, visits, conflicts=options.conflicts, unbalanced_claims=options.unbalanced_claims
    )
    transactions = [sent for file in remit_files for sent in file.transactions]
    return World(
        rules=Rules(as_of=options.as_of, timezone=options.timezone),
        observations=observations,
        stripe_lines=lines,
        remit_files=remit_files,
        fees=_fees(rng),
        practices=_practices(rng),
        deposits=_deposits(rng, transactions) + _payouts_at_the_bank(lines),
    )


def _uuid(rng: Random) -> str:
    return world_files.uuid4(rng)


def _moment(rng: Random) -> datetime:
    """Return a start; many stand at the edge of a day or a month, where the time zone matters."""
    if rng.random() < 0.2:
        edge = datetime(2026, rng.choice((8, 9, 10)), 1, tzinfo=UTC)
        return edge + timedelta(minutes=rng.choice((-1, 0, 1, 239, 240, 241)))
    zone = timezone(timedelta(hours=rng.choice((-5, -4, 0, 2))))
    return datetime(2026, 7, 20, tzinfo=zone) + timedelta(minutes=rng.randrange(0, 95 * 1440))


def _visit(rng: Random) -> Observation:
    start = _moment(rng)
    minutes = rng.choice((15, 20, 30, 45, 50))
    state = rng.choice(STATES)
    late = timedelta(minutes=rng.randrange(-5, 25))
    happened = state in ("completed", "partially_completed") or (state == "disputed" and rng.random() < 0.5)
    length = timedelta(minutes=rng.randrange(1, minutes + 10))
    payer = rng.choice((*PAYERS, None, None))
    return Observation(
        visit_token=_uuid(rng),
        claim_ref=None,
        practice_id=rng.choice(PRACTICES),
        provider_id=f"dr-{rng.randrange(9)}",
        state=state,
        service_code=rng.choice(CODES),
        modifiers=frozenset(rng.choice(((), ("95",), ("GT",), ("95", "GT"), ("93",)))),
        units=rng.choice((1, 1, 1, 2, 3)),
        place_of_service=rng.choice((*TELEHEALTH, *PLACES)),
        scheduled_start=start,
        scheduled_end=start + timedelta(minutes=minutes),
        started_at=start + late if happened else None,
        ended_at=start + late + length if happened else None,
        payer_id=payer,
        charge_cents=rng.choice((0, 1, 9999, 10000, 12345, 15000, 20001)),
        patient_estimate_cents=rng.choice((0, 1, 2000, 2500, 4000)) if payer else None,
        state_changed_at=start + timedelta(hours=1),
    )


def _references(rng: Random, visits: list[Observation]) -> list[Observation]:
    """Give most visits a claim reference; some share 14 characters with another visit's, some are short."""
    used: set[str] = set()
    named = []
    for visit in visits:
        length = rng.choice((17, 17, 17, 17, 20, 12, 8))
        stem = rng.choice(sorted(used))[:14] if used and rng.random() < 0.1 else ""
        reference = stem + "".join(rng.choices(REFERENCE_SIGNS, k=max(length - len(stem), 3)))
        if rng.random() < 0.06 or reference in used:
            named.append(visit)
            continue
        used.add(reference)
        named.append(replace(visit, claim_ref=reference))
    return named


def _history(rng: Random, visit: Observation, *, ties: bool) -> list[Observation]:
    """Return the observations of a visit: the last one, older ones, and sometimes a tie or an exact repeat."""
    seen = [visit]
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        earlier = timedelta(minutes=rng.randrange(1, 5000))
        older = replace(
            visit,
            state=rng.choice(("scheduled", "started", "disputed", "cancelled")),
            charge_cents=rng.choice((visit.charge_cents, 777)),
            claim_ref=rng.choice((visit.claim_ref, None)),
            started_at=None,
            ended_at=None,
            state_changed_at=visit.state_changed_at - earlier,
        )
        seen.append(older)
    if ties and rng.random() < 0.05:
        seen.append(replace(visit, state=rng.choice(("cancelled", "abandoned", "late_cancelled"))))
    if rng.random() < 0.05:
        seen.append(visit)
    return seen


def _practices(rng: Random) -> list[Practice]:
    """Return rules for all practices but the last; one comes twice, and the later row counts."""
    rows = [
        Practice("north", 2500, 5000, "pro_rata"),
        Practice("south", 0, 1500, "full"),
        Practice("north", rng.choice((0, 3000)), 4000, "pro_rata"),
        Practice("east", 1000, 0, "none"),
    ]
    return rows[1:] if rng.random() < 0.3 else rows


def _fees(rng: Random) -> list[Fee]:
    """Return fees with gaps, overlaps, edges in the middle of the months, and keys that come twice."""
    fees = []
    for payer in PAYERS[:3]:
        for code in CODES:
            for place in PLACES:
                if rng.random() < 0.12:
                    continue
                for modifiers in rng.sample(((), ("95",), ("GT",), ("95", "GT"), ("93",)), k=rng.randrange(1, 4)):
                    fees += _fee_rows(rng, Fee(payer, code, frozenset(modifiers), place, date(2026, 1, 1), None, 0))
    rng.shuffle(fees)
    again = [replace(fee, allowed_cents=fee.allowed_cents + 111) for fee in rng.sample(fees, k=5)]
    return fees + again


def _fee_rows(rng: Random, fee: Fee) -> list[Fee]:
    cents = rng.randrange(3000, 16000)
    if rng.random() < 0.6:
        return [replace(fee, allowed_cents=cents)]
    edge = date(2026, rng.choice((8, 9)), rng.choice((1, 15, 28)))
    return [
        replace(fee, effective_to=edge, allowed_cents=cents),
        replace(fee, effective_from=edge + timedelta(days=rng.choice((0, 1, 20))), allowed_cents=cents + 250),
    ]


def _payouts_at_the_bank(lines: list[random_stripe.Line]) -> list[Deposit]:
    """Return a deposit or two of most payouts: on the day of arrival, later, too late, twice."""
    payouts = {line.body["id"]: line.body for line in lines if line.body["object"] == "payout"}
    found = []
    for number, payout in enumerate(payouts.values()):
        for time in range(1 + number % 2):
            day = datetime.fromtimestamp(payout["arrival_date"], tz=UTC).date() + timedelta(days=number * 2 + time)
            found.append(Deposit(f"payout-{number}-{time}", day, payout["amount"], None))
    return found


def _deposits(rng: Random, transactions: list[Transaction]) -> list[Deposit]:
    """Return deposits for most payments: exact, short, in two parts, of nobody, without a trace, corrected later."""
    found: list[Deposit] = []

    def add(cents: int, trace: str | None) -> None:
        found.append(Deposit(f"dep-{len(found)}", date(2026, 10, rng.randrange(1, 29)), cents, trace))

    paid = {sent.trn_number: sent for sent in transactions if sent.bpr_cents > 0}
    for trace, sent in paid.items():
        way = rng.random()
        if way < 0.6:
            add(sent.bpr_cents, trace)
        elif way < 0.7:
            add(sent.bpr_cents - 1, trace)
        elif way < 0.8:
            add(1, trace)
            add(sent.bpr_cents - 1, trace)
    add(4321, "NOBODY-1")
    add(1234, None)
    corrected = replace(rng.choice(found), amount_cents=99)
    return [*found, corrected]
