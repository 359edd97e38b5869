"""Where a command speaks: results on stdout, messages on stderr, one JSON document for a machine."""

import json
import time

import pytest

from orchestration.commands import output
from orchestration.commands.output import Output, counted, example, plain_table, printable


def test_for_a_person_results_are_on_stdout_and_messages_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    voice = Output()
    voice.line("a result")
    voice.message("a message")
    voice.result({"a": 1})
    assert capsys.readouterr() == ("a result\n", "a message\n")


def test_for_a_machine_stdout_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    voice = Output(as_json=True)
    voice.line("a result")
    voice.table(plain_table("A table", ("name", "amount"), [("n", "$1.00")]))
    voice.result({"cents": 9007199254740993})
    said, messages = capsys.readouterr()
    assert json.loads(said) == {"cents": 9007199254740993}
    assert "a result" in messages
    assert "$1.00" in messages


def test_progress_off_a_terminal_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 1.0, 6.0, 6.0, 7.0])
    monkeypatch.setattr(output.time, "monotonic", lambda: next(clock))
    with Output().progress("visits.csv") as advance:
        advance(5_000)
        advance(10_000)
        advance(15_000)
    assert capsys.readouterr().err == "visits.csv: 10,000 …\n"


def test_steps_off_a_terminal_are_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([100.0, 100.0, 101.0, 106.0, 106.0])
    monkeypatch.setattr(output.time, "monotonic", lambda: next(clock))
    with Output().steps("reconcile") as step:
        step("contracts", 0, 3)
        step("staging", 1, 3)
        step("memos", 2, 3)
    assert capsys.readouterr().err == "reconcile: 0 of 3: contracts\nreconcile: 2 of 3: memos\n"


def test_a_file_name_cannot_move_the_cursor() -> None:
    assert printable("a\x1b[2Jb\n") == "a\\x1b[2Jb\\n"
    assert printable("Zahlung März.835") == "Zahlung März.835"


def test_one_is_not_plural() -> None:
    assert [counted(number, "row") for number in (0, 1, 2_000)] == ["0 rows", "1 row", "2,000 rows"]


def test_an_example_is_a_line_of_its_own() -> None:
    assert example("trueup status").splitlines()[1:] == ["Example:", "  trueup status"]


def test_a_block_that_takes_long_is_excused_once_and_a_quick_one_not(capsys: pytest.CaptureFixture[str]) -> None:
    voice = Output()
    with voice.patience("a while yet", seconds=0.01):
        time.sleep(0.2)
    with voice.patience("never said", seconds=60):
        pass
    assert capsys.readouterr() == ("", "a while yet\n")


def test_styled_lines_are_plain_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    Output().lines([("A TITLE", "title"), ("a line", "")])
    Output(as_json=True).lines([("a line", "bad")])
    assert capsys.readouterr() == ("A TITLE\na line\n", "a line\n")
