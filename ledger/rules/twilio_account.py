"""An account at Twilio: what signs tokens, what signs callbacks, and where it is reached."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ledger.rules import opaque

SHORTEST_SECRET = 32
"""Bytes of the secret that signs tokens (HS256) at least; Twilio's have 32."""


@dataclass(frozen=True)
class TwilioAccount:
    """The account, an API key of it that signs tokens, and its auth token, which callbacks are signed with.

    `url` is empty for Twilio itself, else a sandbox on this machine; `sms_from` a number or a messaging service.
    Raises ValueError with a sentence that names no secret.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    key_sid: str
    key_secret: str = field(repr=False)
    callback_url: str
    url: str = ""
    sms_from: str = ""

    def __post_init__(self) -> None:
        """Refuse what Twilio could not have given."""
        place = urlsplit(self.url)
        is_own = place.scheme == "http" and place.hostname in {"127.0.0.1", "localhost", "::1"}
        asked = {
            "the account SID must be AC and 32 hexadecimal digits": opaque.ACCOUNT_SID.admits(self.account_sid),
            "the API key SID must be SK and 32 hexadecimal digits": bool(re.fullmatch("SK[0-9a-f]{32}", self.key_sid)),
            "the auth token is missing": bool(self.auth_token),
            f"the API key's secret is under {SHORTEST_SECRET} bytes": len(self.key_secret.encode()) >= SHORTEST_SECRET,
            "callbacks need the public address of the portal": opaque.CALLBACK_URL.admits(self.callback_url),
            "the address of a sandbox must be on this machine (http://127.0.0.1:port)": not self.url or is_own,
            "SMS come from a number like +15551234567 or a messaging service MG…": not self.sms_from
            or opaque.PHONE.admits(self.sms_from)
            or opaque.MESSAGING_SID.admits(self.sms_from),
        }
        for sentence, is_so in asked.items():
            if not is_so:
                raise ValueError(f"Twilio cannot be used: {sentence}.")
