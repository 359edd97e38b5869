"""A practice's settings: in force with the next page, refused with a reason, and nobody else's."""

from __future__ import annotations

import struct
import zlib
from dataclasses import asdict, fields, replace
from datetime import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.store import practices as ledger_practices
from portal_api.access import Role
from portal_api.problems import Problem
from portal_api.tenants import logo, palette, policy_fields, practices
from portal_api.tenants.palette import PAIRS, Palette, contrast
from portal_api.tenants.practices import Policies
from tests.support.portals import CEDAR, HARBOR

if TYPE_CHECKING:
    from tests.support.portals import Portal, Visitor

ABOUT = {
    "name": "Harbor Telehealth",
    "time_zone": "America/New_York",
    "email": "care@harbor.example",
    "phone": "",
    "address": "",
    "welcome": "Hello.",
    "emergency": "Call 911.",
    "privacy": "",
}
POLICIES = {number.name: number.written(Policies()) for number in policy_fields.NUMBERS} | {"partial_visit": "full"}
colour = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def png(width: int = 4, height: int = 3, *, extra: bytes = b"", tail: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = zlib.compress((b"\0" + b"\x80\x10\x10" * width) * height)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return logo.SIGNATURE + header + extra + chunk(b"IDAT", pixels) + chunk(b"IEND", b"") + tail


@pytest.fixture(name="admin")
def _admin(portal: Portal) -> Visitor:
    return portal.staff(Role.PRACTICE_ADMIN)


def test_a_new_brand_colour_holds_with_the_next_page_of_this_practice_alone(portal: Portal, admin: Visitor) -> None:
    before, other = admin.get("/theme.css"), portal.visitor(CEDAR).get("/theme.css")
    colours = asdict(Palette()) | {"brand": "#5B2A86"}
    assert admin.submit("/staff/settings/colours", **colours).status_code == 303
    after = portal.visitor().get("/theme.css", headers={"If-None-Match": before.headers["etag"]})
    assert (after.status_code, "--brand: #5b2a86" in after.text) == (200, True)
    assert portal.visitor(CEDAR).get("/theme.css").text == other.text


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"brand": "#ffdd57"}, "On brand on brand has a contrast of 1.33 to 1; it needs 4.50 to 1."),
        ({"quiet": "#999999"}, "Quiet on paper has a contrast of 2.84 to 1; it needs 4.50 to 1."),
        ({"edge": "#dddddd"}, "Edge on paper has a contrast of 1.35 to 1; it needs 3.00 to 1."),
        ({"link": "red"}, "Link must be written like #1d3557."),
        ({"ink": "#000000;} body{display:none"}, "Ink must be written like #1d3557."),
    ],
)
def test_colours_that_are_hard_to_tell_apart_are_refused_with_pair_and_ratio(
    admin: Visitor, changed: dict[str, str], sentence: str
) -> None:
    before = admin.get("/theme.css").text
    answer = admin.submit("/staff/settings/colours", **(asdict(Palette()) | changed))
    assert answer.status_code == 400
    assert sentence in answer.text
    assert admin.get("/theme.css").text == before


@given(colour, colour)
def test_contrast_has_its_bounds_and_no_direction(one: str, other: str) -> None:
    assert 100 <= contrast(one, other) == contrast(other, one) <= 2100
    assert contrast(one, one) == 100


def test_contrast_is_the_known_one() -> None:
    # WCAG's own examples: black on white, and the grey that just passes and the one that just fails.
    assert [contrast(grey, "#ffffff") for grey in ("#000000", "#767676", "#777777")] == [2100, 454, 447]


def test_the_samples_and_the_default_have_no_objections() -> None:
    assert [palette.objections(each) for each in (Palette(), CEDAR.practice.palette)] == [[], []]
    assert {name for pair in PAIRS for name in pair[:2]} == {each.name for each in fields(Palette)}


def test_what_a_practice_says_of_itself_is_on_its_pages_as_text(portal: Portal, admin: Visitor) -> None:
    said = ABOUT | {"welcome": "<script>alert(1)</script> & welcome"}
    assert admin.submit("/staff/settings/about", **said).status_code == 303
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; welcome" in portal.visitor().get("/").text
    assert portal.visitor().get("/privacy").status_code == 404
    assert admin.submit("/staff/settings/about", **(ABOUT | {"privacy": "We keep\n\nlittle."})).status_code == 303
    assert "<p>We keep</p>" in portal.visitor().get("/privacy").text
    for wrong in ({"name": " "}, {"time_zone": "Mars/Base"}, {"email": "nobody"}):
        assert admin.submit("/staff/settings/about", **(ABOUT | wrong)).status_code == 400
    assert admin.submit("/staff/settings/about", **ABOUT).status_code == 303


def test_policies_are_kept_and_out_of_bounds_refused(portal: Portal, admin: Visitor) -> None:
    wanted = POLICIES | {"no_show_fee_cents": "$75.50", "cancel_hours": "48", "accepts_new_patients": "yes"}
    assert admin.submit("/staff/settings/policies", **wanted).status_code == 303
    with portal.at(HARBOR) as here:
        kept = here.practice.policies
    assert (kept.no_show_fee_cents, kept.cancel_hours, kept.partial_visit) == (7_550, 48, "full")
    assert kept.accepts_new_patients
    for wrong in (
        {"cancel_hours": "-1"},
        {"staff_idle_minutes": "90"},
        {"no_show_fee_cents": "1.234"},
        {"hold_minutes": ""},
    ):
        answer = admin.submit("/staff/settings/policies", **(POLICIES | wrong))
        assert (answer.status_code, "please give a number from" in answer.text) == (400, True)


