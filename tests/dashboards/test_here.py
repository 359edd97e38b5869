"""What every page stands on: links that keep their time, marts told of another one, who may read and who may act."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashboards.desk import THIS_MACHINE, Reader
from dashboards.here import AsOf, Frame
from dashboards.navigation import links_of
from dashboards.reading import NotKnown, as_told

if TYPE_CHECKING:
    import httpx

A_DAY = AsOf("as known at the end of 2026-10-31", {"as_of": "2026-10-31"})
A_CLOSING = AsOf("2026-10 as closed, version 2", {"version": "2"}, "2026-10")


def test_a_link_keeps_where_the_pages_stand_and_their_day() -> None:
    frame = Frame(base="/books", as_of=A_DAY)
    assert frame.to("/memos", part=2, practice=None) == "/books/memos?as_of=2026-10-31&part=2"
    assert Frame().to("/memos") == "/memos"


def test_a_link_keeps_a_closing_on_pages_of_its_month_alone() -> None:
    frame = Frame(as_of=A_CLOSING)
    assert frame.to("/months/2026-10/leaks/denied") == "/months/2026-10/leaks/denied?version=2"
    assert frame.to("/months/2026-09") == "/months/2026-09"


def test_the_way_back_to_now_keeps_what_else_was_asked() -> None:
    frame = Frame(path="/memos", query={"as_of": "2026-10-31", "part": "2", "said": "saved"}, as_of=A_DAY)
    assert frame.at() == "/memos?part=2"


def test_a_mart_is_told_by_its_relation_under_its_own_name_or_its_alias() -> None:
    relations = {"memos": "(select '100%' as x)", "visit_revenue": "(select 1 as y)"}
    told = as_told("select * from marts.memos inner join marts.visit_revenue as visits on true", relations)
    assert told == ("select * from (select '100%%' as x) as memos inner join (select 1 as y) as visits on true")


def test_a_mart_that_nobody_can_tell_is_no_guess() -> None:
    with pytest.raises(NotKnown, match="leaks"):
        as_told("select * from marts.leaks", {"memos": "(select 1)"})


def test_another_time_is_refused_where_nobody_tells_it(client: httpx.Client) -> None:
    assert client.get("/memos", params={"as_of": "2026-10-31"}).status_code == 404


def test_an_auditor_reads_what_any_role_may_and_acts_never() -> None:
    auditor = Reader("A", frozenset({"auditor", "finance"}))
    assert auditor.may_read("billing")
    assert not auditor.may_act
    assert not THIS_MACHINE.may_act
    biller = Reader("B", frozenset({"billing"}))
    assert biller.may_act
    assert not biller.may_read("finance")


def test_who_sees_one_practice_is_not_led_to_the_books_of_all() -> None:
    links = links_of(Reader("B", frozenset({"billing"}), "north"))
    assert [link.name for link in links] == ["month", "leaks", "memos", "pos"]
