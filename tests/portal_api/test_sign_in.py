"""Patients sign in by link or code: once, in ten minutes, in the browser that asked, and nobody learns who is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.portals import CEDAR, HARBOR

if TYPE_CHECKING:
    from tests.support.portals import Portal, Visitor

KNOWN = HARBOR.patient.email


def asked(portal: Portal, visitor: Visitor, email: str = KNOWN) -> tuple[str, str]:
    portal.clock.move(hours=1)  # past the limits of earlier tests
    answer = visitor.submit("/sign-in", email=email)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in/code?next=/")
    return portal.link_and_code()


def name_of(visitor: Visitor) -> str:
    text = visitor.get("/").text
    return text.partition("<h1>Hello, ")[2].partition("<")[0]


def test_a_patient_signs_in_by_the_code(portal: Portal) -> None:
    visitor = portal.visitor()
    _, code = asked(portal, visitor)
    assert visitor.submit("/sign-in/code", code=code).status_code == 303
    assert name_of(visitor) == "Pat Moreno"


def test_the_link_shows_a_button_and_the_button_signs_in_once(portal: Portal) -> None:
    visitor = portal.visitor()
    link, _ = asked(portal, visitor)
    for _ in range(3):  # as the scanners of mail do
        assert "<button>Sign in to Harbor" in visitor.get(link).text
    assert name_of(visitor) == ""
    token = link.rpartition("/")[2]
    assert visitor.submit("/sign-in/link", token=token).status_code == 303
    assert name_of(visitor) == "Pat Moreno"
    assert visitor.submit("/sign-in/link", token=token).status_code == 400


def test_another_browser_can_use_neither(portal: Portal) -> None:
    link, code = asked(portal, portal.visitor())
    other = portal.visitor()
    assert other.submit("/sign-in/link", token=link.rpartition("/")[2]).status_code == 400
    assert other.submit("/sign-in/code", code=code).status_code == 400


@pytest.mark.parametrize("after", [":@elsewhere.example", ":80@elsewhere.example", ":80.elsewhere.example", ":"])
def test_a_host_name_with_more_behind_it_is_no_practices_and_mails_no_link(portal: Portal, after: str) -> None:
    portal.mail()
    portal.clock.move(hours=1)
    visitor = portal.visitor()
    visitor.headers["Host"] = HARBOR.hosts[0] + after
    assert visitor.submit("/sign-in", email=KNOWN).status_code == 404
    assert "elsewhere.example" not in portal.mail()


def test_after_ten_minutes_both_are_over(portal: Portal) -> None:
    visitor = portal.visitor()
    link, code = asked(portal, visitor)
    portal.clock.move(minutes=10)
    assert visitor.submit("/sign-in/code", code=code).status_code == 400
    assert visitor.submit("/sign-in/link", token=link.rpartition("/")[2]).status_code == 400


def test_five_wrong_codes_end_the_right_one(portal: Portal) -> None:
    visitor = portal.visitor()
    _, code = asked(portal, visitor)
    wrong = f"{(int(code.replace(' ', '')) + 1) % 10**8:08}"
    for _ in range(5):
        assert visitor.submit("/sign-in/code", code=wrong).status_code == 400
    assert visitor.submit("/sign-in/code", code=code).status_code == 400


def test_somebody_new_joins_after_proving_the_address(portal: Portal) -> None:
    visitor = portal.visitor()
    _, code = asked(portal, visitor, "new@example.com")
    page = visitor.submit("/sign-in/code", code=code)
    assert "does not know <strong>new@example.com</strong>" in page.text
    proof = page.text.partition('name="proof" value="')[2].partition('"')[0]
    assert portal.visitor().submit("/join", proof=proof, given_name="Not", family_name="Me").status_code == 404
    assert visitor.submit("/join", proof=proof, given_name="", family_name="Day").status_code == 400
    assert visitor.submit("/join", proof=proof, given_name="New", family_name="Day").status_code == 303
    assert name_of(visitor) == "New Day"


def test_a_patient_of_one_practice_is_unknown_at_the_other(portal: Portal) -> None:
    visitor = portal.visitor(CEDAR)
    _, code = asked(portal, visitor)
    assert "Cedar Grove Family Care does not know" in visitor.submit("/sign-in/code", code=code).text


def test_a_session_of_one_practice_is_none_at_the_other(portal: Portal) -> None:
    visitor = portal.patient()
    assert visitor.get("/account").status_code == 200
    visitor.headers["host"] = visitor.headers["host"].replace("harbor", "cedar")
    assert visitor.get("/account").headers["location"] == "/sign-in?next=%2Faccount"


def test_signing_out_ends_the_session_on_the_server(portal: Portal) -> None:
    visitor = portal.patient()
    token = visitor.cookies["session"]
    assert visitor.submit("/sign-out").status_code == 303
    assert name_of(visitor) == ""
    visitor.cookies.set("session", token)
    assert name_of(visitor) == ""


def test_a_form_without_its_token_or_from_another_site_does_nothing(portal: Portal) -> None:
    visitor = portal.patient()
    assert visitor.post("/sign-out", data={"csrf": "wrong"}).status_code == 403
    assert visitor.post("/sign-out").status_code == 403
    for header in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert visitor.post("/sign-out", data={"csrf": visitor.csrf}, headers=header).status_code == 403
    assert name_of(visitor) == "Pat Moreno"


def test_an_unknown_host_has_no_portal(portal: Portal) -> None:
    visitor = portal.visitor()
    visitor.headers["host"] = "unknown.example.com"
    assert visitor.get("/").status_code == 404


def test_each_practice_has_its_own_colours(portal: Portal) -> None:
    harbor, cedar = portal.visitor(), portal.visitor(CEDAR)
    first = harbor.get("/theme.css")
    assert "--brand: #1d3557" in first.text
    assert "--brand: #1f5f3f" in cedar.get("/theme.css").text
    assert harbor.get("/theme.css", headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert cedar.get("/theme.css", headers={"If-None-Match": first.headers["etag"]}).status_code == 200
