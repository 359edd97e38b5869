"""Contracts on Stripe objects (docs/reference.md)."""

from expectations.contract import Contract, Severity, columns_stand, fresh, has_no_hole, no_row, unique

STALE_AFTER_DAYS = 35
"""Books are read once a month: a feed without one row in a month and some days of grace has lost a file."""

CONTRACTS: tuple[Contract, ...] = (
    columns_stand(
        "stripe_objects",
        "stripe_object",
        ("object_id", "object_type", "version_at", "object_sha256", "payload", "load_id"),
    ),
    # The newest version_at of an object wins, the larger hash among equals: the hash belongs to the key of a version.
    unique(
        "stripe_objects",
        "stripe_object",
        ("object_id", "version_at", "object_sha256"),
        "the same version of a Stripe object stands twice (object_id, version_at, object_sha256).",
    ),
    # Stripe's amounts are integers of the smallest unit and never negative on these objects; those of a balance
    # transaction are signed. Both keys are judged as text, so that a float or a string is refused and not cast.
    no_row(
        name="stripe_amounts_are_cents",
        feed="stripe_objects",
        table="stripe_object",
        severity=Severity.BLOCKING,
        sentence="a charge, intent, refund or dispute amount that is not a whole number of cents from 0 up.",
        query="""
            select object_id from stripe_object
            where (object_type in ('charge', 'payment_intent', 'refund', 'dispute')
                   and (payload ->> 'amount') !~ '^[0-9]+$')
               or (object_type = 'charge' and (payload ->> 'amount_captured') !~ '^[0-9]+$')
        """,
    ),
    no_row(
        name="charges_name_a_known_visit",
        feed="stripe_objects",
        table="stripe_object",
        severity=Severity.WARNING,
        sentence="a charge names a visit no ledger file brought; the leak report lists it as orphan_charge.",
        query="""
            select object_id as key from stripe_object
            where object_type = 'charge'
              and payload -> 'metadata' ->> 'visit_token' is not null
              and not exists (
                  select from raw.visit
                  where visit.visit_token::text = lower(stripe_object.payload -> 'metadata' ->> 'visit_token')
              )
        """,
        key=("object_id", "text"),
    ),
    fresh("stripe_objects", "stripe_object", "version_at", STALE_AFTER_DAYS),
    has_no_hole("stripe_objects", "stripe_object", "version_at"),
)
