"""Who of the staff reads the books: auditors, who do nothing else, and some of all practices."""

from alembic import op

revision = "0010"
down_revision = "0009"

# Whom the web door lets in nowhere else: no page of it sets sees_all_practices, only the command line.
STATEMENTS = (
    "alter table portal.staff drop constraint staff_roles_check",
    """
    alter table portal.staff add constraint staff_roles_check check (
        roles <> '{}'
        and roles <@ array['provider', 'front_desk', 'billing', 'finance', 'practice_admin', 'auditor']
        and (not 'auditor' = any (roles) or cardinality(roles) = 1)
    )
    """,
    "alter table portal.staff add column sees_all_practices boolean not null default false",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
