"""From postings to 835 files: weekly remits per payer and practice, in the dialects and wrappings met in the wild."""

import gzip
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from sandbox.world.adjudication import Posting
from sandbox.world.catalog import PAYERS, PRACTICES
from sandbox.world.x12 import Dialect, Remit, interchange

PLAIN = Dialect()
FLAT = Dialect(component=">", newline="", padded=True)
PIPES = Dialect(element="|", component="^", terminator="\n", newline="")
WRAP = 80
OURS = ("payer?-????????.835*", "resent-payer?-????????.835", "trouble-*.835")  # names of an earlier run; others stay
WRAPS, ZIPPED, MARKED, RESENT = (2, 2), (3, 1), (1, 3), (1, 1)  # (payer, week)
DIALECTS = {MARKED: Dialect(newline="\r\n"), (4, 1): PIPES}


def remits(postings: Iterable[Posting], month_start: date) -> list[Remit]:
    """Return the remits by payer, week, practice and lane; paid on the payer's weekday of the next month."""
    groups: dict[tuple[int, int, int, int], list[Posting]] = defaultdict(list)
    for posting in postings:
        key = (posting.payer.number, posting.week, PRACTICES.index(posting.practice), posting.lane)
        groups[key].append(posting)
    return [_remit(key, groups[key], _first_monday(month_start)) for key in sorted(groups)]


def _first_monday(month_start: date) -> date:
    following = (month_start + timedelta(days=32)).replace(day=1)
    return following + timedelta(days=-following.weekday() % 7)


def _remit(key: tuple[int, int, int, int], group: list[Posting], monday: date) -> Remit:
    payer, week, practice, lane = key
    paid_on = monday + timedelta(days=7 * week + payer - 1)
    return Remit(
        payer=PAYERS[payer - 1],
        npi=PRACTICES[practice].payee_npi,
        trn=f"{payer}{paid_on:%y%m%d}{practice + 1}{lane}",
        paid_on=paid_on,
        claims=tuple(posting.claim for posting in group if posting.claim),
        provider_adjustments=tuple(item.provider_adjustment for item in group if item.provider_adjustment),
    )


def write(folder: Path, found: list[Remit]) -> tuple[Path, ...]:
    """Write a file a payer and week: one wrapped, one gz, one of two interchanges, one with a BOM, one resent."""
    folder.mkdir(parents=True, exist_ok=True)
    weeks: dict[tuple[int, date], list[Remit]] = defaultdict(list)
    for remit in found:
        weeks[remit.payer.number, remit.paid_on].append(remit)
    for stale in (path for pattern in OURS for path in folder.glob(pattern)):
        stale.unlink()
    files: dict[str, bytes] = {}
    for control, (payer, day) in enumerate(sorted(weeks), 100):
        nth = sorted(when for who, when in weeks if who == payer).index(day)
        name, batch = f"payer{payer}-{day:%Y%m%d}.835", weeks[payer, day]
        data = interchange(batch, DIALECTS.get((payer, nth), FLAT if payer == WRAPS[0] else PLAIN), control)
        files[name + ".gz" * ((payer, nth) == ZIPPED)] = _dressed(payer, nth, data)
        if (payer, nth) == RESENT:
            files[f"resent-{name}"] = interchange(batch, PIPES, control + 500)
    for name, data in _joined(files).items():
        (folder / name).write_bytes(data)
    return tuple(folder / name for name in sorted(_joined(files)))


def _dressed(payer: int, nth: int, data: bytes) -> bytes:
    if (payer, nth) == WRAPS:
        return _wrapped(data)
    if (payer, nth) == ZIPPED:
        return gzip.compress(data, mtime=0)
    return b"\xef\xbb\xbf\r\n" + data if (payer, nth) == MARKED else data


def _joined(files: dict[str, bytes]) -> dict[str, bytes]:
    """Put the first two weeks of the last payer into one file of two interchanges with different delimiters."""
    first, second, *_ = sorted(name for name in files if name.startswith(f"payer{len(PAYERS)}"))
    joined = {name: data for name, data in files.items() if name != first}
    return joined | {second: files[first] + files[second]}


def _wrapped(data: bytes) -> bytes:
    return b"".join(data[at : at + WRAP] + b"\n" for at in range(0, len(data), WRAP))
