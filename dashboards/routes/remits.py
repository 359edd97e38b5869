"""Remits and claims that wait for a person, and what a person may settle of them."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from dashboards.desk import Refused, RemitName, Remits
from dashboards.door import AtAllBooks, acting, done
from dashboards.here import Here
from dashboards.pages import remits, settling

router = APIRouter()

AtDesk = Annotated[Here, acting(*remits.SETTLERS, on_all=True)]
Place = Annotated[int, Path(ge=0, le=999_999_999)]
_NAME = re.compile(r"([0-9a-f]{64})[-#]([0-9]{1,9})")


@router.get("/remits")
def waiting(here: AtAllBooks, part: int = 1) -> str:
    """Show what waits for a person."""
    return remits.html(here, part)


@router.get("/remits/{remit}")
def one(here: AtAllBooks, remit: str, part: int = 1) -> str:
    """Show one transaction and its claims."""
    return remits.one_html(here, _named(remit), part)


@router.get("/remits/{remit}/release")
def ask_release(here: AtDesk, remit: str) -> str:
    """Ask before a transaction posts as it is."""
    return settling.release_html(here, _named(remit))


@router.post("/remits/{remit}/release", response_class=Response)
def release(here: AtDesk, remit: str) -> Response:
    """Let a transaction post as it is."""
    named, why = _named(remit), here.given("why")
    return _settled(
        here,
        named,
        "remit_released",
        lambda desk: desk.release(here.reader, named, why),
        lambda refused: settling.release_html(here, named, refused),
    )


@router.get("/remits/{remit}/replace")
def ask_replace(here: AtDesk, remit: str) -> str:
    """Ask which transaction is to stand in the place of this."""
    return settling.replace_html(here, _named(remit))


@router.post("/remits/{remit}/replace", response_class=Response)
def replace(here: AtDesk, remit: str) -> Response:
    """Let another transaction stand in the place of this."""
    named, other, why = _named(remit), _named(here.given("other")), here.given("why")
    return _settled(
        here,
        named,
        "remit_replaced",
        lambda desk: desk.replace(here.reader, named, other, why),
        lambda refused: settling.replace_html(here, named, refused),
    )


@router.get("/remits/{remit}/claims/{claim}/match")
def ask_match(here: AtDesk, remit: str, claim: Place, visit: str = "") -> str:
    """Ask which visit a claim is about."""
    return settling.match_html(here, _named(remit), claim, visit.strip())


@router.post("/remits/{remit}/claims/{claim}/match", response_class=Response)
def match(here: AtDesk, remit: str, claim: Place) -> Response:
    """Match a claim to a visit."""
    named, visit, why = _named(remit), here.given("visit"), here.given("why")
    return _settled(
        here,
        named,
        "claim_matched",
        lambda desk: desk.match(here.reader, named, claim, desk.visit(visit), why),
        lambda refused: settling.match_html(here, named, claim, visit, refused),
    )


def _settled(
    here: Here, remit: RemitName, said: str, settle: Callable[[Remits], bool], again: Callable[[str], str]
) -> Response:
    """Settle and go to the transaction's page; where it is refused, show the form again with the reason."""
    if here.desk.remits is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "Nothing can be settled here.")
    try:
        changed = settle(here.desk.remits)
    except Refused as refused:
        return HTMLResponse(again(str(refused)), HTTPStatus.CONFLICT)
    return done(here, f"/remits/{remit.file_sha256}-{remit.st_index}", said if changed else "settled_before")


def _named(text: str) -> RemitName:
    if not (found := _NAME.fullmatch(text)):
        raise HTTPException(HTTPStatus.NOT_FOUND, "This names no remittance: its file's SHA-256, then its place in it.")
    return RemitName(found[1], int(found[2]))
