import asyncio
import csv
import io
import os
from datetime import UTC
from pathlib import Path

import pytest

from garrison.base.errors import GarrisonError, Refused, Unavailable
from garrison.daemon.reports import export as exporting
from garrison.daemon.reports.desk import ReportsDesk
from garrison.daemon.reports.export import Export
from garrison.daemon.reports.formats import Format
from garrison.daemon.reports.query import Query
from garrison.sdk import Caller
from tests.daemon.reports.filled import Filled, filled


def export(made: Filled, kind: Format = Format.CSV, query: Query | None = None) -> Export:
    return Export(ReportsDesk(made.store.path, made.clock, UTC), query or Query(), kind, "All")


def write(made: Filled, to: Path, replaces: bool = False, caller: Caller | None = None) -> list[int]:
    told: list[int] = []
    asyncio.run(export(made).write(to, caller or Caller.myself(), replaces, told.append))
    return told


def test_a_file_is_written_in_parts_and_holds_every_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PART_ROWS", 10)
    with filled(tmp_path, 35) as made:
        assert write(made, tmp_path / "out.csv") == [10, 20, 30, 35]
        rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_bytes().decode())))
        assert [int(row["id"]) for row in rows] == list(range(35, 0, -1))
        assert (tmp_path / "out.csv").stat().st_mode & 0o777 == 0o600
        assert not list(tmp_path.glob(".*.new"))


def test_what_is_there_stays_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    with filled(tmp_path, 2) as made:
        out = tmp_path / "out.csv"
        out.write_text("mine", "ascii")
        with pytest.raises(Refused, match="there already"):
            write(made, out)
        assert out.read_text("ascii") == "mine"
        write(made, out, replaces=True)
        assert out.read_text("utf-8").startswith("id,at,")
        out.unlink()
        out.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(Refused):
            write(made, out, replaces=True)
        assert not (tmp_path / "elsewhere").exists()


def test_nothing_is_left_of_what_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with filled(tmp_path, 2) as made:
        with pytest.raises(GarrisonError):
            write(made, tmp_path / "no" / "such" / "out.csv")

        def broken(*_: object) -> str:
            raise ValueError("broken")

        monkeypatch.setattr(exporting, "body", broken)
        with pytest.raises(ValueError, match="broken"):
            write(made, tmp_path / "out.csv")
        assert {path.name for path in tmp_path.iterdir()} >= {"seal.key"}
        assert not list(tmp_path.glob("*out.csv*"))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_it_is_written_with_the_callers_rights(tmp_path: Path) -> None:
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    with filled(tmp_path, 1) as made, pytest.raises(Unavailable):
        write(made, folder / "out.csv", caller=Caller(65534, 65534))


def test_parts_put_together_are_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PART_ROWS", 4)

    async def parts(made: Filled) -> str:
        one, text, after = export(made, Format.HTML, Query(severities=("critical",))), "", ""
        while True:
            part, after, _ = await one.part(after)
            text += part
            if not after:
                return text

    with filled(tmp_path, 95) as made:
        page = asyncio.run(parts(made))
    assert (page.count("<!DOCTYPE"), page.count("</html>"), page.count("<tr class")) == (1, 1, 10)
