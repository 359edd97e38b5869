"""What to do first is what is worth most, and a book that does not tie comes before all."""

from dashboards.first import AT_MOST, what_first

LEAKS = [
    {"category": "denied", "count": 3, "amount_cents": 50_000},
    {"category": "recoupment_open", "count": 1, "amount_cents": -90_000},
    {"category": "underpaid", "count": 2, "amount_cents": 700},
]
WAITING = {"held_count": 1, "held_cents": 60_000, "memos_pending_count": 0, "memos_pending_cents": 0} | {
    "quarantine_count": 2
}


def test_the_largest_stake_comes_first_whatever_its_sign() -> None:
    found = what_first("2026-09", LEAKS, WAITING, 0)
    assert [task.amount_cents for task in found.tasks] == [-90_000, 60_000, 50_000, 700, None]
    assert found.more == 0
    assert found.tasks[2].path == "/months/2026-09/leaks/denied"
    assert all(task.why and task.action for task in found.tasks)


def test_books_that_do_not_tie_come_before_all_else() -> None:
    assert what_first("2026-09", LEAKS, WAITING, 2).tasks[0].title == "The books do not tie"


def test_a_long_list_is_cut_and_says_so() -> None:
    many = [{"category": f"category_{number}", "count": 1, "amount_cents": number} for number in range(9)]
    found = what_first("2026-09", many, None, 0)
    assert (len(found.tasks), found.more) == (AT_MOST, 3)


def test_a_month_in_order_asks_for_nothing() -> None:
    assert what_first("2026-09", [], dict.fromkeys(WAITING, 0), 0).tasks == ()
