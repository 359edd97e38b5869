"""A practice as its portal needs it: name, contact, texts, palette and policies, with a default for each."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar, cast
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from ledger.store import practices as ledger_practices
from portal_api.cookies import is_loopback
from portal_api.problems import Problem
from portal_api.tenants.palette import Palette

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg
    from _typeshed import DataclassInstance

_T = TypeVar("_T", bound="DataclassInstance")


@dataclass(frozen=True)
class Texts:
    """What a practice says on its pages, in its own words; plain text."""

    welcome: str = "Book a visit, meet your provider by video, and see what it cost."
    emergency: str = "If this is an emergency, call 911. In a crisis, call or text 988."
    privacy: str = ""


@dataclass(frozen=True)
class Policies:
    """What a practice decides. Minutes and days are whole numbers; a room adds a field with a default."""

    accepts_new_patients: bool = True
    patient_idle_minutes: int = 30
    patient_session_hours: int = 12
    staff_idle_minutes: int = 15
    staff_session_hours: int = 12
    message_retention_days: int = 60
    # Frozen with each booking (portal_api.scheduling.terms); fees are cents, partial_visit is billing.PartialVisit's.
    cancel_hours: int = 24
    late_cancel_fee_cents: int = 0
    no_show_fee_cents: int = 0
    partial_visit: str = "pro_rata"
    wants_card: bool = False
    hold_minutes: int = 10
    offer_minutes: int = 60
    video_recording: bool = False


@dataclass(frozen=True)
class Practice:
    """A practice; `version` counts its changes."""

    practice_id: str
    name: str
    time_zone: str
    email: str = ""
    phone: str = ""
    address: str = ""
    texts: Texts = field(default_factory=Texts)
    palette: Palette = field(default_factory=Palette)
    policies: Policies = field(default_factory=Policies)
    has_logo: bool = False
    logo_alt: str = ""
    version: int = 1

    @property
    def zone(self) -> ZoneInfo:
        """The practice's time zone."""
        return ZoneInfo(self.time_zone)


# Time zone and cancellation window have one home, the policy of the books, by which they dun and tell who cancels late;
# until that says something, what the practice began with holds.
_SELECT = sa.text(
    "select practice_id, name, coalesce(own.timezone, practice.time_zone) as time_zone, email, phone, address, texts,"
    " palette, case when own.practice_id is null then policies"
    " else policies || jsonb_build_object('cancel_hours', own.late_cancel_hours) end as policies,"
    " logo is not null as has_logo, logo_alt, version from portal.practice as practice"
    " left join ledger.practice_policy as own using (practice_id) where practice_id = :practice_id"
)
_KEEP = sa.text(
    "insert into portal.practice (practice_id, name, time_zone, email, phone, address, texts, palette, policies)"
    " values (:practice_id, :name, :time_zone, :email, :phone, :address, cast(:texts as jsonb),"
    " cast(:palette as jsonb), cast(:policies as jsonb))"
    " on conflict (practice_id) do update set (name, time_zone, email, phone, address, texts, palette, policies,"
    " version, changed_at) = (excluded.name, excluded.time_zone, excluded.email, excluded.phone, excluded.address,"
    " excluded.texts, excluded.palette, excluded.policies, practice.version + 1, now())"
    " where practice.version = :version"
).bindparams(*(sa.bindparam(name, type_=sa.JSON) for name in ("texts", "palette", "policies")))


def get(db: sa.Connection, practice_id: str) -> Practice:
    """Return the practice; raises LookupError when there is none that the transaction may see."""
    row = db.execute(_SELECT, {"practice_id": practice_id}).mappings().one_or_none()
    if row is None:
        raise LookupError("There is no such practice.")
    parts = {"texts": Texts, "palette": Palette, "policies": Policies}
    return Practice(**{**row, **{name: _made(kind, row[name]) for name, kind in parts.items()}})


def exists(db: sa.Connection, practice_id: str) -> bool:
    """Tell whether the transaction sees the practice."""
    return db.execute(_SELECT, {"practice_id": practice_id}).one_or_none() is not None


def keep(db: sa.Connection, practice: Practice) -> None:
    """Write the practice as it is to be; its logo and its host names stay as they are.

    Raises Problem 409 (conflict) where somebody else changed it since it was read.
    """
    values = asdict(practice)
    if not db.execute(_KEEP, {name: values[name] for name in values if name not in {"has_logo", "logo_alt"}}).rowcount:
        sentence = (
            "Somebody else changed the settings at this moment, and nothing was kept. Look at them, then try again."
        )
        raise Problem(HTTPStatus.CONFLICT, "conflict", sentence)
    books = cast("psycopg.Connection", db.connection.driver_connection)
    before = ledger_practices.policy(books, practice.practice_id, practice.time_zone)
    after = replace(before, late_cancel_hours=practice.policies.cancel_hours)
    ledger_practices.set_policy(books, practice.practice_id, after, practice.time_zone, "portal")


def found(db: sa.Connection, practice: Practice) -> None:
    """Write a practice for the first time; the cancellation window that the books know already stays."""
    own = sa.text("select late_cancel_hours from ledger.practice_policy where practice_id = :practice_id")
    hours = db.scalar(own, {"practice_id": practice.practice_id})
    policies = practice.policies if hours is None else replace(practice.policies, cancel_hours=hours)
    keep(db, replace(practice, policies=policies))


def serve_at(db: sa.Connection, practice_id: str, host: str) -> None:
    """Serve the practice at a host name; one that is another's stays so, and raises LookupError."""
    db.execute(
        sa.text(
            "insert into portal.practice_host (host, practice_id) values (lower(:host), :practice_id)"
            " on conflict do nothing"
        ),
        {"host": host, "practice_id": practice_id},
    )
    if of_host(db, host) != practice_id:
        raise LookupError(f"{host} is another practice's.")


def of_host(db: sa.Connection, host: str) -> str | None:
    """Return whose host name it is."""
    found: str | None = db.scalar(sa.text("select portal.practice_of_host(:host)"), {"host": host})
    return found


def ids(db: sa.Connection) -> list[str]:
    """Return the ids of all practices that have a host name."""
    return list(db.scalars(sa.text("select portal.practice_ids()")))


def _made(kind: type[_T], given: Mapping[str, Any]) -> _T:
    known = {each.name for each in fields(kind)}
    return kind(**{name: value for name, value in given.items() if name in known})


def origin(db: sa.Connection, practice_id: str, port: int) -> str:
    """Return the address of the practice's portal, for links that no request asked for."""
    query = sa.text(
        "select host from portal.practice_host where practice_id = :practice_id order by served_since, host limit 1"
    )
    host: str | None = db.scalar(query, {"practice_id": practice_id})
    if host is None:
        return ""
    return f"http://{host}:{port}" if is_loopback(host) else f"https://{host}"
