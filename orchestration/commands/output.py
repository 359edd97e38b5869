"""Where a command speaks: results on stdout, messages on stderr; progress is a bar on a terminal, lines elsewhere."""

import contextlib
import json
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal, TextIO

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

WIDTH_OF_A_FILE = (
    140  # a table written to a pipe or a file is not folded at the 80 columns of a terminal nobody looks at
)
FIGURES = frozenset(
    {
        "files",
        "rows",
        "quarantined",
        "pieces",
        "transactions",
        "visits",
        "memos",
        "found",
        "count",
        "amount",
        "off by",
        "claims",
        "ST",
        "lines",
        "paid",
        "held",
        "errors",
        "warnings",
    }
)
SECONDS_BETWEEN_LINES = 5.0
SECONDS_OF_SILENCE = 3.0
STYLES = {"": "", "title": "bold", "good": "green", "bad": "red", "dim": "dim"}

Json = Annotated[bool, typer.Option("--json", help="Machine-readable result on stdout, messages on stderr.")]


def example(*commands: str) -> str:
    """Give the end of a command's --help, one example a line; the backspace tells click not to wrap it anew."""
    return "\b\nExample:\n" + "\n".join(f"  {command}" for command in commands)


def printable(text: object) -> str:
    """Give the text with whatever could move a terminal's cursor escaped: file names come from anywhere."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in str(text))


def counted(number: int, noun: str) -> str:
    """Give "1 row", "2,000 rows"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def plain_table(title: str, columns: Sequence[str], lines: Iterable[Sequence[str]]) -> "Table":
    """Give a table for `Output.table`; a column of figures (named in FIGURES) stands to the right."""
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        # A long name is folded, never cut: the end of a path is what tells files apart.
        justify: Literal["left", "right"] = "right" if column in FIGURES else "left"
        table.add_column(column, justify=justify, no_wrap=column in FIGURES, overflow="fold")
    for line in lines:
        table.add_row(*line)
    return table


@dataclass(frozen=True)
class Output:
    """One command's voice. With `as_json`, stdout carries the one JSON document and nothing else."""

    as_json: bool = False
    _consoles: "dict[TextIO, Console]" = field(default_factory=dict, repr=False)

    def line(self, text: str = "") -> None:
        """Print a line of the result for a person: stdout, or stderr when stdout is for a machine."""
        self._say(self._stage, text)

    def table(self, table: "Table") -> None:
        """Print a rich table where `line` prints."""
        self._console(self._stage).print(table)

    def lines(self, lines: Iterable[tuple[str, str]]) -> None:
        """Print lines of the result as they come, each (text, style: a name in STYLES); styles show on a terminal."""
        stage = self._stage
        if not stage.isatty():
            stage.writelines(f"{text}\n" for text, _ in lines)
            stage.flush()
            return
        from rich.text import Text

        console = self._console(stage)
        for text, style in lines:
            console.print(Text(text, STYLES[style]), soft_wrap=True)

    def message(self, text: str) -> None:
        """Print a message that is no result (a warning, a step, an error): always stderr."""
        self._say(sys.stderr, text)

    def hint(self, text: str) -> None:
        """Print a message whose words come from outside, such as the name of a file."""
        self.message(printable(text))

    def result(self, document: object) -> None:
        """Print the machine-readable result, when one was asked for."""
        if self.as_json:
            json.dump(document, sys.stdout, ensure_ascii=False, indent=2, default=str)
            sys.stdout.write("\n")

    @contextlib.contextmanager
    def progress(self, label: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """Give a function that takes what is done so far (rows, bytes or steps); shown while the block runs."""
        if sys.stderr.isatty():
            with self._bar(label, total) as advance:
                yield advance
        else:
            yield _plain_lines(label, total, self.message)

    @contextlib.contextmanager
    def patience(self, text: str, seconds: float = SECONDS_OF_SILENCE) -> Iterator[None]:
        """Say `text` once when the block takes longer than so many seconds."""
        timer = threading.Timer(seconds, self.message, (text,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    @contextlib.contextmanager
    def steps(self, label: str) -> Iterator[Callable[[str, int, int], None]]:
        """Give a function that takes (name of the step, steps done, steps in all)."""
        if not sys.stderr.isatty():
            yield _step_lines(label, self.message)
            return
        from rich import progress as bars

        columns = (bars.TextColumn("{task.description}", markup=False), bars.BarColumn(), bars.MofNCompleteColumn())
        with bars.Progress(
            *columns, bars.TimeElapsedColumn(), console=self._console(sys.stderr), transient=True
        ) as bar:
            task = bar.add_task(label, total=None)
            yield lambda name, done, total: bar.update(
                task, description=f"{label}: {name}", completed=done, total=total
            )

    @property
    def _stage(self) -> TextIO:
        return sys.stderr if self.as_json else sys.stdout

    def _say(self, stream: TextIO, text: str) -> None:
        stream.write(f"{text}\n")
        stream.flush()

    def _console(self, stream: TextIO) -> "Console":
        from rich.console import Console

        if stream not in self._consoles:
            width = None if stream.isatty() else WIDTH_OF_A_FILE
            self._consoles[stream] = Console(file=stream, markup=False, highlight=False, width=width)
        return self._consoles[stream]

    @contextlib.contextmanager
    def _bar(self, label: str, total: int | None) -> Iterator[Callable[[int], None]]:
        from rich import progress as bars

        counted = bars.MofNCompleteColumn() if total else bars.TextColumn("{task.completed:,.0f}")
        columns = (
            bars.TextColumn("{task.description}", markup=False),
            bars.BarColumn(),
            counted,
            bars.TimeElapsedColumn(),
        )
        with bars.Progress(*columns, console=self._console(sys.stderr), transient=True) as bar:
            task = bar.add_task(label, total=total)
            yield lambda done: bar.update(task, completed=done)


def _step_lines(label: str, say: Callable[[str], None]) -> Callable[[str, int, int], None]:
    last = -SECONDS_BETWEEN_LINES

    def step(name: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            say(f"{label}: {done} of {total}: {name}")

    return step


def _plain_lines(label: str, total: int | None, say: Callable[[str], None]) -> Callable[[int], None]:
    last = time.monotonic()

    def advance(done: int) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            say(f"{label}: {done:,} of {total:,} …" if total else f"{label}: {done:,} …")

    return advance
