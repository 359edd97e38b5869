"""Every page of the dashboards over big books: how long the server takes, how much it sends.

    python -m bench.dashboards [--visits 1000000] [--home DIRECTORY] [--rounds 5] [--write]

The books are loaded and reconciled as in bench.reconcile, in a home that stays when `--home` names it. Which pages
there are is not listed here: links are followed from the first page until nothing new is found, and of each route the
first address is measured. Then the same address of each page that can be told of another time is, as known at the end
of today, when all that was loaded is known; and two times of a month side by side. A page is asked for once to warm the
caches, then `rounds` times over one connection that stays open, alone; its figure is the median of these. Exports are
files and no pages: they are left out.
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
from starlette.routing import Match, Route

from bench import books, page
from bench.books.catalog import AS_OF
from bench.machine import described
from dashboards.routes import ROUTERS
from ledger.settings import Settings
from ledger.store import database as store
from orchestration.commands.up import in_thread, listening
from orchestration.serving import for_this_machine

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_AIMED_MS, _AIMED_BYTES = 300, 300_000


@dataclass(frozen=True)
class Timed:
    """A page: the route and the address it was asked for at, milliseconds (median, longest) and bytes, not zipped."""

    route: str
    address: str
    median: float
    longest: float
    size: int

    @property
    def keeps(self) -> bool:
        """Tell whether it is as quick and as small as aimed at."""
        return self.median <= _AIMED_MS and self.size <= _AIMED_BYTES


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


@contextlib.contextmanager
def made(files: Path, home: Path, visits: int) -> Iterator[store.Database]:
    """Yield the database of a home with so many visits, loaded and reconciled unless they are there already."""
    given = books.kept(files / f"books-{visits}", visits)
    done = home / f"made-{visits}"
    with store.opened(None, home) as database:
        if not done.exists():
            for kind, paths in given.files.items():
                _trueup(home, "load", kind, *([given.files["era"][0].parent] if kind == "era" else paths))
            _trueup(home, "reconcile", "--as-of", AS_OF)
            done.touch()
        yield database


def _trueup(home: Path, *words: object) -> None:
    command = [str(Path(sys.executable).with_name("trueup")), *map(str, words)]
    ended = subprocess.run(  # noqa: S603 - our own command
        command, env={"PATH": "/usr/bin:/bin", "TRUEUP_HOME": str(home)}, check=False, stdout=subprocess.DEVNULL
    )
    if ended.returncode > 1:  # 1: something was quarantined
        raise RuntimeError(f"trueup {words[0]} ended with {ended.returncode}")


def measured(address: str, rounds: int) -> list[Timed]:
    """Follow the links from the first page and time the first address of each route."""
    seen: dict[str, Timed] = {}
    waiting, known = ["/"], {"/"}
    with httpx.Client(base_url=address, timeout=600, follow_redirects=True) as client:
        while waiting:
            path = waiting.pop(0)
            route = _route(path)
            if route is None or route in seen:
                continue
            text, timed = _asked(client, route, path, rounds)
            seen[route] = timed
            links = _Links()
            links.feed(text)
            for link in links.found:
                there = urlsplit(urldefrag(urljoin(f"{address}{path}", link)).url)
                onward = f"{there.path}?{there.query}" if there.query else there.path
                if f"{there.scheme}://{there.netloc}" == address and onward not in known:
                    known.add(onward)
                    waiting.append(onward)
        found = [*seen.values(), *_at_another_time(client, list(seen.values()), rounds)]
    return sorted(found, key=lambda each: -each.median)


def _at_another_time(client: httpx.Client, now: list[Timed], rounds: int) -> Iterator[Timed]:
    """Time the pages that can be told as of a day, and two times of a month; the others answer 404 and are no pages."""
    today = date.today().isoformat()  # noqa: DTZ011 - of this machine, as the loads are
    pages = [
        (f"{page.route}?as_of=", f"{page.address}{'&' if '?' in page.address else '?'}as_of={today}") for page in now
    ]
    months = [page.address.rpartition("/")[2] for page in now if page.route == "/months/{period}"]
    pages += [("/compare", f"/compare?period={month}&left={today}&right=now") for month in months]
    for route, address in pages:
        if client.get(address).status_code != httpx.codes.NOT_FOUND:
            _, timed = _asked(client, route, address, rounds)
            yield timed


def _route(path: str) -> str | None:
    scope = {"type": "http", "method": "GET", "path": urlsplit(path).path, "headers": [], "root_path": ""}
    for route in (each for router in ROUTERS for each in router.routes):
        if isinstance(route, Route) and route.matches(scope)[0] is Match.FULL:
            return None if "export" in route.path or "." in route.path else route.path
    return None


def _asked(client: httpx.Client, route: str, path: str, rounds: int) -> tuple[str, Timed]:
    answer = client.get(path)
    answer.raise_for_status()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        answer = client.get(path, headers={"accept-encoding": "identity"})
        times.append((time.perf_counter() - began) * 1000)
    timed = Timed(route, path, statistics.median(times), max(times), len(answer.content))
    sys.stderr.write(f"{route}: {timed.median:,.0f} ms\n")
    return answer.text, timed


def report(found: list[Timed], visits: int, machine: dict[str, str], command: str) -> str:
    """Write the part of the page on benchmarks."""
    late = sum(not each.keeps for each in found)
    rows = [
        (f"`{each.route}`", f"{each.median:,.0f}", f"{each.longest:,.0f}", f"{each.size / 1000:,.0f}", _verdict(each))
        for each in found
    ]
    head = ("page", "ms, median", "ms, longest", "KB", f"≤ {_AIMED_MS} ms and ≤ {_AIMED_BYTES // 1000} KB")
    about = page.table(("", ""), list(machine.items()), "ll")
    return (
        f"## Pages of the dashboards over {visits:,} visits\n\n"
        f"Every page, by following the links from the first; each asked for alone, over one connection, nothing\n"
        f"rendered before and nothing kept; `?as_of=`: the same as known at the end of a day, told from the journal,\n"
        f"the memos and what was loaded by then. KB are of the page itself, not zipped. {len(found) - late} of\n"
        f"{len(found)} pages keep the aim.\n\n    {command}\n\n{about}\n{page.table(head, rows, 'lrrrl')}"
    )


def _verdict(each: Timed) -> str:
    return "yes" if each.keeps else "**no**"


def main() -> None:
    """Measure and print or write the report."""
    parser = argparse.ArgumentParser(description="Asks for every page of the dashboards over big books.")
    parser.add_argument("--visits", type=int, default=1_000_000)
    parser.add_argument("--files", type=Path, default=Path("/tmp/trueup-bench"), help="where files are made")  # noqa: S108 - may be anywhere
    parser.add_argument("--home", type=Path, help="where the books are, or are made and stay; else they go at the end")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        home = given.home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp")))
        home.mkdir(mode=0o711, parents=True, exist_ok=True)
        home.chmod(0o711)  # as root the server's account passes through
        database = stack.enter_context(made(given.files, home, given.visits))
        app = for_this_machine(Settings.from_environment(), database)
        door = stack.enter_context(listening(0, "a free port"))
        stack.enter_context(in_thread("dashboards", app, door))
        machine = described([])
        found = measured(f"http://127.0.0.1:{door.getsockname()[1]}", given.rounds)
    text = report(found, given.visits, machine, f"python -m bench.dashboards {shlex.join(sys.argv[1:])}")
    if given.write:
        page.put(_PAGE, "dashboards", text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