def test_without_new_patients_nobody_new_is_mailed_and_nobody_can_tell(portal: Portal, admin: Visitor) -> None:
    portal.mail()
    assert admin.submit("/staff/settings/policies", **POLICIES).status_code == 303  # without the tick
    answer = portal.visitor().submit("/sign-in", email="stranger@example.com")
    assert answer.headers["location"] == "/sign-in/code?next=/"
    assert portal.mail() == ""
    assert admin.submit("/staff/settings/policies", **POLICIES, accepts_new_patients="yes").status_code == 303


def test_a_logo_is_shown_without_what_else_its_file_carried(portal: Portal, admin: Visitor) -> None:
    text = struct.pack(">I", 4) + b"tEXt" + b"Ada\0" + struct.pack(">I", zlib.crc32(b"tEXtAda\0"))
    picture = png(extra=text, tail=b"<script>")
    answer = admin.post(
        "/staff/settings/logo",
        data={"csrf": admin.csrf, "logo_alt": "Harbor"},
        files={"logo": ("logo.png", picture, "image/png")},
    )
    assert answer.status_code == 303
    shown = portal.visitor().get("/logo")
    assert (shown.headers["content-type"], shown.content) == ("image/png", png())
    assert '<img src="/logo" alt="Harbor">' in portal.visitor().get("/").text
    assert portal.visitor(CEDAR).get("/logo").status_code == 404
    assert admin.post("/staff/settings/logo", data={"csrf": "x"}, files={"logo": picture}).status_code == 403
    assert admin.submit("/staff/settings/logo", remove="yes").status_code == 303
    assert portal.visitor().get("/logo").status_code == 404


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (b"", "must be a PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "must be a PNG"),
        (logo.SIGNATURE, "damaged"),
        (png()[:-4], "damaged"),
        (png().replace(b"IDAT", b"IDAX"), "damaged"),
        (png(1_025, 1), "1025 by 1 pixels"),
        (png() + bytes(logo.LARGEST_BYTES), "bytes"),
    ],
)
def test_what_is_no_small_png_is_no_logo(given: bytes, why: str) -> None:
    with pytest.raises(logo.NoLogo, match=why):
        logo.cleaned(given)


def test_a_picture_that_unpacks_to_more_than_it_says_is_refused() -> None:
    bomb = zlib.compress(bytes(10_000_000), 9)
    chunk = struct.pack(">I", len(bomb)) + b"IDAT" + bomb + struct.pack(">I", zlib.crc32(b"IDAT" + bomb))
    whole = png()
    start = whole.index(b"IDAT") - 4
    with pytest.raises(logo.NoLogo, match="damaged"):
        logo.cleaned(whole[:start] + chunk + png()[whole.index(b"IEND") - 4 :])


@pytest.mark.parametrize("path", ["", "/about", "/colours", "/policies", "/logo"])
def test_only_an_admin_of_the_practice_sets_it(portal: Portal, path: str) -> None:
    for role in (Role.FRONT_DESK, Role.BILLING, Role.PROVIDER):
        visitor = portal.staff(role)
        answer = visitor.submit(f"/staff/settings{path}", **ABOUT) if path else visitor.get("/staff/settings")
        assert answer.status_code == 403


def test_an_admin_says_when_patients_are_reminded_as_the_command_does(portal: Portal, admin: Visitor) -> None:
    given = {"quiet_from": "19:30", "quiet_until": "08:00", "visit_hours": "12", "days_apart": "7", "most_notices": "2"}
    assert admin.submit("/staff/settings/reminders", **given).status_code == 303
    with portal.at() as here:
        kept = ledger_practices.policy(here.books, HARBOR.practice.practice_id)
    assert (kept.dunning.quiet_from, kept.dunning.days_apart, kept.late_cancel_hours) == (time(19, 30), 7, 24)
    shown = admin.get("/staff/settings").text
    assert all(f'value="{value}"' in shown for value in given.values())
    for wrong, sentence in (
        ({"days_apart": "0"}, "days apart from 1 to 90"),
        ({"days_apart": "often"}, "times like 20:00, and whole numbers"),
        ({"quiet_from": "25:00"}, "times like 20:00, and whole numbers"),
    ):
        refused = admin.submit("/staff/settings/reminders", **(given | wrong))
        assert (refused.status_code, sentence in refused.text) == (400, True)
    assert portal.staff(Role.FRONT_DESK).submit("/staff/settings/reminders", **given).status_code == 403


def test_what_somebody_else_changed_since_it_was_read_is_not_written_over(portal: Portal) -> None:
    with portal.at() as here:
        stale = here.practice
    with portal.at() as here:
        practices.keep(here.db, replace(here.practice, phone="+1 617 555 0118"))
    with portal.at() as here, pytest.raises(Problem, match="Somebody else"):
        practices.keep(here.db, replace(stale, phone="+1 617 555 0119"))
    with portal.at() as here:
        assert here.practice.phone == "+1 617 555 0118"
