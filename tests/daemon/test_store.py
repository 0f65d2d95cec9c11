import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from garrison.base.errors import Failed, Unavailable
from tests.daemon.parts import clock, store


def test_it_is_made_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        assert opened.set_aside == ""
        assert opened.path.stat().st_mode & 0o777 == 0o600
        assert opened.write("INSERT INTO consent VALUES (NULL, '', 0, 'c', 'p', 'x', 1)", ()) == 1
    with store(tmp_path) as opened:
        assert opened.read("SELECT count(*) FROM consent").fetchone()[0] == 1


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_one_is_kept_and_a_new_one_begun(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "journal.sqlite3").write_bytes(content)
    (tmp_path / "journal.sqlite3-wal").write_bytes(b"wal")
    with store(tmp_path) as opened:
        assert opened.read("SELECT count(*) FROM event").fetchone()[0] == 0
        assert Path(opened.set_aside).read_bytes() == content
        assert Path(opened.set_aside).name == "journal.sqlite3.damaged-20260105-120000"


def test_damage_in_the_middle_is_found_at_the_start(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        for number in range(500):
            opened.write("INSERT INTO consent VALUES (NULL, ?, 0, 'c', 'p', ?, 1)", (f"at {number}", "x" * 100))
    path = tmp_path / "journal.sqlite3"
    with path.open("r+b") as file:
        file.seek(9 * 4096)
        file.write(os.urandom(3 * 4096))
    with store(tmp_path) as opened:
        assert opened.set_aside


def test_a_newer_one_is_refused_and_left_alone(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        opened.connection.execute("PRAGMA user_version = 99")
    with pytest.raises(Unavailable, match="newer Garrison"), store(tmp_path):
        pass
    assert len([name for name in os.listdir(tmp_path) if "damaged" in name]) == 0


def test_one_of_the_first_release_is_upgraded(tmp_path: Path) -> None:
    migrations = Path(sys.modules["garrison.daemon.store"].__file__ or "").parent / "migrations"
    connection = sqlite3.connect(tmp_path / "journal.sqlite3")
    connection.executescript((migrations / "0001.sql").read_text("utf-8") + "PRAGMA user_version = 1;")
    connection.execute("INSERT INTO event VALUES (7, 'at', 'c', 'n', 'info', 0, 's', '{}', ?)", (b"chain",))
    connection.commit()
    connection.close()
    with store(tmp_path) as opened:
        assert tuple(opened.read("SELECT event, chain FROM head").fetchone()) == (7, b"chain")


def test_a_folder_in_its_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite3").mkdir()
    with pytest.raises(Failed, match="cannot be opened"), store(tmp_path):
        pass


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        opened.connection.execute("PRAGMA max_page_count = 1")  # grows no further: what SQLite says of a full disk
        with pytest.raises(Failed, match="full"):
            opened.write("INSERT INTO consent VALUES (NULL, ?, 0, 'c', 'p', 'x', 1)", ("x" * 1_000_000,))


@pytest.mark.parametrize("value", ["\udcff", 2**70])
def test_what_no_database_holds_is_said(tmp_path: Path, value: object) -> None:
    with store(tmp_path) as opened:
        with pytest.raises(Failed, match="could not be written"):
            opened.write("INSERT INTO consent VALUES (NULL, ?, 0, 'c', 'p', 'x', 1)", (value,))
        with pytest.raises(Failed, match="could not be read"):
            opened.read("SELECT ?", (value,))


_WRITER = """
import sys
import time
from pathlib import Path
from garrison.base.clock import SystemClock
from garrison.daemon.store import Store
store = Store(Path(sys.argv[1]), SystemClock())
print("ready", flush=True)
while True:
    store.write("INSERT INTO consent VALUES (NULL, 'at', 0, 'c', 'p', ?, 1)", ("x" * 1000,))
"""


def test_a_kill_while_it_is_written_loses_nothing_of_before(tmp_path: Path) -> None:
    before = 0
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.03)
        process.kill()
        process.communicate()
        with store(tmp_path, clock()) as opened:
            assert opened.set_aside == ""
            count = opened.read("SELECT count(*) FROM consent").fetchone()[0]
        assert count >= before
        before = count
