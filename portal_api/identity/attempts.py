"""Attempts on an account: slowed down for strangers, and never so that its owner has to wait for them to stop.

Whoever signed in once has a cookie that says so (the protocol of OWASP's "device cookies"), and attempts of that
browser are counted by themselves. Strangers' are counted by where they come from, and all together on the account.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from portal_api import cookies
from portal_api.identity import rates

if TYPE_CHECKING:
    from starlette.responses import Response

    from portal_api.here import Here
    from portal_api.identity.rates import Rate

KNOWN_LASTS = timedelta(days=180)
STRANGERS = 4
"""So many times the rate of one place is what all strangers together have on one account."""
IPV6_SITE = 64
"""Bits of the network that one subscriber has (RFC 6177): within it addresses are to be had for nothing."""


def on_account(here: Here, rate: Rate, account: str) -> None:
    """Count an attempt on an account (its e-mail address); raise 429 where this browser or place had too many."""
    if device := _known(here, account):
        rates.spend(here, rate, f"{account} in {device}")
        return
    rates.spend(here, rate, f"{account} from {place(here.browser.address)}")
    rates.spend(here, _of_all(rate), account)


def from_place(here: Here, rate: Rate) -> None:
    """Count an attempt from where the request comes; raise 429 where there were too many."""
    rates.spend(here, rate, place(here.browser.address))


def remember(here: Here, answer: Response, account: str) -> None:
    """Have this browser known as one in which the owner of the account signed in."""
    device, since = cookies.new_token(), f"{here.now.timestamp():.0f}"
    value = f"{since}.{device}.{_mac(here, account, since, device)}"
    here.browser.jar.put(answer, cookies.KNOWN, value, KNOWN_LASTS)


def place(address: str) -> str:
    """Return where an address is, as far as attempts go: it itself, or of IPv6 the network of its subscriber."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, IPV6_SITE), strict=False))
    return str(found)


def _of_all(rate: Rate) -> Rate:
    return replace(rate, name=f"{rate.name}, strangers", burst=rate.burst * STRANGERS, every=rate.every / STRANGERS)


def _known(here: Here, account: str) -> str:
    """Return the name of this browser where the owner of the account signed in, else ''."""
    since, _, rest = here.browser.known.partition(".")
    device, _, mac = rest.partition(".")
    if not hmac.compare_digest(mac.encode(), _mac(here, account, since, device).encode()):
        return ""
    return device if here.now - datetime.fromtimestamp(int(since), UTC) < KNOWN_LASTS else ""


def _mac(here: Here, account: str, since: str, device: str) -> str:
    made = here.keys.mac("known browser", here.practice.practice_id, account.lower(), since, device)
    return urlsafe_b64encode(made).decode().rstrip("=")
