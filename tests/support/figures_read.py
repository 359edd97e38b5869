"""The figures of the month's page as a browser shows them, and as the marts hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg
    from playwright.sync_api import Page

_SHOWN = (
    """() => [...document.querySelectorAll('[data-figure]')].map(one => [one.dataset.figure, one.textContent.trim()])"""
)
_HELD = """
    select 'revenue_waterfall.' || step, amount_cents from marts.revenue_waterfall where period = %(period)s
    union all
    select 'month_summary.' || measure, case measure when 'visits' then count else amount_cents end
    from marts.month_summary where period = %(period)s
    union all
    select 'month_ratios.' || measure, round(coalesce(ratio / 10, 10 * days)) -- tenths, as they are written
    from marts.month_ratios where period = %(period)s
    union all
    select 'mrr_movements.' || name, amount
    from marts.mrr_movements
    cross join lateral (
        values ('opening_cents', opening_cents), ('new_cents', new_cents), ('expansion_cents', expansion_cents),
        ('reactivation_cents', reactivation_cents), ('contraction_cents', -contraction_cents),
        ('churn_cents', -churn_cents), ('closing_cents', closing_cents)
    ) as movement (name, amount)
    where period = %(period)s
    union all
    select 'cash_by_day.' || source, sum(amount_cents) from marts.cash_by_day where period = %(period)s group by source
    union all
    select 'cash_by_day.' || paid_on || '.' || source, amount_cents from marts.cash_by_day where period = %(period)s
    union all
    select 'cash_by_day', sum(amount_cents) from marts.cash_by_day where period = %(period)s
    union all
    select 'ar_ageing.' || payer_id || '.' || bucket, amount_cents from marts.ar_ageing
    union all
    select 'ar_ageing.' || payer_id, sum(amount_cents) from marts.ar_ageing group by payer_id
    union all
    select 'ar_ageing', sum(amount_cents) from marts.ar_ageing
    union all
    select 'lag_triangle.' || service_period || '.' || paid_period, payer_paid_cents + patient_collected_cents
    from marts.lag_triangle
    union all
    select 'payer_scorecard.' || payer_id || '.' || name, amount
    from marts.payer_scorecard
    cross join lateral (
        values ('denied_cents', denied_cents), ('payer_paid_cents', payer_paid_cents),
        ('payer_receivable_cents', payer_receivable_cents), ('underpaid_cents', underpaid_cents)
    ) as figure (name, amount)
    where period = %(period)s
    union all
    select 'practice_summary.net', amount_cents from marts.revenue_waterfall
    where period = %(period)s and step = 'net_patient_service_revenue'
    union all
    select 'practice_summary.' || practice_id || '.net', sum(
        case when measure in ('gross_revenue', 'missed_visit_fees') then amount_cents else -amount_cents end
    )
    from marts.practice_summary
    where
        period = %(period)s and practice_id is not null
        and measure in (
            'gross_revenue', 'missed_visit_fees', 'contractual', 'sequestration', 'denied', 'other_adjustment',
            'price_concession'
        )
    group by practice_id
    union all
    select 'received', -sum(amount_cents) from marts.revenue_waterfall
    where period = %(period)s and step in ('payer_paid', 'patient_collected')
"""
_WITHOUT_A_SIGN = {"revenue_waterfall.payer_paid", "revenue_waterfall.patient_collected"}


def shown(page: Page) -> list[tuple[str, int]]:
    """Return every figure of the page by its name, in cents, or in tenths what is no amount; counts as they are."""
    return [(name, _number(text)) for name, text in page.evaluate(_SHOWN)]


def held(connection: psycopg.Connection, period: str) -> Mapping[str, int]:
    """Return the same figures as the marts hold them."""
    return {name: int(number) for name, number in connection.execute(_HELD, {"period": period})}


def same(name: str, one: int, other: int) -> bool:
    """Tell whether two figures are equal; what came in stands in the waterfall as what it takes off."""
    return one == other or (name in _WITHOUT_A_SIGN and one == -other)


def _number(text: str) -> int:
    sign = -1 if text.startswith("\N{MINUS SIGN}") else 1
    return sign * int("".join(letter for letter in text if letter.isdigit()))
