"""The benchmarks' files hold what their control totals say: else no reader could be called right or wrong by them."""

from __future__ import annotations

from io import BytesIO

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from bench.generate import Control, Generator, Shape
from ingestion.era835 import parse


@pytest.mark.parametrize("shape", [Shape(), Shape(one_transaction=True, newline="\r\n")])
def test_a_generated_file_balances_and_reads_as_its_control_totals_say(shape: Shape) -> None:
    out = BytesIO()
    control = Generator(shape).write(out, 200_000)
    read = parse(out.getvalue())
    assert set(read.transactions["verdict"].to_pylist()) == {"posted"}
    assert read.findings.num_rows == 0
    assert control == Control(
        byte_count=len(out.getvalue()),
        transactions=1 if shape.one_transaction else read.transactions.num_rows,
        claims=read.claims.num_rows,
        paid_cents=_total(read.claims, "paid_cents"),
        services=read.services.num_rows,
        adjustments_cents=_total(read.adjustments, "amount_cents"),
        provider_adjustments_cents=_total(read.provider_adjustments, "amount_cents"),
    )
    assert len(out.getvalue()) == pytest.approx(200_000, rel=0.03)


def _total(table: pa.Table, column: str) -> int:
    return int(pc.sum(table[column]).as_py() or 0)
