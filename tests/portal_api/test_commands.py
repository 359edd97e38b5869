"""`trueup portal`, `staff` and `audit`: the first practice and its first admin, and whether the audit is whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from orchestration import cli
from tests.support.portals import SECRET_TEXT, Clock, served

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.settings import Settings
    from ledger.store.database import Database

WEST = ("prac_west", "--name", "West Clinic", "--host", "west.localhost", "--time-zone", "America/Denver")
ADA = ("ada@west.example", "--practice", "prac_west")


class Commands:
    """The command line over the module's database."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str, code: int = 0) -> str:
        """Run a command and return all it said."""
        assert cli.run(words) == code
        said = self._capsys.readouterr()
        return said.out + said.err

    def document(self, *words: str) -> Any:
        """Run a command and return its document."""
        return json.loads(self(*words, "--json"))


@pytest.fixture(name="trueup")
def _trueup(
    portal_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Commands:
    for name, value in {"HOME": str(tmp_path), "DATABASE_URL": portal_database.url, "PORTAL_KEY": SECRET_TEXT}.items():
        monkeypatch.setenv(f"TRUEUP_{name}", value)
    return Commands(capsys)


def test_a_practice_and_its_first_admin_are_made_from_the_command_line(
    trueup: Commands, portal_settings: Settings, portal_database: Database
) -> None:
    assert trueup.document("portal", "add", *WEST)["address"] == "http://west.localhost:8352"
    assert "prac_west" in {each["practice_id"] for each in trueup.document("portal", "list")}
    path = httpx.URL(trueup.document("staff", "add", *ADA, "--name", "Ada", "--role", "practice_admin")["link"]).path
    with served(portal_settings, portal_database, Clock()) as portal:
        visitor = portal.visitor()
        visitor.headers["host"] = visitor.headers["host"].replace("harbor", "west")
        assert "Set the password" in visitor.get(path).text
        token = path.rpartition("/")[2]
        assert visitor.submit("/staff/password", token=token, password="ten green bottles").status_code == 303
    (ada,) = trueup.document("staff", "list", "--practice", "prac_west")
    assert (ada["roles"], ada["sign-in"]) == ("practice_admin", "has not finished setting up")
    assert trueup.document("staff", "link", *ADA, "--reset-authenticator")["email"] == ADA[0]
    trueup("staff", "disable", *ADA)
    assert trueup.document("staff", "list", "--practice", "prac_west")[0]["sign-in"] == "disabled"
    found = trueup.document("audit", "verify", "--practice", "prac_west")["prac_west"]
    assert (found["is_whole"], found["rows"]) == (True, 4)
    assert "prac_west: 4 rows; whole." in trueup("audit", "verify")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("portal", "add", "p", "--name", "P", "--host", "harbor.localhost", "--time-zone", "UTC"),
            "another practice's",
        ),
        (("portal", "add", "p", "--name", "P", "--host", "http://x", "--time-zone", "UTC"), "is no host name"),
        (("portal", "add", "p", "--name", "P", "--host", "x.localhost", "--time-zone", "Mars"), "is no IANA zone"),
        (("staff", "list", "--practice", "prac_none"), "has no practice prac_none"),
        (("staff", "link", "x@y.example", "--practice", "prac_harbor"), "Nobody with the address"),
        (("staff", "add", "x@y.example", "--practice", "prac_harbor", "--name", "X", "--role", "boss"), "is no role"),
        (
            ("staff", "add", "x@y.example", "--practice", "prac_harbor", "--name", "X", "--role", "provider"),
            "--provider",
        ),
        (("staff", "add", "nobody", "--practice", "prac_harbor", "--name", "X", "--role", "billing"), "e-mail address"),
        (
            ("staff", "add", "desk@harbor.example", "--practice", "prac_harbor", "--name", "X", "--role", "billing"),
            "already",
        ),
        (("audit", "verify", "--practice", "prac_none"), "no practice prac_none"),
    ],
)
def test_a_mistake_is_told_with_how_to_mend_it(trueup: Commands, words: tuple[str, ...], sentence: str) -> None:
    assert sentence in trueup(*words, code=2)


def test_an_audit_read_with_another_key_is_not_whole(trueup: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    trueup("staff", "link", "desk@harbor.example", "--practice", "prac_harbor")
    trueup("audit", "verify", "--practice", "prac_harbor")
    monkeypatch.setenv("TRUEUP_PORTAL_KEY", SECRET_TEXT.replace("A", "B", 1))
    assert "broken at row 1" in trueup("audit", "verify", "--practice", "prac_harbor", code=1)


def test_whose_figures_somebody_sees_is_said_from_the_command_line_alone(trueup: Commands) -> None:
    trueup.document("portal", "add", *WEST)
    eve = ("eve@west.example", "--practice", "prac_west")
    added = ("staff", "add", *eve, "--name", "Eve")
    assert "does nothing else" in trueup(*added, "--role", "auditor", "--role", "finance", code=2)
    assert "is of the books" in trueup(*added, "--role", "front_desk", "--all-practices", code=2)
    trueup(*added, "--role", "auditor", "--all-practices")

    def books() -> str:
        listed = trueup.document("staff", "list", "--practice", "prac_west")
        return str(next(each["books"] for each in listed if each["email"] == "eve@west.example"))

    assert books() == "all practices"
    assert trueup.document("staff", "practices", *eve, "--own")["sees_all_practices"] is False
    assert books() == "own practice"
