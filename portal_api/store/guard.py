"""What keeps one practice's rows from another's: row-level security, written by one function for every table."""

from __future__ import annotations

ROLE = "trueup_portal"
SETTING = "app.practice_id"
FOR_ALL = "app.works_for_all"
"""Set to yes where rows of no practice are seen, beside those of the practice."""
# After a commit the setting is '' and not null.
_OWN = f"practice_id = nullif(current_setting('{SETTING}', true), '')"


def guarded(table: str, *, insert_only: bool = False) -> list[str]:
    """Return the statements that every migration runs for a table of schema `portal` it made; it has a practice_id.

    Forced: the owner's own statements see one practice too. `insert_only`: rows are never changed and never deleted.
    """
    statements = [
        f"alter table portal.{table} enable row level security",
        f"alter table portal.{table} force row level security",
        f"create policy own_practice on portal.{table} using ({_OWN}) with check ({_OWN})",
        f"grant {'select, insert' if insert_only else 'select, insert, update, delete'} on portal.{table} to {ROLE}",
    ]
    return statements + (_kept_for_ever(table) if insert_only else [])


def _kept_for_ever(table: str) -> list[str]:
    return [
        (
            f"create trigger {table}_is_only_added_to before update or delete or truncate on portal.{table}"
            " for each statement execute function ledger.refuse_change()"
        ),
        f"alter table portal.{table} enable always trigger {table}_is_only_added_to",
    ]
