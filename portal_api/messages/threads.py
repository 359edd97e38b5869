"""Threads of a patient with a provider who sees or saw them, and the messages in them; every look is audited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4, uuid5

import sqlalchemy as sa

from portal_api import audit
from portal_api.access import Kind
from portal_api.identity import rates
from portal_api.messages import sealing
from portal_api.messages.sealing import Place
from portal_api.notices import Message, Notice, send
from portal_api.problems import Problem

if TYPE_CHECKING:
    from portal_api.here import Here

LONGEST = 5_000
SHOWN = 200
WRITING = rates.Rate("message", burst=20, every=timedelta(minutes=2))


@dataclass(frozen=True)
class Thread:
    """A thread as one of its two sees it: `other` is the name of the other one, who may read here no more."""

    id: UUID
    other: str
    last_at: datetime | None
    unread: int
    is_read_by_other: bool


@dataclass(frozen=True)
class Correspondent:
    """Somebody whom one may write to: a provider's staff id, or a patient's id."""

    id: UUID
    name: str


@dataclass(frozen=True)
class Written:
    """A message, opened."""

    id: UUID
    is_mine: bool
    text: str
    sent_at: datetime
    read_at: datetime | None


# A provider reads them, who is one and may sign in; a patient who may sign in.
_READS = {
    "staff": "(staff.disabled_at is null and 'provider' = any(staff.roles))",
    "patient": "(patient.disabled_at is null)",
}
OTHERWISE = "Nothing was sent. Please call the practice, or write to somebody else."
# Of :kind one's own column is :me; the other side's is what is shown. A retention that was shortened holds at once.
_THREADS = f"""
select
    thread.id,
    case when :kind = 'patient' then staff.name else patient.given_name || ' ' || patient.family_name end as other,
    case when :kind = 'patient' then staff.email else patient.email end as address,
    max(message.sent_at) as last_at,
    case when :kind = 'patient' then {_READS["staff"]} else {_READS["patient"]} end as is_read_by_other,
    count(message.id) filter (where message.author <> :kind and message.read_at is null) as unread
from portal.thread
join portal.patient on thread.patient_id = patient.id
join portal.staff on thread.staff_id = staff.id
left join portal.message on thread.id = message.thread_id and message.sent_at > :oldest
where case when :kind = 'patient' then thread.patient_id else thread.staff_id end = :me
    and (cast(:thread as uuid) is null or thread.id = :thread)
group by thread.id, staff.id, patient.id
order by last_at desc nulls last, thread.id
"""
_MESSAGES = sa.text(
    "select id, week, author, sealed, sent_at, read_at from portal.message"
    " where thread_id = :thread and sent_at > :oldest order by ordinal desc limit :shown"
)
# Whoever has a visit together, whatever became of it.
_KNOWN = """
select distinct {other}.id, {name} as name
from ledger.visit
join portal.patient on visit.patient_token = patient.patient_token
join portal.staff on visit.provider_id = staff.provider_id
where {mine}.id = :me and {other_reads}
order by name, {other}.id
"""
_PATIENTS_NAME = "patient.given_name || ' ' || patient.family_name"
_OPEN = sa.text(
    "insert into portal.thread (id, practice_id, patient_id, staff_id, opened_at)"
    " values (:id, :practice_id, :patient, :staff, :now) on conflict (patient_id, staff_id) do nothing"
)
_OF_PAIR = sa.text("select id from portal.thread where patient_id = :patient and staff_id = :staff")
_WRITE = sa.text(
    "insert into portal.message (id, practice_id, thread_id, week, author, sealed, sent_at)"
    " values (:id, :practice_id, :thread, :week, :author, :sealed, :now) on conflict (id) do nothing"
)
_READ = sa.text(
    "update portal.message set read_at = :now where thread_id = :thread and author <> :kind and read_at is null"
)


def mine(here: Here) -> list[Thread]:
    """Return one's threads, the newest message first."""
    return [_thread(row) for row in _rows(here, None)]


def of_mine(here: Here, thread_id: UUID) -> Thread | None:
    """Return a thread of one's own; anybody else's is none."""
    return next(map(_thread, _rows(here, thread_id)), None)


