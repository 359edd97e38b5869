"""What programs send is bounded, whatever its length says, before anybody reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from portal_api.forms import LARGEST_BODY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.portals import Portal


def pieces(size: int) -> Iterator[bytes]:
    yield b'{"code": "'
    for _ in range(size // 1024):
        yield b"0" * 1024
    yield b'"}'


@pytest.mark.parametrize("is_streamed", [True, False])
def test_a_body_that_is_too_large_is_refused_and_a_large_one_is_read(portal: Portal, is_streamed: bool) -> None:
    visitor = portal.visitor()
    for size, status in ((LARGEST_BODY, 413), (LARGEST_BODY - 1024, 422)):
        content = pieces(size) if is_streamed else b"".join(pieces(size))
        headers = {"Content-Type": "application/json"}
        answer = visitor.post("/api/v1/sign-in/code", content=content, headers=headers)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
    visitor.close()
