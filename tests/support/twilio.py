"""Accounts at Twilio's stand-in, for the gateway and the portal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.rules.twilio_account import TwilioAccount

if TYPE_CHECKING:
    from sandbox.twilio.serving import Twilio

CALLBACK = "https://portal.example.com/webhooks/twilio"


def account_at(twilio: Twilio) -> TwilioAccount:
    """Return the sandbox's account as settings give it."""
    mine = twilio.account
    return TwilioAccount(
        account_sid=mine.account_sid,
        auth_token=mine.auth_token,
        key_sid=mine.key_sid,
        key_secret=mine.key_secret,
        callback_url=CALLBACK,
        url=twilio.url,
        sms_from="+15550001111",
    )
