"""A claim without a visit that was taken up as a leak has its row as what it is: one row, and not a second one."""

from alembic import op

revision = "0026"
down_revision = "0025"

# The leak's id is made of the claim's name (dbt/macros/leaks.sql). Where there are no marts, no leak was taken up.
MOVED = """
do $body$
begin
    if to_regclass('marts.unmatched_remits') is not null then
        execute $query$
            update ledger.worklist as item set kind = 'unmatched_remit', cause = claim.cause
            from (
                select file_sha256 || '#' || st_index || '/' || claim_index as cause from marts.unmatched_remits
            ) as claim
            where item.kind = 'leak' and item.cause = md5('orphan_remit|' || claim.cause)
                and not exists (
                    select from ledger.worklist as own where own.kind = 'unmatched_remit' and own.cause = claim.cause
                )
        $query$;
    end if;
end
$body$;
"""


def upgrade() -> None:
    op.execute(MOVED)
