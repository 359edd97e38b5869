"""The registers, the tie-outs and the place-of-service report, to the cent of the marts, by plain addresses."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from dashboards.money import dollars
from dashboards.pages.pos import GROUPINGS, STEPS
from dashboards.paging import SIZE
from tests.dashboards import sample_books

if TYPE_CHECKING:
    import httpx

BOOKS = sample_books.books()


def cells(text: str, region: str) -> list[list[str]]:
    """Return the rows of a table, header and footer too, each cell as its words."""
    found = re.search(rf'aria-label="{re.escape(region)}".*?</table>', text, re.DOTALL)
    assert found, region
    rows = re.findall(r"<tr.*?</tr>", found[0], re.DOTALL)
    return [
        [
            " ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split())
            for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)
        ]
        for row in rows
    ]


def sides(text: str) -> list[list[str]]:
    """Return the rows of the table with what was announced and what explains it."""
    return cells(text.replace('class="sides"', 'aria-label="Sides"'), "Sides")


def test_the_register_is_added_up_and_every_filter_cuts_sums_and_rows_alike(client: httpx.Client) -> None:
    debits = [memo for memo in BOOKS["memos"] if memo["kind"] == "debit" and memo["posting_status"] == "pending"]
    text = client.get("/memos", params={"kind": "debit", "status": "pending"}).text
    total = cells(text, "Memos by month, kind and reason")[-1]
    assert total == ["Debits less credits", str(len(debits)), dollars(sum(memo["amount_cents"] for memo in debits))]
    assert len(cells(text, "Memos")) - 1 == min(len(debits), SIZE)
    assert '<option value="debit" selected>' in text


def test_the_parts_of_a_cut_list_keep_the_cut(client: httpx.Client) -> None:
    text = client.get("/memos", params={"kind": "debit"}).text
    following = re.search(r'<a href="([^"]+)" rel="next"', text)
    assert following
    assert parse_qs(urlsplit(following[1].replace("&amp;", "&")).query) == {"part": ["2"], "kind": ["debit"]}


@pytest.mark.parametrize("wrong", ["nothing", "'; drop", "%"])
def test_a_filter_that_nothing_has_shows_nothing_and_breaks_nothing(client: httpx.Client, wrong: str) -> None:
    for path in ("/memos?kind=", "/quarantine?rule=", "/pos/claims?payer=", "/pos?by="):
        name, _, field = path.partition("?")
        answer = client.get(name, params={field.rstrip("="): wrong})
        assert answer.status_code == 200, path
    assert "No memo." in client.get("/memos", params={"kind": wrong}).text


def test_every_kind_of_tie_out_shows_both_sides_and_leads_to_its_rows(client: httpx.Client) -> None:
    text = client.get("/tieouts").text
    held = [row for row in BOOKS["era_tieout"] if row["verdict"] == "held"]
    (row,) = [row for row in cells(text, "Remits (835)") if row[0].startswith("held")]
    assert row == [
        "held 1 with an unreadable amount",
        "2",
        *(dollars(sum(remit[name] or 0 for remit in held)) for name in ("bpr_cents", "claims_cents", "residual_cents")),
    ]
    assert 'href="/tieouts/era?status=held"' in text
    rows = cells(client.get("/tieouts/era", params={"status": "held"}).text, "Remits (835)")
    assert [row[0].split()[-4] for row in rows[1:]] == ["TRACE0001", "TRACE0005"]


def test_what_does_not_tie_out_is_named_and_what_does_is_not(client: httpx.Client) -> None:
    for kind, names, absent in (
        ("era", {"TRACE0001", "TRACE0004"}, "TRACE0000"),
        ("eft", {"TRACE0003"}, "TRACE0000"),
        ("payout", {"po_sample2"}, "po_sample1"),
    ):
        text = client.get(f"/tieouts/{kind}").text
        assert names <= set(re.findall(r"<code>([^<]+)</code>", text))
        assert absent not in text


def test_a_refused_piece_says_where_what_and_how_to_mend_it(client: httpx.Client) -> None:
    (piece,) = BOOKS["quarantine"]
    _, row = cells(client.get("/quarantine", params={"source": "visits"}).text, "Refused pieces")
    assert row[0] == f"visits, row 17 file {piece['file_sha256'][:12]}"
    assert row[1:4] == [piece["rule"], piece["value"], piece["message"]]


def test_a_held_remit_shows_what_is_not_explained_and_the_commands_where_nobody_is_signed_in(
    client: httpx.Client,
) -> None:
    name = f"{'5a' * 32}-1"
    assert f'href="/remits/{name}"' in client.get("/remits").text
    text = client.get(f"/remits/{name}").text
    assert ["Not explained", dollars(-100)] in sides(text)
    assert f"trueup era release {'5a' * 6}#1" in text
    assert "<form" not in text
    for deed in ("release", "replace"):
        assert client.get(f"/remits/{name}/{deed}").status_code == 403
        assert client.post(f"/remits/{name}/{deed}", data={"why": "x"}).status_code == 403


def test_the_page_of_a_remit_leads_to_every_visit_it_paid_and_its_sums_are_the_remits(client: httpx.Client) -> None:
    claims = BOOKS["remit_claims"]
    (remit,) = (row for row in BOOKS["era_tieout"] if row["trn_number"] == "TRACE0003")
    path = f"/remits/{remit['file_sha256']}-{remit['st_index']}"
    names = ("charge_cents", "paid_cents", "patient_responsibility_cents", "co_cents")
    total = [f"All {len(claims)} claims", *(dollars(sum(claim[name] for claim in claims)) for name in names)]
    seen = []
    for part in (1, 2):
        text = client.get(path, params={"part": part}).text
        head, *shown, foot = cells(text, "Claims of the remittance")
        assert head[3:] == ["Charge", "Paid", "Patient (PR)", "CO"]
        assert foot == total
        seen += shown
    assert [row[3:] for row in seen] == [[dollars(claim[name]) for name in names] for claim in claims]
    assert dollars(remit["claims_cents"]) == total[2]
    assert f"announced were {dollars(remit['bpr_cents'])}" in text
    for claim, row in zip(claims, seen, strict=True):
        assert row[1] == (f"{claim['visit_token']} by our reference" if claim["visit_token"] else "no visit")
    assert f'href="/visits/{claims[-1]["visit_token"]}"' in text
    assert [row[2] for row in seen[:4]] == [
        "posted primary payer journal of 2026-10",
        "reversal primary payer journal of 2026-10",
        "no visit journal of 2026-10",
        "denied primary payer journal of 2026-10",
    ]
    assert client.get(path, params={"part": 3}).status_code == 404


def test_claims_that_do_not_add_up_to_their_remit_are_said_to_differ(client: httpx.Client) -> None:
    text = client.get(f"/remits/{'5a' * 32}-4").text
    assert "It has no claim." in text
    assert "Differs</span> Its claims add up to $0.00, and the remittance says $416.35" in text


def test_provider_adjustments_beyond_the_listed_are_in_their_sum(client: httpx.Client) -> None:
    lines = BOOKS["provider_balances"]
    text = client.get(f"/remits/{lines[0]['file_sha256']}-{lines[0]['st_index']}").text
    _, *shown, foot = cells(text, "Provider adjustments")
    assert len(shown) == 100 < len(lines)
    assert foot == ["Together", dollars(sum(line["amount_cents"] for line in lines))]
    assert f"The first 100 of {len(lines)}" in text


@pytest.mark.parametrize("by", GROUPINGS)
def test_the_variance_adds_up_to_the_marts_however_it_is_grouped(client: httpx.Client, by: str) -> None:
    mart = BOOKS["pos_variance"]
    names = {"payer": "payer_id", "code": "service_code", "provider": "provider_id"}
    wanted: Counter[tuple[str, ...]] = Counter()
    for row in mart:
        wanted[tuple(row[names[name]] for name in by.split(","))] += row["pos_variance_cents"]
    rows = cells(client.get("/pos", params={"by": by}).text, "Variance")
    width = len(by.split(","))
    assert {tuple(row[:width]): row[-1] for row in rows[1:-1]} == {key: dollars(value) for key, value in wanted.items()}
    assert rows[-1] == [
        f"All {len(wanted)} rows",
        str(sum(row["visits"] for row in mart)),
        "",
        "",
        "",
        dollars(sum(row["pos_variance_cents"] for row in mart)),
    ]


def test_expected_stands_against_allowed_at_every_pair_of_places(client: httpx.Client) -> None:
    rows = cells(client.get("/pos", params={"period": sample_books.MONTH}).text, "Places of service")
    found = {(row[0], row[1]): row[2:] for row in rows[1:-1]}
    for place in BOOKS["pos_mix"]:
        names = ("compared_at_ledger_cents", "compared_at_paid_cents", "compared_allowed_cents")
        short = place["compared_allowed_cents"] - place["compared_at_paid_cents"]
        assert found[place["pos_ledger"], place["pos_paid"] or "not said"] == [
            str(place["visits"]),
            str(place["compared_visits"]),
            *(dollars(place[name]) for name in names),
            dollars(short),
            dollars(place["pos_variance_cents"]),
        ]


def test_claims_worth_correcting_are_ranked_with_what_a_biller_sends(client: httpx.Client) -> None:
    claims = BOOKS["corrected_claims"]
    rows = cells(client.get("/pos/claims").text, "Claims worth correcting")[1:]
    assert [row[7] for row in rows] == [dollars(claim["amount_cents"]) for claim in claims]
    first = claims[0]
    assert rows[0][0] == f"{first['claim_ref']} REF*F8 {first['original_reference']}"
    assert rows[0][3] == "02 → 10"
    assert rows[2][0].endswith("REF*F8 missing")
    assert rows[2][8] == STEPS["ask_for_claim_number"].title
    assert rows[-1][8] == STEPS["correct_and_give_back"].title


def test_what_to_do_cuts_the_claims(client: httpx.Client) -> None:
    rows = cells(client.get("/pos/claims", params={"step": "correct_and_give_back"}).text, "Claims worth correcting")
    assert [row[7] for row in rows[1:]] == [dollars(-400)]
