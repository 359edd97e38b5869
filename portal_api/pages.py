"""Answers of the pages: a page in the practice's looks, and the way from a form to the next page."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi.responses import RedirectResponse

from portal_api.headers import policy
from portal_api.navigation import menus_of
from portal_api.templating import rendered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi.responses import HTMLResponse

    from portal_api.here import Here

# What a page says after a form was done, by the name that stands in its address: an address says nothing of its own.
SAID = {
    "password_set": "Your password is set. Sign in with it.",
    "proved": "Thank you. Please go on.",
    "code_sent": "A mail with a code is on its way.",
    "email_changed": "Your e-mail address is changed.",
    "added": "Added. The mail with the link is on its way.",
    "saved": "Saved.",
    "signed_out": "You are signed out.",
    "ended": "That session is ended.",
    "booked": "Your visit is booked. We have mailed you when it is.",
    "hours_saved": "Saved. Patients see it from now on.",
    "moved": "Your visit has its new time. We have mailed it to you.",
    "cancelled": "Your visit is cancelled.",
    "released": "The time is free again; nothing was booked.",
    "waiting": "You are on the waiting list. We write to you when a time comes free.",
    "waiting_left": "You are off the waiting list.",
    "closed_out": "The visit is closed out.",
    "taken_up": "It is yours now.",
    "held": "Held. Nothing is charged for this visit and nothing said, until you end it.",
    "hold_ended": "Ended. What waited is charged with the next delivery.",
    "corrected": "Corrected. The books follow at the next reconcile.",
    "other_state": "Saved. Your provider has no license there: call us, or book with somebody else.",
    "signed": "Signed. Thank you.",
    "paying": "Thank you. Your card is charged within minutes; this page shows it then.",
    "card_saved": "Your card is saved.",
    "card_removed": "Your card is removed.",
    "message_sent": "Your message is sent.",
    "welcome": "Welcome. Your account is ready.",
}


def page(
    here: Here,
    template: str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    csp: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    **values: object,
) -> HTMLResponse:
    """Return templates/<template> with here, practice, who and csrf beside the values.

    `csp` adds sources to directives of the content security policy: {"script-src": "'self' https://js.stripe.com"}.
    """
    known = {
        "here": here,
        "practice": here.practice,
        "who": here.who,
        "csrf": here.browser.csrf,
        "said": SAID.get(here.browser.said, ""),
        "path": here.browser.path,
        "menus": menus_of(here.who),
    }
    response = rendered(template, status, headers, **known, **values)
    response.headers["Content-Security-Policy"] = policy(csp)
    if here.browser.is_new:
        here.browser.keep(response)
    return response


def onward(path: str, said: str | None = None) -> RedirectResponse:
    """Return the way to the next page after a form was done (303), where it may say a sentence of SAID."""
    if said is not None and said not in SAID:
        raise KeyError(said)
    mark = "&" if "?" in path else "?"
    return RedirectResponse(f"{path}{mark}{urlencode({'said': said})}" if said else path, HTTPStatus.SEE_OTHER)
