"""The list of past scans on disk: a file a scan, and a small index that is in memory too."""

import contextlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from garrison.base.errors import GarrisonError
from garrison.base.files import read_json, write_json
from garrison.components.scan.results import Past, ScanSummary
from garrison.sdk.plain import to_plain

_LISTS = (("findings", "more_findings"), ("running", "more_findings"), ("errors", "more_errors"))
_KEPT_SCANS = 50  # of each account
_KEPT_LINES = 1000
_KEPT_BYTES = 128 * 1024  # of the threats of one scan, and as much of its other lines


@dataclass(frozen=True, slots=True)
class PastScan:
    """What the index says of a scan. at: ISO 8601. owner: the account that scanned."""

    id: int
    at: str
    task: str
    owner: int
    files: int
    threats: int
    handled: int
    errors: int
    seconds: float
    complete: bool


class PastScans:
    """The past scans, newest last; of each account the newest fifty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._index = folder / "index.json"
        self._rows = self._read()
        self._sweep()
        self._take_over(folder / "scans.json")

    def all(self) -> list[PastScan]:
        """Return what is kept."""
        return list(self._rows)

    def summary(self, row: PastScan) -> Past | None:
        """Return what a scan found; None when its file is damaged."""
        try:
            return Past(**read_json(self._file(row.id))["summary"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def add(self, task: str, at: str, owner: int, summary: ScanSummary) -> int:
        """Keep a scan; return its number. Raises a GarrisonError, and the list is as it was."""
        row = PastScan(
            id=max((row.id for row in self._rows), default=0) + 1,
            at=at,
            task=task,
            owner=owner,
            files=summary.files,
            threats=summary.threats,
            handled=summary.handled,
            errors=len(summary.errors) + summary.more_errors,
            seconds=summary.seconds,
            complete=summary.complete,
        )
        write_json(self._file(row.id), {"row": asdict(row), "summary": _shortened(summary)})
        own = [each for each in self._rows if each.owner == owner]
        too_old = set(own[: max(0, len(own) + 1 - _KEPT_SCANS)])
        kept = [each for each in [*self._rows, row] if each not in too_old]
        write_json(self._index, [asdict(each) for each in kept])
        self._rows = kept
        for each in too_old:
            with contextlib.suppress(OSError):  # the next start sweeps it
                self._file(each.id).unlink()
        return row.id

    def _file(self, number: int) -> Path:
        return self._folder / f"scan-{number}.json"

    def _read(self) -> list[PastScan]:
        try:
            return _rows(read_json(self._index))
        except (OSError, ValueError, TypeError):
            return self._read_files()

    def _read_files(self) -> list[PastScan]:
        """Return the index as the files have it, for one that is damaged."""
        rows = []
        for path in self._folder.glob("scan-*.json"):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                rows += _rows([read_json(path)["row"]])
        return sorted(rows, key=lambda row: row.id)

    def _sweep(self) -> None:
        known = {self._file(row.id) for row in self._rows}
        for path in self._folder.glob("scan-*.json"):
            if path not in known:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _take_over(self, old: Path) -> None:
        """Take over the one file that held all scans before."""
        try:
            for entry in read_json(old):
                self.add(entry["task"], entry["at"], entry["owner"], Past(**entry["summary"]))
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, GarrisonError):
            pass  # what is damaged is given up
        with contextlib.suppress(OSError):
            old.unlink()


def _rows(plain: Any) -> list[PastScan]:
    rows = [PastScan(**row) for row in plain]
    if not all(type(row.id) is int and type(row.owner) is int for row in rows):
        raise TypeError("not an index")
    return rows


def _shortened(summary: ScanSummary) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(summary)
    for lines, more in _LISTS:
        kept = _first(plain[lines])
        plain[more] += len(plain[lines]) - len(kept)
        plain[lines] = kept
    return plain


def _first(lines: Iterable[Any]) -> list[Any]:
    kept: list[Any] = []
    room = _KEPT_BYTES
    for line in lines:
        room -= len(json.dumps(line))
        if room < 0 or len(kept) == _KEPT_LINES:
            break
        kept.append(line)
    return kept
