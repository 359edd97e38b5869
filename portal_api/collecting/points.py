"""The worklist of the practice, and of what belongs to none: rows of the books, and what nobody has taken up yet."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import sqlalchemy as sa

from ledger.store import worklist
from ledger.store.remit_worklist import Remit
from ledger.store.worklist import Kind
from portal_api import audit
from portal_api.access import READERS, Role
from portal_api.collecting import seen, words
from portal_api.identity import people
from portal_api.problems import Problem, not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date, datetime
    from uuid import UUID

    from ledger.store.worklist import Item
    from portal_api.collecting.seen import Seen
    from portal_api.here import Here

ROLES = (Role.FRONT_DESK, Role.BILLING, Role.FINANCE, Role.PRACTICE_ADMIN)
NOBODY = "nobody"
LONGEST = 500
OF_LEAKS = frozenset({Kind.LEAK, Kind.POS_MISMATCH})
OF_REMITS = frozenset({Kind.HELD_REMIT, Kind.UNMATCHED_REMIT})
_VISITS = sa.text(
    "select v.visit_token, coalesce(m.given_name || ' ' || m.family_name, 'Booked elsewhere')"
    " from ledger.visit as v left join portal.patient as m on m.patient_token = v.patient_token"
    " where v.practice_id = :practice_id and v.visit_token = any(:tokens)"
)
_PAYMENTS = sa.text(
    "select cause, payer_name, trace_number, paid_on, amount_cents from ledger.own_waiting_remits()"
    " where cause = any(:causes)"
)


@dataclass(frozen=True)
class Payment:
    """What a remittance that waits is about; each is None where the insurer did not say it."""

    payer_name: str | None = None
    trace_number: str | None = None
    paid_on: date | None = None
    amount_cents: int | None = None


@dataclass(frozen=True, kw_only=True)
class Point:
    """A point on the worklist; `item_id` is None while nobody has taken it up, `visit_token` where there is no page.

    `assignee` is an e-mail address, or what was given on the command line; `said` the newest words of a person.
    `in_books` is the page of the books about it, for who reads them; `payment` is of a remittance.
    """

    item_id: int | None
    kind: str
    cause: str
    why: str
    since: datetime
    state: str
    assignee: str | None
    said: str | None
    practice_id: str | None
    visit_token: UUID | None
    patient: str | None
    object_id: str | None
    amount_cents: int | None
    in_books: str | None
    payment: Payment

    @property
    def about(self) -> str:
        """Whom or what it is about, where that can be told: the patient, the insurer."""
        return self.patient or self.payment.payer_name or ""

    @property
    def remit(self) -> str:
        """What the books call the remittance it is about, or its claim; empty for another kind."""
        return str(Remit.of(self.cause) or "") if self.kind in OF_REMITS else ""

    @property
    def title(self) -> str:
        """What its kind is called."""
        return words.title(self.kind)

    @property
    def happened(self) -> str:
        """What happened, in plain words."""
        return words.happened(self.kind, self.why)

    @property
    def to_do(self) -> str:
        """What to do, in plain words."""
        return words.to_do(self.kind, self.why)


def listed(here: Here, kind: str = "", assignee: str = "", *, is_done: bool = False) -> list[Point]:
    """Return what waits, oldest first: of a kind, of somebody or `NOBODY`; or what is resolved, the newest first."""
    own, for_all = here.practice.practice_id, here.me.works_for_all
    items = worklist.listed(here.books, resolved_too=True, practice_id=own, of_none_too=for_all)
    known = {(item.kind, item.cause) for item in items}
    found: list[Item | Seen] = [item for item in items if (item.state == "resolved") is is_done]
    if not is_done:
        found += [each for each in seen.everything(here) if (each.kind, each.cause) not in known]
    points = _read(here, found)
    wanted = [
        each
        for each in points
        if kind in {"", each.kind} and assignee in {"", each.assignee or (NOBODY if not is_done else "")}
    ]
    return sorted(wanted, key=lambda each: (each.since, each.cause), reverse=is_done)


def one(here: Here, item_id: int) -> Point:
    """Return a row. Raises Problem 404 for one that is not the practice's."""
    return _read(here, [_item(here, item_id)])[0]


def take_up(here: Here, kind: str, cause: str) -> Point:
    """Make a row of what was seen, and give it to whoever is here; one that was taken up already stays as it is."""
    item = worklist.of_cause(here.books, kind, cause)
    if item is None:
        found = next((each for each in seen.everything(here, cause) if (each.kind, each.cause) == (kind, cause)), None)
        if found is None:
            raise not_found()
        is_mine = worklist.open_(
            here.books,
            found.kind,
            found.cause,
            found.why,
            visit_token=found.visit_token,
            object_id=found.object_id,
            practice_id=found.practice_id,
        )
        item = worklist.of_cause(here.books, kind, cause)
        if item is None:
            raise not_found()
        if is_mine:
            return assign(here, item.item_id, me(here))
    return one(here, item.item_id)


