"""Twilio's two signatures: of a callback (HMAC-SHA1 of address and sorted fields) and of a token (JWT, HS256)."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any


def signature(auth_token: str, url: str, fields: Mapping[str, str]) -> str:
    """Return the header `X-Twilio-Signature` of a form sent to an address."""
    said = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(auth_token.encode(), said.encode(), hashlib.sha1).digest()).decode()


def token_payload(token: str, key_sid: str, secret: str, now: float) -> dict[str, Any]:
    """Return what a token says. Raises ValueError when it is not signed by the key or its time is over."""
    try:
        head, body, signed = token.split(".")
        payload: dict[str, Any] = json.loads(_decoded(body))
        given = _decoded(signed)
    except (ValueError, binascii.Error) as error:
        raise ValueError("20101: the token cannot be read.") from error
    if not hmac.compare_digest(given, hmac.new(secret.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()):
        raise ValueError("20107: the token's signature is wrong.")
    if json.loads(_decoded(head)).get("cty") != "twilio-fpa;v=1" or payload.get("iss") != key_sid:
        raise ValueError("20103: the token is of another issuer.")
    if payload["exp"] <= now:
        raise ValueError("20104: the token's time is over.")
    return payload


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
