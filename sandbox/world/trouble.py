"""What goes wrong in real files: pieces added to a sample month that the product must set aside and explain."""

import json
from dataclasses import replace
from pathlib import Path

from sandbox.world import stripe_shapes as shape
from sandbox.world.draw import Draw
from sandbox.world.remits import PLAIN
from sandbox.world.x12 import Remit, interchange


def eras(folder: Path, sent: Remit) -> tuple[Path, ...]:
    """Write a held remit, a conflict of one that was sent, one with an unreadable amount and one cut off."""
    one = replace(sent, claims=sent.claims[:1], provider_adjustments=())
    lone = interchange([replace(one, trn="8000000001")], PLAIN, 900)
    paid = f"BPR*{'I' if one.cents else 'H'}*".encode()
    claim = b"*" + lone.split(b"\nCLP*", 1)[1].split(b"*")[2] + b"*"
    pieces = {
        "held": lone.replace(paid, paid + b"1", 1),
        "conflict": interchange([_conflict(sent)], PLAIN, 901),
        "unreadable": lone.replace(b"8000000001", b"8000000002").replace(claim, b"*12A.50*", 1),
        "cut": lone.replace(b"8000000001", b"8000000003")[: lone.index(b"\nSVC*") + 9],
    }
    for name, data in pieces.items():
        (folder / f"trouble-{name}.835").write_bytes(data)
    return tuple(folder / f"trouble-{name}.835" for name in sorted(pieces))


def _conflict(sent: Remit) -> Remit:
    """Return the same payer, payee, trace number, date and amount with another body."""
    return replace(sent, claims=(replace(sent.claims[0], number="CONFLICT0001"), *sent.claims[1:]))


def visits(path: Path, draw: Draw) -> int:
    """Append rows with a bad token, state, amount and time; return how many."""
    good = path.read_text(encoding="utf-8").splitlines()[1].split(",")
    wrong = ((0, "not-a-token"), (4, "finished"), (14, "120.50"), (9, "2026-09-14T09:00:00"))
    with path.open("a", encoding="utf-8") as out:
        for column, value in wrong:
            row = [draw.token(), "", *good[2:]]
            row[column] = value
            out.write(",".join(row) + "\n")
    return len(wrong)


def stripe(path: Path, draw: Draw, at: int) -> int:
    """Append a charge in euros and a line cut in half; return how many."""
    foreign = shape.charge(draw.stripe_id("ch"), at, None, 9900, {}) | {"currency": "eur"}
    half = json.dumps(shape.charge(draw.stripe_id("ch"), at, None, 9900, {}))[:200]
    with path.open("a", encoding="utf-8") as out:
        out.write(json.dumps(foreign, separators=(",", ":")) + "\n" + half + "\n")
    return 2
