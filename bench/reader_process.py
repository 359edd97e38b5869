"""One reader, one file, one process: reads it once, after a warm-up, and prints what it took and what it found (JSON).

Run by `bench.era835` with the Python of the reader's own environment, so nothing but the standard library and the
reader itself is imported. The clock runs from the file's name to the reader's own tables or objects in memory; the
totals that show whether they are right are drawn from them after the clock has stopped.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from contextlib import redirect_stdout
from decimal import Decimal
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Totals = dict[str, int | None]


def totals(*counted: int | None) -> Totals:
    """Name the figures as the generator does; amounts in cents, none where the reader does not give them."""
    names = ("transactions", "claims", "paid_cents", "services", "adjustments_cents", "provider_adjustments_cents")
    return dict(zip(names, counted, strict=True))


def cents(amounts: Iterable[Any]) -> int:
    """Add amounts, each rounded to the cent first: some readers hold them as floats."""
    return sum(int((Decimal(str(amount)) * 100).to_integral_value()) for amount in amounts)


def trueup_parse(path: Path) -> tuple[Any, Callable[[], Totals]]:
    """Read the whole file to Arrow tables, with every finding."""
    read = import_module("ingestion.era835").parse(path.read_bytes())
    return read, lambda: _arrow_totals([read])


def trueup_read(path: Path) -> tuple[Any, Callable[[], Totals]]:
    """Read part by part; a part is counted and let go, so that memory stays bounded."""
    module = import_module("ingestion.era835.remittances")
    read, size = module.read, module.READ_BYTES
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(size):
            digest.update(block)
        file.seek(0)
        counted = [_arrow_totals([part]) for part in read(iter(lambda: file.read(size), b""), digest.hexdigest())]
    return counted, lambda: {name: sum(part[name] or 0 for part in counted) for name in counted[0]}


def _arrow_totals(parts: list[Any]) -> Totals:
    add = import_module("pyarrow.compute").sum

    def total(table: str, column: str) -> int:
        return sum(add(getattr(part, table)[column]).as_py() or 0 for part in parts)

    def rows(table: str) -> int:
        return sum(getattr(part, table).num_rows for part in parts)

    return totals(
        rows("transactions"),
        rows("claims"),
        total("claims", "paid_cents"),
        rows("services"),
        total("adjustments", "amount_cents"),
        total("provider_adjustments", "amount_cents"),
    )


def oxedi_parse(path: Path) -> tuple[Any, Callable[[], Totals]]:
    """Read the whole file to its Arrow tables and its diagnostics."""
    result = import_module("oxedi").parse(path.read_bytes())
    table = import_module("pyarrow").table
    tables = {name: table(result.tables[name]) for name in result.tables}
    return (result, len(result.diagnostics)), lambda: _oxedi_totals([tables])


def oxedi_stream(path: Path) -> tuple[Any, Callable[[], Totals]]:
    """Read transaction by transaction to Arrow tables; a batch is counted and let go."""
    table = import_module("pyarrow").table
    counted = []
    for batch in import_module("oxedi").stream(path.read_bytes()):
        _ = batch.diagnostics
        counted.append(_oxedi_totals([{name: table(batch.tables[name]) for name in batch.tables}]))
    return counted, lambda: {name: sum(part[name] or 0 for part in counted) for name in counted[0]}


def _oxedi_totals(parts: list[dict[str, Any]]) -> Totals:
    add = import_module("pyarrow.compute").sum

    def total(table: str, column: str) -> int:
        return sum(int((add(part[table][column]).as_py() or 0) * 100) for part in parts)

    def rows(table: str) -> int:
        return sum(part[table].num_rows for part in parts)

    return totals(
        rows("payments"),
        rows("claims"),
        total("claims", "payment_amount"),
        rows("services"),
        total("adjustments", "amount"),
        total("provider_adjustments", "amount"),
    )


def openx12(path: Path) -> tuple[Any, Callable[[], Totals]]:
    """Read to dictionaries; amounts are floats."""
    parsed = import_module("openx12.x835").parse(path.read_text()).json()

    def found() -> Totals:
        claims = parsed["summary"]["claims"]
        services = [service for claim in claims for service in claim["services"]]
        adjustments = [cas for holder in (*claims, *services) for cas in holder.get("adjustments", ())]
        return totals(
            None,
            len(claims),
            cents(claim["claim_payment_amount"] for claim in claims),
            len(services),
            cents(cas["amount"] for cas in adjustments),
            None,
        )

    return parsed, found


def edi_835_parser(path: Path) -> tuple[Any, Callable[[], Totals]]:
    """Read to a pandas frame, a row a service line; amounts are floats."""
    parsed = import_module("edi_835_parser").parse(str(path))
    frame = parsed.to_dataframe()

    def found() -> Totals:
        claims = [claim.claim for part in parsed for claim in part.claims]
        amounts = [name for name in frame.columns if name.startswith("adj_") and name.endswith("_amount")]
        return totals(
            len(list(parsed)),
            len(claims),
            cents(claim.paid_amount for claim in claims),
            len(frame),
            cents(amount for name in amounts for amount in frame[name].dropna()),
            None,
        )

    return frame, found


def x12sdk(path: Path) -> tuple[Any, Callable[[], Totals]]:
    """Read to typed models, one a transaction."""
    with import_module("x12sdk.io").X12ModelReader(str(path)) as reader:
        models = list(reader.models())

    def found() -> Totals:
        claims = [claim for model in models for loop in model.loop_2000 for claim in loop.loop_2100]
        services = [service for claim in claims for service in claim.loop_2110 or ()]
        taken = [cas for holder in (*claims, *services) for cas in holder.cas_segment or ()]
        provider = [model.footer.plb_segment for model in models if model.footer.plb_segment]
        return totals(
            len(models),
            len(claims),
            cents(claim.clp_segment.claim_payment_amount for claim in claims),
            len(services),
            cents(_numbered(taken, "monetary_amount")),
            cents(_numbered(provider, "provider_adjustment_amount")),
        )

    return models, found


def _numbered(segments: list[Any], name: str) -> Iterable[Any]:
    amounts = (getattr(segment, f"{name}_{number}", None) for segment in segments for number in range(1, 7))
    return (amount for amount in amounts if amount is not None)


def pyx12(path: Path) -> tuple[Any, Callable[[], Totals]]:
    """Read to a tree a claim, each let go once its amounts are taken; pyx12 has no tables."""
    context, errors = import_module("pyx12.x12context"), import_module("pyx12.error_handler").errh_null()
    count = {"ST": 0, "2100": 0, "SVC": 0}
    paid: list[str] = []
    taken: list[str] = []
    provider: list[str] = []
    with path.open() as file:
        reader = context.X12ContextReader(import_module("pyx12.params").params(), errors, file)
        for node in reader.iter_segments("2100"):
            if node.id in count:
                count[node.id] += 1
            if node.id == "PLB":
                provider += _values(node, "PLB", (4, 6, 8, 10, 12, 14))
            elif node.id == "2100":
                paid.append(node.get_value("CLP04"))
                services = list(node.select("2110"))
                count["SVC"] += len(services)
                for holder in (node, *services):
                    for cas in holder.select("CAS"):
                        taken += _values(cas, "CAS", (3, 6, 9, 12, 15, 18))
    result = totals(count["ST"], count["2100"], cents(paid), count["SVC"], cents(taken), cents(provider))
    return result, lambda: result


def _values(node: Any, segment: str, places: tuple[int, ...]) -> list[str]:
    return [value for place in places if (value := node.get_value(f"{segment}{place:02d}"))]


def copy_memory(path: Path) -> tuple[Any, None]:
    """Read the file and copy its bytes once."""
    return bytearray(path.read_bytes()), None


def hash_only(path: Path) -> tuple[Any, None]:
    """Read the file and work out its SHA-256."""
    return hashlib.sha256(path.read_bytes()).digest(), None


def count_only(path: Path) -> tuple[Any, None]:
    """Read the file and count both delimiters."""
    data = path.read_bytes()
    return data.count(b"~") + data.count(b"*"), None


READERS: dict[str, Callable[[Path], tuple[Any, Callable[[], Totals] | None]]] = {
    "trueup": trueup_parse,
    "trueup, part by part": trueup_read,
    "oxedi": oxedi_parse,
    "oxedi, part by part": oxedi_stream,
    "openx12": openx12,
    "edi-835-parser": edi_835_parser,
    "x12sdk": x12sdk,
    "pyx12": pyx12,
    "copy of the bytes": copy_memory,
    "SHA-256 of the bytes": hash_only,
    "count of the delimiters": count_only,
}
"""By the name the table says."""


def _peak_bytes() -> int:
    """Return the largest resident memory; getrusage would count the parent's before this program was started in it."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) * 1024


def main(name: str, path: Path, warm: Path) -> dict[str, Any]:
    """Read `path` and give seconds, bytes of memory at the peak, and the totals of what was found."""
    reader = READERS[name]
    began = time.perf_counter()
    reader(warm)
    ready = time.perf_counter()
    cpu, wall = time.process_time(), time.perf_counter()
    _result, found = reader(path)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = _peak_bytes()
    return {
        "start_seconds": ready - began,
        "cpu_seconds": cpu,
        "wall_seconds": wall,
        "peak_bytes": peak,
        "totals": found() if found else None,
    }


if __name__ == "__main__":
    with redirect_stdout(StringIO()):
        measured = main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    sys.stdout.write(json.dumps(measured) + "\n")