def correspondents(here: Here) -> list[Correspondent]:
    """Return whom one may write to: providers of one's visits; for a provider the patients of theirs."""
    is_patient = here.me.kind is Kind.PATIENT
    query = _KNOWN.format(
        mine="patient" if is_patient else "staff",
        other="staff" if is_patient else "patient",
        other_reads=_READS["staff" if is_patient else "patient"],
        name="staff.name" if is_patient else _PATIENTS_NAME,
    )
    return [Correspondent(row.id, row.name) for row in here.db.execute(sa.text(query), {"me": here.me.id})]


def opened(here: Here, other_id: UUID) -> UUID | None:
    """Return the thread with somebody one may write to, made when there is none; None for anybody else."""
    if other_id not in {each.id for each in correspondents(here)}:
        return None
    pair = [here.me.id, other_id] if here.me.kind is Kind.PATIENT else [other_id, here.me.id]
    values = {"patient": pair[0], "staff": pair[1]}
    own = {"id": uuid4(), "practice_id": here.practice.practice_id, "now": here.now}
    here.db.execute(_OPEN, values | own)
    return UUID(str(here.db.scalar(_OF_PAIR, values)))


def read(here: Here, thread: Thread) -> list[Written]:
    """Open the newest messages of a thread of one's own, oldest first; those of the other are read by that."""
    me = here.me.kind.value
    rows = here.db.execute(_MESSAGES, {"thread": thread.id, "oldest": _oldest(here), "shown": SHOWN}).all()
    found = [
        Written(
            row.id,
            row.author == me,
            sealing.unseal(here, bytes(row.sealed), row.week, Place(thread.id, row.id)),
            row.sent_at,
            row.read_at,
        )
        for row in reversed(rows)
    ]
    here.db.execute(_READ, {"thread": thread.id, "kind": me, "now": here.now})
    audit.record(here, "message.read", f"thread/{thread.id}")
    return found


def write(here: Here, thread: Thread, text: str, form: str = "") -> UUID:
    """Write into a thread of one's own; the other one is told once that there is something to read.

    `form` names the form that it was written in: sent twice, it is one message.
    Raises Problem for a text that is empty or longer than 5,000 characters, for more than 20 at once, and 409
    (not-read) where the other one reads here no more.
    """
    if not thread.is_read_by_other:
        raise Problem(HTTPStatus.CONFLICT, "not-read", f"{thread.other} reads no messages here any more. {OTHERWISE}")
    if not text.strip() or len(text) > LONGEST:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "message-length",
            f"A message has 1 to {LONGEST:,} characters; this one has {len(text.strip()):,}. Nothing was sent.",
        )
    rates.spend(here, WRITING, str(here.me.id))
    message_id = uuid5(thread.id, f"{here.me.id}/{form}") if form else uuid4()
    week, sealed = sealing.seal(here, text.strip(), Place(thread.id, message_id))
    values = {
        "id": message_id,
        "practice_id": here.practice.practice_id,
        "thread": thread.id,
        "week": week,
        "author": here.me.kind,
        "sealed": sealed,
        "now": here.now,
    }
    if not here.db.execute(_WRITE, values).rowcount:
        return message_id
    audit.record(here, "message.written", f"thread/{thread.id}")
    _tell(here, thread, message_id)
    return message_id


def _tell(here: Here, thread: Thread, message_id: UUID) -> None:
    """Tell the other one, unless something unread waits for them already: they know."""
    waiting = here.db.scalar(
        sa.text(
            "select count(*) from portal.message where thread_id = :thread and author = :kind and read_at is null"
            " and id <> :id and sent_at > :oldest"
        ),
        {"thread": thread.id, "kind": here.me.kind, "id": message_id, "oldest": _oldest(here)},
    )
    if not waiting:
        address = next(row.address for row in _rows(here, thread.id))
        link = f"{here.origin}/messages/{thread.id}"
        send(here, Message(Notice.NEW_MESSAGE, address, {"link": link}), once_key=f"message/{message_id}")


def _thread(row: sa.Row[Any]) -> Thread:
    return Thread(row.id, row.other, row.last_at, row.unread, row.is_read_by_other)


def _rows(here: Here, thread_id: UUID | None) -> list[sa.Row[Any]]:
    values = {"kind": here.me.kind, "me": here.me.id, "thread": thread_id, "oldest": _oldest(here)}
    return list(here.db.execute(sa.text(_THREADS), values).all())


def _oldest(here: Here) -> datetime:
    return here.now - timedelta(days=here.practice.policies.message_retention_days)
