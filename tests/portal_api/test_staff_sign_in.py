"""Staff sign in by password and authenticator: each code once, a limited number of tries, nothing learned by trying."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyotp
import pytest
import sqlalchemy as sa

from portal_api.access import Kind, Role
from portal_api.identity import asks, attempts, invitations, people, staff_secrets
from portal_api.identity.asks import Purpose
from tests.support.portals import CEDAR, HARBOR

if TYPE_CHECKING:
    import httpx

    from tests.support.portals import Portal, Visitor

EMAIL = "desk@harbor.example"
PASSWORD = "four words in a row"


def hidden(answer: httpx.Response, name: str = "proof") -> str:
    return answer.text.partition(f'name="{name}" value="')[2].partition('"')[0]


def code_of(portal: Portal, secret: str) -> str:
    return pyotp.TOTP(secret).at(portal.clock.now)


def first_link(portal: Portal, email: str = EMAIL) -> str:
    with portal.at(HARBOR) as here:
        found = people.staff_of_email(here, email)
        assert found is not None
        staff_secrets.drop_authenticator(here, found.id)
        return asks.make(here, Purpose.SET_PASSWORD, found.email, found.id, is_bound=False).link


def set_up(portal: Portal, visitor: Visitor) -> tuple[str, list[str]]:
    """Choose a password, set an authenticator up; return its secret and the recovery codes."""
    portal.clock.move(hours=1)
    assert visitor.submit("/staff/password", token=first_link(portal), password=PASSWORD).status_code == 303
    shown = visitor.submit("/staff/sign-in", email=EMAIL, password=PASSWORD)
    secret = shown.text.partition('Key: <span class="code">')[2].partition("<")[0].replace(" ", "")
    done = visitor.submit("/staff/authenticator", proof=hidden(shown), code=code_of(portal, secret))
    return secret, re.findall(r'<li class="code">([^<]+)', done.text)


def entered(visitor: Visitor, code: str) -> httpx.Response:
    shown = visitor.submit("/staff/sign-in", email=EMAIL, password=PASSWORD)
    assert shown.status_code == 200, shown.text
    return visitor.submit("/staff/sign-in/code", proof=hidden(shown), code=code)


@pytest.fixture(name="ready", scope="module")
def _ready(portal: Portal) -> tuple[str, list[str]]:
    visitor = portal.visitor()
    ready = set_up(portal, visitor)
    assert "Lena Fischer" in visitor.get("/staff").text
    return ready


def test_password_and_code_sign_in_and_a_code_counts_once(portal: Portal, ready: tuple[str, list[str]]) -> None:
    portal.clock.move(hours=1)
    code = code_of(portal, ready[0])
    visitor = portal.visitor()
    assert entered(visitor, code).status_code == 303
    assert "Lena Fischer" in visitor.get("/staff").text
    assert entered(portal.visitor(), code).status_code == 400


def test_a_recovery_code_counts_once(portal: Portal, ready: tuple[str, list[str]]) -> None:
    portal.clock.move(hours=1)
    assert len(set(ready[1])) == 10
    assert entered(portal.visitor(), ready[1][0].upper()).status_code == 303
    assert entered(portal.visitor(), ready[1][0]).status_code == 400


def test_the_password_alone_opens_nothing(portal: Portal, ready: tuple[str, list[str]]) -> None:
    portal.clock.move(hours=1)
    visitor = portal.visitor()
    shown = visitor.submit("/staff/sign-in", email=EMAIL, password=PASSWORD)
    assert visitor.get("/staff").status_code == 303
    # Neither is the proof of one browser good in another, nor may it set up a second authenticator.
    other = portal.visitor()
    code = code_of(portal, ready[0])
    assert other.submit("/staff/sign-in/code", proof=hidden(shown), code=code).status_code == 404
    assert visitor.submit("/staff/authenticator", proof=hidden(shown), code=code).status_code == 404
    portal.clock.move(minutes=10)
    late = visitor.submit("/staff/sign-in/code", proof=hidden(shown), code=code_of(portal, ready[0]))
    assert late.status_code == 400


@pytest.mark.usefixtures("ready")
def test_a_wrong_password_and_an_unknown_person_are_told_the_same(portal: Portal) -> None:
    portal.clock.move(hours=1)
    visitor = portal.visitor()
    wrong = visitor.submit("/staff/sign-in", email=EMAIL, password="not the password")
    unknown = visitor.submit("/staff/sign-in", email="nobody@harbor.example", password=PASSWORD)
    assert (wrong.status_code, wrong.text) == (unknown.status_code, unknown.text)
    assert wrong.status_code == 400


def test_after_five_tries_on_an_account_one_waits(portal: Portal) -> None:
    portal.clock.move(hours=1)
    visitor = portal.visitor()
    tries = [visitor.submit("/staff/sign-in", email="Who@harbor.example", password="x").status_code for _ in range(5)]
    assert tries == [400] * 5
    limited = portal.visitor().submit("/staff/sign-in", email="who@harbor.example", password="x")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "60")
    portal.clock.move(seconds=60)
    assert visitor.submit("/staff/sign-in", email="who@harbor.example", password="x").status_code == 400
    assert portal.visitor(CEDAR).submit("/staff/sign-in", email="who@harbor.example", password="x").status_code == 400


def test_strangers_slow_down_strangers_and_never_the_owner(portal: Portal, ready: tuple[str, list[str]]) -> None:
    portal.clock.move(hours=1)
    owner = portal.visitor()
    assert entered(owner, code_of(portal, ready[0])).status_code == 303
    owner.submit("/sign-out")
    portal.clock.move(hours=1)
    tries = []
    for number in range(25):  # from many places: all of them together have four times what one has
        stranger = portal.visitor()
        stranger.headers["X-Forwarded-For"] = f"2001:db8:{number // 4}::{number}"
        tries.append(stranger.submit("/staff/sign-in", email=EMAIL, password="x").status_code)
    assert tries == [400] * 20 + [429] * 5
    assert portal.visitor().submit("/staff/sign-in", email=EMAIL, password=PASSWORD).status_code == 429
    assert owner.submit("/staff/sign-in", email=EMAIL, password=PASSWORD).status_code == 200
    # Their browser is known for their account alone, with a cookie that nobody makes up, and has a limit of its own.
    assert [owner.submit("/staff/sign-in", email=EMAIL, password="x").status_code for _ in range(5)][-1] == 429
    portal.clock.move(minutes=30)
    for email in (EMAIL, "billing@harbor.example"):
        for _ in range(5):
            portal.visitor().submit("/staff/forgot", email=email)
    assert owner.submit("/staff/sign-in", email="billing@harbor.example", password="x").status_code == 429
    known = owner.cookies["known"]
    for made_up in (known[:-2] + "xx", "1.device.mac", "", ".."):
        owner.cookies.delete("known")
        owner.cookies.set("known", made_up)
        assert owner.submit("/staff/sign-in", email=EMAIL, password="x").status_code == 429


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("testclient", "testclient"),
    ],
)
def test_of_ipv6_the_subscriber_counts_and_not_each_of_their_addresses(address: str, where: str) -> None:
    assert attempts.place(address) == where


def test_when_a_password_is_set_no_other_link_sets_another(portal: Portal) -> None:
    portal.clock.move(hours=1)
    with portal.at() as here:
        staff_id = people.add_staff(here, "links@harbor.example", "Lin Ks", {Role.BILLING})
        first = invitations.link(here, staff_id, "links@harbor.example")
        second = invitations.link(here, staff_id, "links@harbor.example")
    visitor = portal.visitor()
    visitor.submit("/staff/forgot", email="links@harbor.example")
    forgotten = portal.mail().partition("/staff/password/")[2].split()[0]

    def said(link: str) -> int:
        return visitor.submit("/staff/password", token=link.rpartition("/")[2], password=PASSWORD).status_code

    assert said(first) == 400  # a newer one was asked for
    assert [said(second), said(forgotten), said(second)] == [303, 400, 400]
    with portal.at() as here:
        third = invitations.link(here, staff_id, "links@harbor.example")
        people.disable(here, Kind.STAFF, staff_id)
        people.enable(here, Kind.STAFF, staff_id)
    assert said(third) == 400


def test_after_many_tries_from_an_address_one_waits_whoever_one_tries(portal: Portal) -> None:
    portal.clock.move(hours=1)
    visitor = portal.visitor()
    said = [visitor.submit("/staff/forgot", email=f"p{n}@harbor.example").status_code for n in range(21)]
    assert said == [200] * 20 + [429]
    portal.clock.move(hours=1)


def test_a_forgotten_password_is_set_by_a_mailed_link_and_ends_the_sessions(
    portal: Portal, ready: tuple[str, list[str]]
) -> None:
    portal.clock.move(hours=1)
    signed_in, visitor = portal.visitor(), portal.visitor()
    assert entered(signed_in, code_of(portal, ready[0])).status_code == 303
    known = visitor.submit("/staff/forgot", email=EMAIL)
    mail = portal.mail()
    assert portal.visitor().submit("/staff/forgot", email="nobody@harbor.example").text == known.text
    assert portal.mail() == ""
    token = mail.partition("/staff/password/")[2].split()[0]
    assert portal.visitor().submit("/staff/password", token=token, password=PASSWORD).status_code == 400
    assert visitor.submit("/staff/password", token=token, password="short").status_code == 400
    assert visitor.submit("/staff/password", token=token, password="harbor telehealth!").status_code == 400
    assert signed_in.get("/staff").status_code == 200
    assert visitor.submit("/staff/password", token=token, password=PASSWORD).status_code == 303
    assert visitor.submit("/staff/password", token=token, password=PASSWORD).status_code == 400
    assert signed_in.get("/staff").status_code == 303


@pytest.mark.usefixtures("ready")
def test_nothing_that_proves_a_person_is_kept_readable(portal: Portal) -> None:
    with portal.at(HARBOR) as here:
        row = here.db.execute(
            sa.text("select password_hash, totp_secret from portal.staff where email = :email"), {"email": EMAIL}
        ).one()
    assert row.password_hash.startswith("$argon2id$")
    assert len(bytes(row.totp_secret)) == 12 + 32 + 16  # nonce, 160 bits in base 32, tag
