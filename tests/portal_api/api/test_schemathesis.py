"""Whatever the OpenAPI document allows, and what it does not: answers as described, and never a 500."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from portal_api.access import Role
from portal_api.document import described
from portal_api.routes import routers
from tests.support.portals import HARBOR

if TYPE_CHECKING:
    from tests.support.portals import Portal

EXAMPLES = 6
CHECKS = [status_code_conformance, response_schema_conformance]
EVERYBODY = (Role.PROVIDER, Role.FRONT_DESK, Role.BILLING, Role.PRACTICE_ADMIN)
DOCUMENT = described([route for router in routers() for route in router.routes])
OPERATIONS = {
    f"{found.method.upper()} {found.path}": found
    for found in (each.ok() for each in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations())
}


@pytest.fixture(scope="module")
def tokens(portal: Portal) -> list[str]:
    return [each.cookies["session"] for each in (portal.patient(), *map(portal.staff, EVERYBODY))]


def test_the_document_is_served_and_holds_nothing_but_the_programs_routes(portal: Portal) -> None:
    served = portal.visitor().get("/api/v1/openapi.json").json()
    assert served == DOCUMENT
    assert all(path.startswith("/api/v1/") for path in served["paths"])


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_request_is_too_strange(portal: Portal, tokens: list[str], name: str) -> None:
    host = f"{HARBOR.hosts[0]}:{httpx.URL(portal.address).port}"
    those_let_in = list(tokens)

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=OPERATIONS[name].as_strategy())
    def asked(case: Any) -> None:
        while True:
            token = those_let_in.pop(0)
            headers = {"Host": host, "Authorization": f"Bearer {token}"}
            answer = case.call_and_validate(base_url=portal.address, headers=headers, checks=CHECKS)
            # Without Stripe no cards are taken, and that is all that may be away.
            assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR or "no-cards" in answer.text
            if "role-missing" not in answer.text:
                break  # whom the door shuts out asks no more, and the others by turns
        those_let_in.append(token)

    asked()
