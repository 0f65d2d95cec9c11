"""Shows answers: sentences, tables, progress; or plain JSON."""

import json
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from garrison.base.errors import GarrisonError
from garrison.base.text import printable

_EVERY_SECONDS = 5.0


def fill(text: str, values: dict[str, Any]) -> str:
    """Return a sentence with its values, as the door sent them."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", "" if value is None else str(value))
    return text


def answer(message: dict[str, Any], as_json: bool) -> None:
    """Show what the door answered."""
    result, says = message.get("result"), message.get("says") or []
    if as_json:
        print(json.dumps(result, indent=2, ensure_ascii=True))
    elif says:
        for text, values in says:
            print(printable_lines(fill(text, values)))
    elif isinstance(result, list):
        table(result)
    elif isinstance(result, dict):
        for name, value in result.items():
            print(f"{name}: {cell(value)}")


def error(problem: GarrisonError, as_json: bool) -> None:
    """Show what went wrong."""
    if as_json:
        print(json.dumps({"error": problem.to_plain()}, indent=2))
        return
    print(f"garrison: {printable_lines(problem.text)}", file=sys.stderr)
    if problem.hint:
        print(f"  {printable_lines(problem.hint)}", file=sys.stderr)


def printable_lines(text: str) -> str:
    """Return a text that may have several lines, safe on a terminal."""
    return "\n".join(printable(line) for line in text.split("\n"))


def cell(value: Any) -> str:
    """Return a value as a table shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return printable(", ".join(f"{name}={cell(entry)}" for name, entry in value.items()))
    if isinstance(value, list):
        return printable(", ".join(cell(entry) for entry in value))
    return "" if value is None else printable(str(value))


def table(rows: list[dict[str, Any]]) -> None:
    """Show rows: as a table when a person looks on, with tabs between the cells when a program does."""
    if not rows:
        print("Nothing.")
        return
    names = [
        name
        for name in rows[0]
        if any(row[name] not in {"", None} if not isinstance(row[name], (list, dict)) else row[name] for row in rows)
    ]
    if not sys.stdout.isatty():
        print("\t".join(names))
        for row in rows:
            print("\t".join(cell(row[name]).replace("\t", " ") for name in names))
        return
    from rich.console import Console  # noqa: PLC0415 # late: most commands need no table
    from rich.table import Table  # noqa: PLC0415

    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        shown.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        shown.add_row(*(cell(row[name]) for name in names))
    Console(markup=False, highlight=False).print(shown)


class Progress:
    """Shows how far a task is, on stderr: a live bar on a terminal, else a plain line now and then."""

    def __init__(self, title: str, quiet: bool = False) -> None:
        self._title = title
        self._quiet = quiet
        self._update: Callable[[int, int | None, str], None] = self._lines
        self._last = time.monotonic()
        self._stop: Callable[[], None] = lambda: None

    def __enter__(self) -> Self:
        if sys.stderr.isatty() and not self._quiet:
            self._open_bar()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def __call__(self, progress: dict[str, Any]) -> None:
        """Show what the door says."""
        if not self._quiet:
            self._update(progress["done"], progress["total"], progress["text"])

    def _lines(self, done: int, total: int | None, _: str) -> None:
        now = time.monotonic()
        if now - self._last >= _EVERY_SECONDS:
            self._last = now
            of = f" of {total:,}" if total else ""
            print(f"{self._title}: {done:,}{of} files", file=sys.stderr, flush=True)

    def _open_bar(self) -> None:
        from rich.console import Console  # noqa: PLC0415 # late: most commands need no bar
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
        from rich.progress import Progress as Bar  # noqa: PLC0415

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[path]}", markup=False),
        )
        bar = Bar(*columns, console=Console(stderr=True, highlight=False), transient=True)
        number = bar.add_task(self._title, total=None, path="")
        bar.start()
        self._stop = bar.stop
        width = 50

        def update(done: int, total: int | None, text: str) -> None:
            shown = printable(text)
            shown = shown if len(shown) <= width else "…" + shown[1 - width :]
            bar.update(number, completed=done, total=total, path=shown)

        self._update = update
