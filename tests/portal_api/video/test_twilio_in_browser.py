"""With an account at Twilio the page loads our own copy of its library; when Twilio cannot be reached it says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from portal_api import cookies
from tests.support import meetings
from tests.support.browsers import chromium
from tests.support.portals import HARBOR

if TYPE_CHECKING:
    from tests.support.portals import Portal


def test_our_own_copy_is_loaded_and_trouble_is_said(portal: Portal) -> None:
    visit, visitor = meetings.book(portal), portal.patient()
    address = f"http://{HARBOR.hosts[0]}:{portal.address.rpartition(':')[2]}"
    asked: list[str] = []
    complaints: list[str] = []
    with chromium(["--use-fake-device-for-media-stream"]) as browser:
        context = browser.new_context(permissions=["camera", "microphone"])
        context.add_cookies(
            [
                {"name": name, "value": visitor.cookies[name], "url": address}
                for name in (cookies.SESSION, cookies.BROWSER)
            ]
        )
        page = context.new_page()
        page.route_web_socket(re.compile("."), lambda line: (asked.append(line.url), line.close(code=1011))[0])
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(address + visit.path)
        page.get_by_role("button", name="Join the visit").click(timeout=30_000)
        expect(page.locator("#trouble")).to_contain_text("The video service could not be reached", timeout=30_000)
        expect(page.get_by_role("button", name="Join the visit")).to_be_enabled()
    assert f"{address}/static/vendor/twilio-video.min.js" in asked
    hosts = {re.sub(r"^\w+://([^/:]+).*", r"\1", url) for url in asked}
    assert hosts <= {HARBOR.hosts[0], "global.vss.twilio.com", "sdkgw.us1.twilio.com"}
    assert "global.vss.twilio.com" in hosts
    assert [words for words in complaints if "Content Security Policy" in words] == []