def assign(here: Here, item_id: int, assignee: str) -> Point:
    """Give a row to a member of staff, by e-mail address. Raises Problem: 404, 409 (resolved), 422 (not ours)."""
    item = _item(here, item_id)
    if assignee not in {each.email for each in assignees(here, item)}:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "no-assignee", "Choose somebody who sees the worklist.")
    if item.assignee == assignee:
        return one(here, item_id)
    return _done(here, item, "assigned", lambda: worklist.assign(here.books, item_id, assignee, me(here)))


def note(here: Here, item_id: int, text: str) -> Point:
    """Write on a row what was tried or found out. Raises Problem: 404, 422 for no words."""
    item = _item(here, item_id)
    said = words_of(text)
    return _done(here, item, "noted", lambda: worklist.note(here.books, item_id, said, me(here)))


def resolve(here: Here, item_id: int, outcome: str) -> Point:
    """Say how a row ended. Raises Problem: 404, 409 (resolved), 422 for no words."""
    item = _item(here, item_id)
    said = words_of(outcome)
    return _done(here, item, "resolved", lambda: worklist.resolve(here.books, item_id, said, me(here)))


def assignees(here: Here, point: Item | Point | None = None) -> list[people.Staff]:
    """Return the staff whom some row can be given to, or one that there is: whoever sees it."""
    found = [each for each in people.all_staff(here) if each.disabled_at is None and each.roles & set(ROLES)]
    return [each for each in found if point is None or point.practice_id or each.works_for_all]


def titles(here: Here) -> dict[str, str]:
    """Return what the kinds are called that whoever is here may see."""
    hidden = frozenset() if here.me.works_for_all else OF_REMITS
    return {kind: title for kind, title in words.TITLES.items() if kind not in hidden}


def me(here: Here) -> str:
    """Return what whoever is here is called on rows: their e-mail address."""
    mine = people.staff(here, here.me.id)
    return mine.email if mine else here.me.name


def words_of(text: str) -> str:
    """Return what staff wrote, on one line. Raises Problem 422 for none, or too many."""
    said = " ".join(text.split())
    if not 0 < len(said) <= LONGEST:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "no-words", f"Say it in a few words, up to {LONGEST} letters.")
    return said


def _item(here: Here, item_id: int) -> Item:
    try:
        item = worklist.get(here.books, item_id)
    except worklist.NoSuchItem:
        raise not_found() from None
    is_mine = here.me.works_for_all if item.practice_id is None else item.practice_id == here.practice.practice_id
    if not is_mine:
        raise not_found()
    return item


def _done(here: Here, item: Item, deed: str, work: Callable[[], Item]) -> Point:
    try:
        changed = work()
    except worklist.NoSuchItem as refused:
        raise Problem(HTTPStatus.CONFLICT, "resolved", str(refused)) from None
    audit.record(here, f"worklist.{deed}", f"worklist/{item.item_id}")
    return _read(here, [changed])[0]


def _read(here: Here, found: Iterable[Item | Seen]) -> list[Point]:
    all_ = list(found)
    tokens = [each.visit_token for each in all_ if each.visit_token]
    values = {"practice_id": here.practice.practice_id, "tokens": tokens}
    patients = {row[0]: row[1] for row in here.db.execute(_VISITS, values)}
    remits = [each.cause for each in all_ if each.kind in OF_REMITS]
    payments = (
        {row.cause: Payment(*row[1:]) for row in here.db.execute(_PAYMENTS, {"causes": remits})} if remits else {}
    )
    reads_books = here.me.has(*READERS)
    return [
        _point(each, patients, payments.get(each.cause, Payment()), _page(each) if reads_books else None)
        for each in all_
    ]


def _point(found: Item | Seen, patients: dict[UUID, str], payment: Payment, in_books: str | None) -> Point:
    patient = patients.get(found.visit_token) if found.visit_token else None
    return Point(
        item_id=found.item_id,
        kind=found.kind,
        cause=found.cause,
        why=found.why,
        since=found.opened_at,
        state=found.state,
        assignee=found.assignee,
        said=found.said,
        practice_id=found.practice_id,
        visit_token=found.visit_token if patient else None,
        patient=patient,
        object_id=found.object_id,
        amount_cents=found.amount_cents if isinstance(found, seen.Seen) else payment.amount_cents,
        in_books=in_books,
        payment=payment,
    )


def _page(found: Item | Seen) -> str | None:
    """Return the page of the books about it; of a leak that is none any more there is none."""
    if found.kind in OF_LEAKS and found.state != "resolved":
        return f"/books/leaks/{found.cause}"
    if found.kind in OF_REMITS and (remit := Remit.of(found.cause)):
        place = f"#claim-{remit.claim_index}" if remit.claim_index is not None else ""
        return f"/books/remits/{remit.file_sha256}-{remit.st_index}{place}"
    return None
