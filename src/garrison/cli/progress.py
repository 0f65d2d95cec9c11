"""Shows how far a task is, on stderr: a live bar on a terminal, else a plain line now and then."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from garrison.base.text import printable
from garrison.cli.reader import _

_EVERY_SECONDS = 5.0
_NARROWEST = 20


def _nothing() -> None:
    """Stop what was never started."""


class Progress:
    """What the door says of a task's progress, shown. Nothing is loaded or drawn before the first word of it."""

    def __init__(self, title: str, quiet: bool = False) -> None:
        self._title = title
        self._quiet = quiet
        self._update: Callable[[int, int | None, str], None] | None = None
        self._last = time.monotonic()
        self._stop: Callable[[], None] = _nothing

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def __call__(self, progress: dict[str, Any]) -> None:
        """Show what the door says."""
        if self._quiet:
            return
        if self._update is None:
            self._update = self._open_bar() if sys.stderr.isatty() else self._lines
        self._update(progress["done"], progress["total"], progress["text"])

    def _lines(self, done: int, total: int | None, text: str) -> None:
        now = time.monotonic()
        if now - self._last >= _EVERY_SECONDS:
            self._last = now
            shown = _("{done} of {total}", done=f"{done:,}", total=f"{total:,}") if total else f"{done:,}"
            at = f": {printable(text)}" if text else ""
            print(f"{self._title}: {shown}{at}", file=sys.stderr, flush=True)

    def _open_bar(self) -> Callable[[int, int | None, str], None]:
        from rich.console import Console  # noqa: PLC0415 # late: most commands need no bar
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
        from rich.progress import Progress as Bar  # noqa: PLC0415
        from rich.table import Column  # noqa: PLC0415

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[count]}", markup=False),
            TimeElapsedColumn(),
            TextColumn("{task.fields[path]}", markup=False, table_column=Column(no_wrap=True, overflow="crop")),
        )
        console = Console(stderr=True, highlight=False)
        bar = Bar(*columns, console=console, transient=True)
        number = bar.add_task(self._title, total=None, count="", path="")
        bar.start()
        self._stop = bar.stop
        taken = len(self._title) + 20 + 30  # by the other columns

        def update(done: int, total: int | None, text: str) -> None:
            width = max(console.width - taken, _NARROWEST)
            shown = printable(text)
            shown = shown if len(shown) <= width else "…" + shown[1 - width :]
            count = f"{done:,}/{total:,}" if total else f"{done:,}"
            bar.update(number, completed=done, total=total, count=count, path=shown)

        return update
