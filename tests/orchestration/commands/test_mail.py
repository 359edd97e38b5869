"""`trueup mail` as a person types it, the wrong input first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from orchestration import cli
from tests.orchestration.commands.test_month_mail import LETTER, MONTH, _books, books

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.store.database import Database

    Run = Callable[..., tuple[int, str, str]]

__all__ = ["_books", "books"]


@pytest.fixture
def run(books: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run commands on the two months, in this process."""
    monkeypatch.setenv("TRUEUP_HOME", str(tmp_path))
    monkeypatch.setenv("TRUEUP_DATABASE_URL", books.url)
    for name in ("MAIL_URL", "MAIL_FROM", "FINANCE_MAIL"):
        monkeypatch.delenv(f"TRUEUP_{name}", raising=False)

    def runs(*words: str) -> tuple[int, str, str]:
        code = cli.run(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return runs


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "September"), 2, "September is no month: write it as 2026-09."),
        (("show", "2026-13"), 2, "2026-13 is no month"),
        (("show", "2020-01"), 3, "There are no figures of 2020-01"),
        (("send", MONTH), 3, "TRUEUP_FINANCE_MAIL names nobody"),
        (("send", MONTH, "--to", "ada"), 2, "--to: write mail addresses with commas"),
    ],
)
def test_what_cannot_be_meant_is_told(run: Run, words: tuple[str, ...], code: int, said: str) -> None:
    got, out, err = run("mail", *words)
    assert (got, out) == (code, "")
    assert said in err


def test_a_month_is_shown_before_and_after_it_left_and_leaves_once(run: Run) -> None:
    code, shown, _ = run("mail", "show", MONTH)
    assert (code, shown) == (0, f"{LETTER}\nNobody has had it yet: trueup mail send\n")
    code, said, _ = run("mail", "send", MONTH, "--to", "ada@example.com")
    assert code == 0
    subject, _, body = LETTER.partition("\n\n")
    words = subject.removeprefix("Subject: ")
    assert said == f"--- mail to ada@example.com: {words}\n{body}---\n{MONTH}: 1 mail sent.\n"
    assert run("mail", "send", MONTH, "--to", "ada@example.com")[1] == f"{MONTH}: 0 mails sent, 1 had it before.\n"
    assert "\nada@example.com had it at 20" in run("mail", "show", MONTH)[1]


def test_a_machine_gets_one_document(run: Run) -> None:
    code, out, err = run("mail", "send", MONTH, "--to", "bo@example.com", "--json")
    assert (code, json.loads(out)) == (0, {"period": MONTH, "sent": 1, "recipients": ["bo@example.com"]})
    assert "--- mail to bo@example.com" in err
    shown = json.loads(run("mail", "show", MONTH, "--json")[1])
    assert {"period", "subject", "body", "mails"} == set(shown)
