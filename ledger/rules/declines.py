"""What a decline code of a card means for the next step (Stripe's list of decline codes, 2026-05-27.dahlia)."""

from __future__ import annotations

from ledger.rules.outcome import Advice

_ADVICE = {
    "approve_with_id": Advice.RETRY,
    "call_issuer": Advice.RETRY,
    "card_velocity_exceeded": Advice.RETRY,
    "do_not_honor": Advice.RETRY,
    "duplicate_transaction": Advice.RETRY,
    "generic_decline": Advice.RETRY,
    "insufficient_funds": Advice.RETRY,
    "issuer_not_available": Advice.RETRY,
    "no_action_taken": Advice.RETRY,
    "not_permitted": Advice.RETRY,
    "processing_error": Advice.RETRY,
    "reenter_transaction": Advice.RETRY,
    "service_not_allowed": Advice.RETRY,
    "try_again_later": Advice.RETRY,
    "withdrawal_count_limit_exceeded": Advice.RETRY,
    "card_not_supported": Advice.NEW_CARD,
    "currency_not_supported": Advice.NEW_CARD,
    "expired_card": Advice.NEW_CARD,
    "incorrect_address": Advice.NEW_CARD,
    "incorrect_cvc": Advice.NEW_CARD,
    "incorrect_number": Advice.NEW_CARD,
    "incorrect_pin": Advice.NEW_CARD,
    "incorrect_zip": Advice.NEW_CARD,
    "invalid_account": Advice.NEW_CARD,
    "invalid_amount": Advice.NEW_CARD,
    "invalid_cvc": Advice.NEW_CARD,
    "invalid_expiry_month": Advice.NEW_CARD,
    "invalid_expiry_year": Advice.NEW_CARD,
    "invalid_number": Advice.NEW_CARD,
    "invalid_pin": Advice.NEW_CARD,
    "new_account_information_available": Advice.NEW_CARD,
    "offline_pin_required": Advice.NEW_CARD,
    "online_or_offline_pin_required": Advice.NEW_CARD,
    "pin_try_exceeded": Advice.NEW_CARD,
    "testmode_decline": Advice.NEW_CARD,
    "transaction_not_allowed": Advice.NEW_CARD,
    "authentication_not_handled": Advice.AUTHENTICATE,
    "authentication_required": Advice.AUTHENTICATE,
    "invoice_payment_intent_requires_action": Advice.AUTHENTICATE,
    "payment_intent_action_required": Advice.AUTHENTICATE,
    "subscription_payment_intent_requires_action": Advice.AUTHENTICATE,
    "do_not_try_again": Advice.NEVER,
    "fraudulent": Advice.NEVER,
    "lost_card": Advice.NEVER,
    "merchant_blacklist": Advice.NEVER,
    "pickup_card": Advice.NEVER,
    "restricted_card": Advice.NEVER,
    "revocation_of_all_authorizations": Advice.NEVER,
    "revocation_of_authorization": Advice.NEVER,
    "security_violation": Advice.NEVER,
    "stolen_card": Advice.NEVER,
    "stop_payment_order": Advice.NEVER,
}


def advice(decline_code: str | None, advice_code: str | None = None) -> Advice:
    """Classify a decline by its code, or by what the network advises where that is stricter.

    A code that is not listed asks for a new card: nobody knows that trying again would help.
    """
    if advice_code == "do_not_try_again":
        return Advice.NEVER
    found = _ADVICE.get(decline_code or "", Advice.NEW_CARD)
    if advice_code == "confirm_card_data" and found is Advice.RETRY:
        return Advice.NEW_CARD
    return found
