"""Remits that wait for a person, claims without a visit, and what people settled of both."""

from http import HTTPStatus

from starlette.exceptions import HTTPException

from dashboards.desk import RemitName, Word
from dashboards.here import Here
from dashboards.pages import remit_claims
from dashboards.paging import Part
from dashboards.reading import Row, rows
from dashboards.remit_work import may_work, with_work
from dashboards.templating import page

SETTLERS = ("billing", "finance")
"""Who may release, replace and match, of those who see all practices."""
NEWEST = 50  # settled ones that are listed; the tie-outs have them all
_OF_ANY = {"file": None, "st": None, "claim": None}
_FIRST = {"size": Part(1, 1).size, "skipped": 0}


def may_settle(here: Here) -> bool:
    """Tell whether the reader can settle here: signed in, of that role, over all practices, as of now."""
    can = here.desk.remits is not None and here.as_of is None and here.reader.practice_id is None
    return can and here.reader.may_act and here.reader.may_read(*SETTLERS)


def html(here: Here, number: int) -> str:
    """Render what waits and what was settled; `number` is the part of the claims without a visit."""
    first = rows(here, "unmatched", {**_OF_ANY, **_FIRST})
    part = Part.of(first[0]["unmatched"] if first else 0, number)
    values = {**_OF_ANY, "size": part.size, "skipped": part.skipped}
    return page(
        here,
        "remits.html",
        waiting=with_work(here, rows(here, "remits_waiting", _FIRST)),
        unmatched=with_work(here, first if number == 1 else rows(here, "unmatched", values)),
        part=part,
        settled=rows(here, "remits_settled", {"size": NEWEST}),
        matched=rows(here, "hand_matches", {"size": NEWEST}),
        news=news(here),
        newest=NEWEST,
        **_may(here),
    )


def one_html(here: Here, remit: RemitName, number: int) -> str:
    """Render one transaction: both sides, why it is held, its twins, what can be done; part `number` of its claims."""
    (found,) = with_work(here, [known(here, remit)])
    of_it = {"file": remit.file_sha256, "st": remit.st_index}
    return page(
        here,
        "remit.html",
        remit=found,
        twins=rows(here, "remit_twins", of_it),
        pieces=rows(here, "refused_of_remit", of_it),
        unmatched=with_work(here, rows(here, "unmatched", {**of_it, "claim": None, **_FIRST})),
        news=[word for word in news(here) if word.remit == remit],
        contents=remit_claims.contents(here, remit, number),
        outcomes=remit_claims.OUTCOMES,
        matched_by=remit_claims.MATCHED_BY,
        payers=remit_claims.PAYERS,
        **_may(here),
    )


def _may(here: Here) -> dict[str, bool]:
    return {"may_settle": may_settle(here), "may_work": may_work(here), "is_now": here.as_of is None}


def known(here: Here, remit: RemitName) -> Row:
    """Return a transaction's row; raises HTTPException 404 when the last reconcile knew none."""
    found = rows(here, "remit", {"file": remit.file_sha256, "st": remit.st_index})
    if not found:
        raise HTTPException(HTTPStatus.NOT_FOUND, "The books know no such remittance. Was it reconciled?")
    return found[0]


def news(here: Here) -> list[Word]:
    """Return what was settled since the last reconcile, which the marts do not show yet."""
    return list(here.desk.remits.news()) if here.desk.remits and not here.as_of else []
