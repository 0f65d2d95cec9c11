"""What comes in parts is shown as one text."""

import csv
import io
import subprocess
from pathlib import Path

from garrison.base.clock import SystemClock
from garrison.daemon.journal import Journal
from garrison.daemon.reports.export import PART_ROWS
from garrison.daemon.store import Store
from tests.cli.program import Program
from tests.daemon.reports.filled import ScanEnded

ROWS = PART_ROWS + 200


def test_an_export_of_many_parts_is_one_text_and_its_reader_may_go(garrison: Program, tmp_path: Path) -> None:
    garrison.home.prepare()
    store = Store(garrison.home.folder("journal", 1), SystemClock())
    journal = Journal(store, SystemClock())
    for number in range(ROWS):
        journal.append("scan", ScanEnded(path=f"/{number}"), 0)
    store.close()
    shown = garrison("report", "export", "--component", "scan")
    assert shown.code == 0, shown.errors
    numbers = [int(row["id"]) for row in csv.DictReader(io.StringIO(shown.out))]
    assert numbers == list(range(ROWS, 0, -1))
    out = tmp_path / "out.csv"
    assert garrison("report", "export", "--component", "scan", "--to", str(out)).code == 0
    assert out.read_bytes().decode("utf-8") == shown.out
    process = garrison.start("report", "export", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert (process.wait(30), process.stderr.read() if process.stderr else b"") == (0, b"")
    assert process.stderr is not None
    process.stderr.close()
