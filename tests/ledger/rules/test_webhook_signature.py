"""Signatures of webhooks: Stripe's own library agrees, times are bounded both ways, a changed body is refused."""

from __future__ import annotations

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from ledger.rules.webhook_signature import TOLERANCE_SECONDS, NotSigned, sign, verify

NOW = 1_790_000_000
SECRET = "whsec_made_up"
BODY = b'{"id": "evt_1"}'


def header(signed_at: int = NOW, secret: str = SECRET, body: bytes = BODY) -> str:
    """Return a header as Stripe writes it."""
    return f"t={signed_at},v1={sign(body, secret, str(signed_at))},v0={'0' * 64}"


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(min_size=1, alphabet=st.characters(codec="ascii")))
def test_stripe_s_own_library_signs_the_same(body: str, secret: str) -> None:
    signature = stripe.WebhookSignature._compute_signature(f"{NOW}.{body}", secret)
    assert signature == sign(body.encode(), secret, str(NOW))
    verify(f"t={NOW},v1={signature}", body.encode(), secret, NOW)


@pytest.mark.parametrize("away", [-TOLERANCE_SECONDS, 0, TOLERANCE_SECONDS])
def test_a_clock_may_be_off_by_the_tolerance_either_way(away: int) -> None:
    verify(header(NOW + away), BODY, SECRET, NOW)


@pytest.mark.parametrize("away", [-TOLERANCE_SECONDS - 1, TOLERANCE_SECONDS + 1, 10**9, -NOW])
def test_and_by_no_more(away: int) -> None:
    with pytest.raises(NotSigned, match="300 seconds"):
        verify(header(NOW + away), BODY, SECRET, NOW)


def test_one_good_signature_of_several_is_enough_while_a_secret_is_rolled() -> None:
    old = sign(BODY, "whsec_old", str(NOW))
    verify(f"t={NOW},v1={old},v1={sign(BODY, SECRET, str(NOW))}", BODY, SECRET, NOW)
    with pytest.raises(NotSigned, match="No signature fits"):
        verify(f"t={NOW},v1={old},v1={'0' * 64}", BODY, SECRET, NOW)


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_any_changed_byte_of_the_body_is_found(place: int, change: int) -> None:
    changed = bytearray(BODY)
    changed[place] ^= change
    with pytest.raises(NotSigned):
        verify(header(), bytes(changed), SECRET, NOW)


def test_a_blank_secret_signs_nothing() -> None:
    with pytest.raises(NotSigned):
        verify(header(secret=""), BODY, "", NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "",
        "t=",
        f"t={NOW}",
        f"v1={'0' * 64}",
        f"t={NOW},v0={sign(BODY, SECRET, str(NOW))}",
        f"t={NOW},t={NOW},v1={sign(BODY, SECRET, str(NOW))}",
        f"t=-{NOW},v1={'0' * 64}",
        f"t={NOW}e1,v1={'0' * 64}",
        f"t=١٧٩,v1={'0' * 64}",
        f"t={NOW},v1={sign(BODY, SECRET, str(NOW)).upper()}",
        f"t={NOW},v1=é",
        header() + "," * 5_000,
    ],
)
def test_a_header_that_is_none_of_stripe_s_is_refused(wrong: str | None) -> None:
    with pytest.raises(NotSigned) as refusal:
        verify(wrong, BODY, SECRET, NOW)
    assert SECRET not in str(refusal.value)
