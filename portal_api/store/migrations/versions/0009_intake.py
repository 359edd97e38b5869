"""Consent texts in versions, what patients signed of them, and their insurance."""

from alembic import op

from portal_api.store.guard import guarded

revision = "0009"
down_revision = "0008"

# The newest version of a kind is the one that is asked for. The hash is of title, an empty line and body, in UTF-8.
CONSENT_TEXT = """
create table portal.consent_text (
    practice_id text not null references portal.practice,
    id uuid not null default gen_random_uuid(),
    kind text not null check (kind in ('telehealth', 'privacy', 'payment')),
    version integer not null check (version >= 1),
    title text not null check (title ~ '[^[:space:]]'),
    body text not null check (body ~ '[^[:space:]]'),
    sha256 text not null check (sha256 = encode(sha256(convert_to(title || E'\\n\\n' || body, 'UTF8')), 'hex')),
    made_at timestamptz not null,
    primary key (practice_id, id),
    unique (practice_id, kind, version),
    unique (practice_id, id, sha256)
)
"""
# Who signed which text, by which name, when and from where: what was signed can be read for ever.
CONSENT = """
create table portal.consent (
    practice_id text not null references portal.practice,
    id uuid not null default gen_random_uuid(),
    patient_id uuid not null,
    text_id uuid not null,
    sha256 text not null,
    typed_name text not null check (typed_name ~ '[^[:space:]]'),
    signed_at timestamptz not null,
    address text not null,
    browser text not null,
    primary key (practice_id, id),
    unique (practice_id, patient_id, text_id),
    foreign key (practice_id, patient_id) references portal.patient (practice_id, id),
    foreign key (practice_id, text_id, sha256) references portal.consent_text (practice_id, id, sha256)
)
"""
# Member and group number, and whose the policy is, lie in `sealed`: only the portal's key opens them, in their row.
INSURANCE = """
create table portal.insurance (
    practice_id text not null references portal.practice,
    patient_id uuid not null,
    payer_id text not null,
    sealed bytea not null,
    said_at timestamptz not null,
    primary key (practice_id, patient_id, payer_id),
    foreign key (practice_id, patient_id) references portal.patient (practice_id, id),
    foreign key (practice_id, payer_id) references portal.payer (practice_id, id) on delete cascade
)
"""


def upgrade() -> None:
    for made in (CONSENT_TEXT, CONSENT, INSURANCE):
        op.execute(made)
    for table, insert_only in (("consent_text", True), ("consent", True), ("insurance", False)):
        for statement in guarded(table, insert_only=insert_only):
            op.execute(statement)
