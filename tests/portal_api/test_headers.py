"""Headers and cookies: what a browser may load, keep and send, on a public host and on this machine."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

import pytest

from portal_api.access import Role
from portal_api.headers import policy
from portal_api.tenants import practices
from tests.support.portals import HARBOR

if TYPE_CHECKING:
    import httpx

    from tests.support.portals import Portal

PUBLIC = "harbor.portal.example.com"


def set_cookies(answer: httpx.Response) -> SimpleCookie:
    return SimpleCookie("; ".join(answer.headers.get_list("set-cookie")))


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nowhere", "/account", "/api/v1/nothing", "/health"])
def test_every_answer_says_what_a_browser_may_do(portal: Portal, path: str) -> None:
    headers = portal.visitor().get(path).headers
    assert headers["content-security-policy"].split("; ") == [
        *("default-src 'none'", "style-src 'self'", "img-src 'self'", "form-action 'self'", "base-uri 'none'"),
        "frame-ancestors 'none'",
    ]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_an_addition_to_the_policy_takes_nothing_away() -> None:
    added = policy({"script-src": "'self' https://js.stripe.com", "img-src": "https://q.stripe.com"})
    assert "script-src 'self' https://js.stripe.com" in added
    assert "img-src 'self' https://q.stripe.com" in added
    assert added.startswith("default-src 'none'; ")


def test_on_a_public_host_cookies_are_of_the_host_alone_and_secure(portal: Portal) -> None:
    with portal.at() as here:
        practices.serve_at(here.db, HARBOR.practice.practice_id, PUBLIC)
        assert here.origin == "http://harbor.localhost:8352"
    visitor = portal.visitor()
    visitor.headers["host"] = PUBLIC
    visitor.cookies.clear()
    (cookie,) = set_cookies(visitor.get("/sign-in")).values()
    assert cookie.key == "__Host-browser"
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "lax", "/")
    assert (cookie["domain"], cookie["max-age"]) == ("", "")


def test_on_this_machine_a_browser_keeps_them_over_plain_http(portal: Portal) -> None:
    visitor = portal.visitor()
    assert visitor.submit("/sign-in", email=HARBOR.patient.email).status_code == 303
    _, code = portal.link_and_code()
    given = set_cookies(visitor.submit("/sign-in/code", code=code))
    assert set(given) == {"session", "known"}
    for cookie in given.values():
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == ("", True, "lax")
    assert len(given["session"].value) == 43  # 256 bits
    assert (given["session"]["max-age"], given["known"]["max-age"]) == ("", str(180 * 86_400))


def test_a_program_is_told_in_problem_details_and_a_browser_by_a_page(portal: Portal) -> None:
    visitor = portal.visitor()
    visitor.headers["accept"] = "application/json"
    answer = visitor.get("/staff/people")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.json()["type"] == "urn:trueup:problem:sign-in-needed"
    refused = portal.staff(Role.BILLING).get("/staff/people")
    assert (refused.status_code, "people in another role" in refused.text) == (403, True)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"email=%00", "application/x-www-form-urlencoded", 400),
        (b"email=\xff", "application/x-www-form-urlencoded", 400),
        (b"a=1&" * 501, "application/x-www-form-urlencoded", 400),
        (b"email=" + b"x" * 300_000, "application/x-www-form-urlencoded", 413),
        (b"--x\r\n", "multipart/form-data; boundary=x", 403),
        (b"", "multipart/form-data", 400),
        (b"", "application/x-www-form-urlencoded", 403),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(portal: Portal, body: bytes, kind: str, status: int) -> None:
    answer = portal.visitor().post("/sign-in", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status


def test_a_token_as_bearer_needs_no_form_token_and_a_cookie_does(portal: Portal) -> None:
    visitor, other = portal.patient(), portal.visitor()
    token = visitor.cookies["session"]
    assert visitor.post("/sign-out", json={}).status_code == 403
    assert visitor.post("/sign-out", json={}, headers={"X-CSRF-Token": visitor.csrf}).status_code == 303
    assert other.get("/account", headers={"Authorization": f"Bearer {token}"}).status_code == 303
    token = portal.patient().cookies["session"]
    assert other.post("/sign-out", json={}, headers={"Authorization": f"Bearer {token}"}).status_code == 303
    assert other.get("/account", headers={"Authorization": f"Bearer {token}"}).status_code == 303
