"""Any settlements in any order leave transactions as a few lines of plain Python say, and refuse what those refuse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.era835.archive import Archive
from ingestion.era835.load import load
from ingestion.era835.settlement import CannotSettle, Name, release, replace_by
from tests.support.remittance_writer import Claim, Payment, interchange

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.landing import Connection

SENT = (
    *(Payment(claims=(Claim(ref=f"REF{number}"),)) for number in range(3)),  # the first posts, its twins conflict
    Payment("TRACE2"),
    Payment("TRACE3", amount=1),
    Payment("TRACE4", amount=2),
    Payment("TRACE2"),
    Payment("TRACE3", amount=1),
)
VERDICTS = ("posted", "conflict", "conflict", "posted", "held", "held", "duplicate", "duplicate")
NUMBER = st.integers(0, len(SENT) - 1)
SETTLEMENTS = st.lists(st.tuples(NUMBER, st.none() | NUMBER), max_size=25)


@dataclass
class Model:
    """What was settled: the number of a transaction to that of the one in its place, or none for a release."""

    settled: dict[int, int | None] = field(default_factory=dict)

    def stands(self, number: int) -> str:
        """Give the verdict of a transaction as it stands."""
        verdict, by_itself = VERDICTS[number], self.settled.get(number, -1)
        if by_itself is not None and by_itself >= 0:
            return "held" if verdict == "posted" else verdict
        if verdict in {"held", "conflict"} and (by_itself is None or number in self.settled.values()):
            return "posted"
        return verdict

    def settle(self, number: int, other: int | None) -> bool:
        """Settle, and say whether that is allowed."""
        if number in self.settled:
            return self.settled[number] == other
        if VERDICTS[number] == "duplicate":
            return False
        if other is None and self.stands(number) == "posted":
            return False
        if other is not None and (
            other == number or VERDICTS[other] == "duplicate" or self.settled.get(other) is not None
        ):
            return False
        self.settled[number] = other
        return True


@pytest.fixture
def names(raw: Connection, tmp_path: Path) -> list[Name]:
    """Load the remittances, each in the order of its number."""
    path = tmp_path / "remit.835"
    path.write_bytes(interchange(SENT))
    (receipt,) = load(raw, path, Archive(tmp_path / "archive", bytes(32)))
    return [Name(receipt.file_sha256, number) for number in range(len(SENT))]


def standing(raw: Connection) -> list[str]:
    return [verdict for (verdict,) in raw.execute("select verdict from raw.era_standing order by st_index")]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=SETTLEMENTS)
def test_what_stands_is_what_the_model_says(
    raw: Connection, names: list[Name], asked: list[tuple[int, int | None]]
) -> None:
    model = Model()
    assert standing(raw) == list(VERDICTS)
    with raw.transaction(force_rollback=True):
        for number, other in asked:
            allowed = model.settle(number, other)
            try:
                if other is None:
                    release(raw, names[number], "why", "who")
                else:
                    replace_by(raw, names[number], names[other], "why", "who")
            except CannotSettle:
                assert not allowed, (number, other)
            else:
                assert allowed, (number, other)
            assert standing(raw) == [model.stands(each) for each in range(len(SENT))]
        replaced = [number for number, other in model.settled.items() if other is not None]
        assert all(model.stands(number) != "posted" for number in replaced)
