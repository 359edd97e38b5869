"""Rooms of video visits, who was let in, what callbacks told, who was there when, and who agreed to be recorded."""

from alembic import op

from portal_api.store.guard import guarded

revision = "0008"
down_revision = "0007"

# A meeting is an appointment, or the session of a group. name is what Twilio knows the room by, room_sid what it calls
# the room of that name that is open, if any. recording: 'wanted' is written, and committed, before Twilio is asked to
# record, so that whatever is not 'off' may be recorded at this moment.
ROOM = """
create table portal.video_room (
    practice_id text not null references portal.practice,
    meeting_id uuid not null,
    name uuid not null unique,
    room_sid text,
    recording text not null default 'off' check (recording in ('off', 'wanted', 'on')),
    made_at timestamptz not null,
    closes_at timestamptz not null,
    ended_at timestamptz,
    primary key (practice_id, meeting_id),
    foreign key (practice_id, meeting_id) references portal.appointment (practice_id, id)
);
create index video_room_open on portal.video_room (practice_id, closes_at) where ended_at is null;
"""

# A callback says only which room it is about. As the owner, whom the second policy lets read the rooms.
DIRECTORY = """
create policy the_directory on portal.video_room for select to current_user using (true);
create function portal.practice_of_room(asked uuid) returns text language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as 'select practice_id from portal.video_room where name = asked';
revoke all on function portal.practice_of_room(uuid) from public;
grant execute on function portal.practice_of_room(uuid) to trueup_portal;
"""

# Each time somebody is let in, under an identity of its own: all that Twilio knows of them.
JOIN = """
create table portal.video_join (
    practice_id text not null references portal.practice,
    identity uuid not null,
    meeting_id uuid not null,
    person_kind text not null check (person_kind in ('patient', 'staff')),
    person_id uuid not null,
    given_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (practice_id, identity),
    foreign key (practice_id, meeting_id) references portal.video_room (practice_id, meeting_id)
);
create index video_join_meeting on portal.video_join (practice_id, meeting_id);
"""

# The inbox of callbacks: signatures hold no time, so that one that comes again is known by its number in its room.
EVENT = """
create table portal.video_event (
    practice_id text not null references portal.practice,
    room_sid text not null,
    sequence_number bigint not null check (sequence_number >= 0),
    meeting_id uuid not null,
    event text not null,
    participant_sid text,
    identity uuid,
    at timestamptz not null,
    received_at timestamptz not null,
    primary key (practice_id, room_sid, sequence_number),
    foreign key (practice_id, meeting_id) references portal.video_room (practice_id, meeting_id)
);
"""

# Callbacks come in any order: a time that is not known yet is null.
ATTENDANCE = """
create table portal.attendance (
    practice_id text not null references portal.practice,
    participant_sid text not null,
    room_sid text not null,
    meeting_id uuid not null,
    identity uuid not null,
    joined_at timestamptz,
    left_at timestamptz,
    primary key (practice_id, participant_sid),
    check (num_nonnulls(joined_at, left_at) > 0),
    foreign key (practice_id, meeting_id) references portal.video_room (practice_id, meeting_id),
    foreign key (practice_id, identity) references portal.video_join (practice_id, identity)
);
create index attendance_meeting on portal.attendance (practice_id, meeting_id);
"""

CONSENT = """
create table portal.recording_consent (
    practice_id text not null references portal.practice,
    meeting_id uuid not null,
    person_kind text not null check (person_kind in ('patient', 'staff')),
    person_id uuid not null,
    is_given boolean not null,
    text_version text not null,
    changed_at timestamptz not null,
    primary key (practice_id, meeting_id, person_kind, person_id),
    foreign key (practice_id, meeting_id) references portal.appointment (practice_id, id)
);
"""


def upgrade() -> None:
    for statements in (ROOM, JOIN, EVENT, ATTENDANCE, CONSENT):
        op.execute(statements)
    for table in ("video_room", "video_join", "attendance", "recording_consent"):
        for statement in guarded(table):
            op.execute(statement)
    for statement in guarded("video_event", insert_only=True):
        op.execute(statement)
    op.execute(DIRECTORY)
