"""What belongs to no practice waits on the worklist too: remittances, and leaks of no visit of ours."""

from alembic import op

revision = "0025"
down_revision = "0024"

# The door sets it for staff who work for all practices; after a commit it is '' and not null.
FOR_ALL = "current_setting('app.works_for_all', true) = 'yes'"
# Beside the policy of one's own practice; entries go by the row they are of.
ROWS = f"""
create policy of_no_practice on ledger.worklist to trueup_portal
    using (practice_id is null and {FOR_ALL}) with check (practice_id is null and {FOR_ALL});
"""
# By the marts of the last reconcile, without what people settled since: of two words on a claim the newest counts.
# Held: <sha256>#<transaction>. Unmatched: <sha256>#<transaction>/<claim>. Marts and raw may not be there.
WAITING = """
create function ledger.waiting_remits()
returns table (
    kind text, cause text, why text, since timestamptz, payer_name text, trace_number text, paid_on date,
    amount_cents bigint
)
language plpgsql stable set search_path = '' as $body$
begin
    if to_regclass('marts.era_tieout') is null or to_regclass('marts.unmatched_remits') is null then
        return;
    end if;
    return query execute $query$
        select
            'held_remit', tie.file_sha256 || '#' || tie.st_index, tie.verdict, loaded.recorded_at,
            tie.payer_name, tie.trn_number, tie.paid_on, tie.bpr_cents
        from marts.era_tieout as tie
        join raw.era_transaction as loaded using (file_sha256, st_index)
        where tie.verdict in ('held', 'conflict') and tie.settlement is null
            and not exists (
                select from raw.era_settlement as settled
                where (settled.file_sha256, settled.st_index) = (tie.file_sha256, tie.st_index)
                    or (settled.replaced_by_file_sha256, settled.replaced_by_st_index)
                    = (tie.file_sha256, tie.st_index)
            )
        union all
        select
            'unmatched_remit', claim.file_sha256 || '#' || claim.st_index || '/' || claim.claim_index, claim.why,
            loaded.recorded_at, claim.payer_name, claim.trn_number, claim.paid_on, claim.paid_cents
        from marts.unmatched_remits as claim
        join raw.era_transaction as loaded using (file_sha256, st_index)
        where not exists (
                select from raw.era_settlement as settled
                where (settled.file_sha256, settled.st_index) = (claim.file_sha256, claim.st_index)
                    and settled.action = 'replace'
            )
            and (
                select word.visit_token from raw.era_match as word
                where (word.file_sha256, word.st_index, word.claim_index)
                    = (claim.file_sha256, claim.st_index, claim.claim_index)
                order by word.ordinal desc
                limit 1
            ) is null
    $query$;
end
$body$;
revoke execute on function ledger.waiting_remits() from public;
"""
FOR_THE_PORTAL = f"""
create function ledger.own_waiting_remits()
returns table (
    kind text, cause text, why text, since timestamptz, payer_name text, trace_number text, paid_on date,
    amount_cents bigint
)
language plpgsql stable security definer set search_path = '' as $$
begin
    if {FOR_ALL} then
        return query select * from ledger.waiting_remits();
    end if;
end
$$;
drop function ledger.own_leaks();
create function ledger.own_leaks()
returns table (
    leak_id text, category text, visit_token uuid, practice_id text, amount_cents bigint, first_seen_on date
)
language plpgsql stable security definer set search_path = '' as $$
begin
    if ledger.knows_leaks() then
        return query execute
            'select leak_id, category, visit_token, practice_id, amount_cents, first_seen_on from marts.leaks'
            ' where practice_id = $1 or practice_id is null and $2'
            using nullif(current_setting('app.practice_id', true), ''), {FOR_ALL};
    end if;
end
$$;
revoke execute on function ledger.own_leaks(), ledger.own_waiting_remits() from public;
grant execute on function ledger.own_leaks(), ledger.own_waiting_remits() to trueup_portal;
"""


def upgrade() -> None:
    for statement in (ROWS, WAITING, FOR_THE_PORTAL):
        op.execute(statement)
