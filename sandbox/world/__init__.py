"""A deterministic sample month of a telehealth group, written as the very files a user would have."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sandbox.world import adjudication, membership, paying, remits, stripe_shapes, subscribers, tables
from sandbox.world import trouble as troubles
from sandbox.world.catalog import FeeSchedule
from sandbox.world.draw import Draw
from sandbox.world.stripe_shapes import Json
from sandbox.world.till import DAY, Till
from sandbox.world.visits import Visit, patients, visits
from sandbox.world.x12 import Remit

PATIENTS = 900


@dataclass(frozen=True)
class World:
    """The files of a sample month.

    `files` holds paths by kind (visits, stripe, era, fees, practices, bank). `facts` holds, for each leak category of
    the contract, key → cents of every planned leak (a visit token, charge id, claim reference, trace number, or payer
    and provider) and, under "counts", how often each story occurs.
    """

    directory: Path
    files: Mapping[str, tuple[Path, ...]]
    as_of: date
    month: str
    facts: dict[str, dict[str, int]]


def write(directory: Path, seed: int = 835, month: str = "2026-09", trouble: bool = False) -> World:
    """Write the sample month into the directory (made if absent); the same arguments give the same bytes.

    With `trouble` it adds pieces that a load must set aside: held, conflicting, cut and malformed ones.
    """
    directory.mkdir(parents=True, exist_ok=True)
    first = date.fromisoformat(f"{month}-01")
    after = (first + timedelta(days=32)).replace(day=1)
    as_of = (after + timedelta(days=32)).replace(day=1)
    fees = FeeSchedule(Draw(seed, "fees"), first)
    people = patients(Draw(seed, "patients"), PATIENTS)
    found = visits(Draw(seed, "visits"), people, fees, first, (after - first).days)
    book = adjudication.Book(Draw(seed, "stories"), as_of, first)
    adjudication.plan(book, found)
    paying.plan(book, found)
    till = Till(Draw(seed, "stripe"))
    payouts = _money_moves(book, till, found, seed)
    sent = remits.remits(book.postings, first)
    files = {
        "visits": (tables.write(directory / "visits.csv", tables.VISIT_COLUMNS, tables.observations(found)),),
        "stripe": (_json_lines(directory / "stripe.jsonl", till),),
        "era": remits.write(directory / "era", sent),
        "fees": (tables.fees(directory / "fees.csv", fees.rows),),
        "practices": (tables.practices(directory / "practices.csv"),),
        "bank": (tables.bank(book, directory / "bank.csv", sent, payouts),),
    }
    book.counts |= {"visits": len(found), "visits_in_month": sum(visit.day.replace(day=1) == first for visit in found)}
    book.counts |= {"remits": len(sent), "payouts": len(payouts)}
    if trouble:
        _add_trouble(book, files, sent[0], seed)
    return World(directory, files, as_of, month, {**book.leaks, "counts": book.counts})


def _money_moves(book: adjudication.Book, till: Till, found: list[Visit], seed: int) -> list[Json]:
    opened = membership.stamp(book.month_start) - 60 * DAY
    people = list({visit.patient.customer_id: visit.patient for visit in found}.values())
    for person in people:
        till.add(stripe_shapes.customer(person.customer_id, opened))
    membership.subscribe(till, people, membership.catalogue(till, opened), book.month_start)
    paying.pay(book, till, found)
    membership.strays(book, till, people)
    _subscribers(book, till, found, seed)
    return till.pay_out(membership.stamp(book.as_of, 0))


def _subscribers(book: adjudication.Book, till: Till, found: list[Visit], seed: int) -> None:
    """Make subscribers of people who are no members yet; sessions that cost their patients nothing are paid by use."""
    things = [*till.objects, *(event["data"]["object"] for event in till.events)]
    members = {thing["customer"] for thing in things if thing["object"] == "subscription"}
    people = dict.fromkeys(visit.patient.customer_id for visit in reversed(found))
    free = [visit for visit in found if visit.state == "completed" and visit.first_target() == 0]
    used = [visit for visit in free if visit.patient.customer_id not in members][: subscribers.SESSIONS]
    members |= {visit.patient.customer_id for visit in used}
    subscribers.subscribe(book, till, [person for person in people if person not in members], used, seed)


def _json_lines(path: Path, till: Till) -> Path:
    """Write the objects by creation time; every seventh charge or refund comes inside its event."""
    lines = []
    for at, thing in enumerate([*till.objects, *till.balance]):
        wrapped = at % 7 == 0 and thing["object"] in ("charge", "refund", "invoice")
        kind, old = f"{thing['object']}.updated", "invoice" in thing
        key = till.draw.stripe_id("evt")
        lines.append(stripe_shapes.event(key, thing["created"] + 2, kind, thing, old=old) if wrapped else thing)
    lines = sorted([*lines, *till.events], key=lambda line: line["created"])
    path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines), encoding="utf-8")
    return path


def _add_trouble(book: adjudication.Book, files: dict[str, tuple[Path, ...]], sent: Remit, seed: int) -> None:
    draw, at = Draw(seed, "trouble"), membership.stamp(book.month_start)
    pieces = troubles.eras(files["era"][0].parent, sent)
    files["era"] += pieces
    book.counts["trouble_era"] = len(pieces)
    book.counts["trouble_visits"] = troubles.visits(files["visits"][0], draw)
    book.counts["trouble_stripe"] = troubles.stripe(files["stripe"][0], draw, at)
