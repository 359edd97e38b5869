"""The pages that ask before anything is settled: what it is, what follows, and why."""

from http import HTTPStatus
from uuid import UUID

from starlette.exceptions import HTTPException

from dashboards.desk import Refused, RemitName, Remits
from dashboards.here import Here
from dashboards.pages import remits
from dashboards.reading import Row, rows
from dashboards.templating import page


def release_html(here: Here, remit: RemitName, refused: str = "") -> str:
    """Ask whether a transaction is to post as it is."""
    return _asked(here, "release.html", remit, refused)


def replace_html(here: Here, remit: RemitName, refused: str = "") -> str:
    """Ask which transaction is to stand in the place of one."""
    return _asked(here, "replace.html", remit, refused)


def match_html(here: Here, remit: RemitName, claim_index: int, named: str, refused: str = "") -> str:
    """Ask which visit a claim is about, and show what is named (a token, or a claim reference) beside the claim."""
    claim = _waiting(here, remit, claim_index)
    visit: Row | None = None
    if named:
        try:
            visit = _compared(here, _desk(here).visit(named))
        except Refused as refusal:
            refused = refused or str(refusal)
    return page(here, "match.html", remit=remit, claim=claim, visit=visit, named=named, refused=refused)


def _asked(here: Here, template: str, remit: RemitName, refused: str) -> str:
    return page(
        here,
        template,
        remit=remits.known(here, remit),
        twins=rows(here, "remit_twins", {"file": remit.file_sha256, "st": remit.st_index}),
        refused=refused,
    )


def _waiting(here: Here, remit: RemitName, claim_index: int) -> Row:
    asked = {"file": remit.file_sha256, "st": remit.st_index, "claim": claim_index, "size": 1, "skipped": 0}
    found = rows(here, "unmatched", asked)
    if not found:
        raise HTTPException(HTTPStatus.NOT_FOUND, "This claim waits for no visit: it has one, or does not post.")
    return found[0]


def _compared(here: Here, token: UUID) -> Row:
    found = rows(here, "match_visit", {"token": token})
    if not found:
        raise Refused("The visit is in the ledger, but no reconcile has seen it yet. Reconcile first, then match.")
    return found[0]


def _desk(here: Here) -> Remits:
    assert here.desk.remits  # noqa: S101 - the routes ask for it
    return here.desk.remits
