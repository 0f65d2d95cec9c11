"""Reports over a journal of two million events: pages, charts, export, proof, and the limits while the suite works.

The peer asks the same of the same file: the sqlite3 command, with the sentence that a person would write. Nothing else
keeps such a journal, so retention and export are held to their targets alone, and are their own peer.
"""

import asyncio
import os
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench._pairs import need
from garrison.base.clock import SystemClock
from garrison.daemon.journal import Journal
from garrison.daemon.journal_cut import Limits
from garrison.daemon.journal_upkeep import cut
from garrison.daemon.reports.charts import Step, points_of
from garrison.daemon.reports.connecting import reading
from garrison.daemon.reports.desk import ReportsDesk
from garrison.daemon.reports.export import Export
from garrison.daemon.reports.formats import Format
from garrison.daemon.reports.kinds import counts_by
from garrison.daemon.reports.query import Group, Query, Sort
from garrison.daemon.reports.search import Search
from garrison.daemon.reports.text_index import TextIndex
from garrison.daemon.seal import link
from garrison.daemon.store import Store

EVENTS = int(os.environ.get("GARRISON_BENCH_EVENTS", "2000000"))
SEED = 20260
ROUNDS = 9
_PAGE_LIMIT_MS = 200.0
_DOOR_LIMIT_MS = 20.0
_EXPORT_LIMIT_MIB = 64.0
_BATCH = 20_000
_SPAN = timedelta(days=300)
_KINDS = (  # component, name, severity, share of all rows in a million, sentence
    ("suite", "OperationCalled", "info", 430_000, "{operation} was asked for by account {uid}: {outcome}"),
    ("privacy", "RequestMade", "info", 250_000, "{host} was asked: {bytes_sent} bytes sent, {outcome}"),
    ("scan", "ScanFinished", "info", 200_000, "{task} ended. Files: {files}; threats: {threats}"),
    ("updates", "DatabasesUpdated", "info", 80_000, "The databases were updated from {host}"),
    ("suite", "SettingChanged", "info", 30_000, "{operation} was changed by account {uid}"),
    ("updates", "UpdateFailed", "important", 9_000, "The databases could not be updated: {outcome}"),
    ("scan", "ThreatFound", "critical", 900, "{threat} was found in {path}: {outcome}"),
    ("file-protection", "FileBlocked", "critical", 100, "{path} was blocked: {threat}"),
)


def rows(events: int) -> Iterator[tuple[Any, ...]]:
    """Yield the seeded events, without their chain: at, component, name, severity, owner, says, details."""
    chance = random.Random(SEED)  # noqa: S311 # repeatable, not secret
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    weights = [kind[3] for kind in _KINDS]
    words = [f"{chance.randrange(1 << 28):x}" for _ in range(20_000)]
    for number in range(events):
        component, name, severity, _, says = chance.choices(_KINDS, weights)[0]
        at = (begin + _SPAN * (number / events)).isoformat(timespec="milliseconds")
        details = (
            f'{{"host": "db{number % 7}.example.org", "operation": "{component}.list", "outcome": "done", '
            f'"path": "/home/anna/{chance.choice(words)}/{chance.choice(words)}-{number}.pdf", "uid": {number % 5}}}'
        )
        yield at, component, name, severity, 1000 + number % 5, says, details


def fill(store: Store, events: int) -> None:
    """Write the events as the journal would, many in one change."""
    connection, chain, batch = store.connection, b"\0" * 32, []
    sql = "INSERT INTO event (at, component, name, severity, owner, says, details, chain) VALUES (?,?,?,?,?,?,?,?)"
    for row in rows(events):
        chain = link(chain, row)
        batch.append((*row, chain))
        if len(batch) == _BATCH:
            _write(connection, sql, batch)
            batch = []
    _write(connection, sql, batch)


def _write(connection: sqlite3.Connection, sql: str, batch: list[tuple[Any, ...]]) -> None:
    connection.execute("BEGIN")
    connection.executemany(sql, batch)
    connection.execute("COMMIT")


def _pages(now: datetime) -> dict[str, tuple[Query, str]]:
    """Return the pages that are measured, each with what a person would ask the sqlite3 command."""
    some = "SELECT * FROM event"
    end = "ORDER BY id DESC LIMIT 50"
    month = now - timedelta(days=30)
    return {
        "the newest": (Query(limit=50), f"{some} {end}"),
        "a rare severity": (Query(severities=("critical",), limit=50), f"{some} WHERE severity='critical' {end}"),
        "a rare event of one account": (
            Query(events=("FileBlocked",), owner=1003, limit=50),
            f"{some} WHERE name='FileBlocked' AND owner=1003 {end}",
        ),
        "of 30 days, by severity": (
            Query(since=month, sort=Sort.SEVERITY, limit=50),
            f"{some} WHERE at >= '{month.isoformat()}' ORDER BY severity, id DESC LIMIT 50",
        ),
        "a rare text": (Query(text="-77777.pdf", limit=50), f"{some} WHERE details LIKE '%-77777.pdf%' {end}"),
        "a text that is not there": (
            Query(text="no/such/thing", limit=50),
            f"{some} WHERE details LIKE '%no/such/thing%' {end}",
        ),
        "a text in a rare severity": (
            Query(text="anna", severities=("critical",), limit=50),
            f"{some} WHERE details LIKE '%anna%' AND severity='critical' {end}",
        ),
        "the middle of all": (Query(after=f"0.{EVENTS // 2}", limit=50), f"{some} WHERE id < {EVENTS // 2} {end}"),
        "the oldest": (Query(sort=Sort.OLDEST, limit=50), f"{some} ORDER BY id LIMIT 50"),
    }


def _row(work: str, ours: float, peer: float, unit: str, target: str, met: bool) -> dict[str, Any]:
    return {
        "work": work,
        "ours": ours,
        "peer": peer,
        "peer_version": _peer_version(work, ours, peer),
        "unit": unit,
        "ratio": ours / peer if peer else 1.0,
        "target": target,
        "met": met,
        "rounds": ROUNDS,
    }


def _peer_version(work: str, ours: float, peer: float) -> str:
    if work.startswith("page"):
        return f"sqlite3 {sqlite3.sqlite_version}"
    return "none: the target alone" if peer == ours else "the same computer, nothing cut"


def _worst_of(work: Callable[[], object]) -> float:
    """Return the slowest of the rounds in milliseconds."""
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return max(taken)


def _page_rows(journal: Path) -> Iterator[dict[str, Any]]:
    program = need("sqlite3", "sqlite3")
    for name, (query, sql) in _pages(datetime(2026, 1, 1, tzinfo=UTC) + _SPAN).items():

        def ours(query: Query = query) -> None:
            with reading(journal) as connection:
                page = Search(connection, query).page()
            if not page.is_whole:
                raise AssertionError(f"{query} was not whole in time")

        def peer(sql: str = sql) -> None:
            subprocess.run([program, "-readonly", str(journal), sql], check=True, capture_output=True)

        worst, started = _worst_of(ours), time.perf_counter()
        peer()
        theirs = (time.perf_counter() - started) * 1000
        yield _row(
            f"page: {name}", worst, theirs, "ms (slowest)", f"under {_PAGE_LIMIT_MS:.0f} ms", worst < _PAGE_LIMIT_MS
        )


def _count_rows(journal: Path) -> Iterator[dict[str, Any]]:
    def groups() -> None:
        with reading(journal) as connection:
            counts_by(connection, Query(), Group.DAY, UTC)

    def chart() -> None:
        since = datetime(2026, 1, 1, tzinfo=UTC)
        with reading(journal) as connection:
            names = {"threats": ("ThreatFound",), "scans": ("ScanFinished",), "updates": ("DatabasesUpdated",)}
            queries = {name: Query(events=events, since=since, until=since + _SPAN) for name, events in names.items()}
            points_of(connection, queries, Step.DAY, UTC)

    for name, work in (("counts by day", groups), ("chart of 300 days", chart)):
        worst = _worst_of(work)
        yield _row(name, worst, worst, "ms (slowest)", f"under {_PAGE_LIMIT_MS:.0f} ms", worst < _PAGE_LIMIT_MS)


def _export(journal: Path) -> dict[str, Any]:
    """Export all rows in a process of its own, and return how much more memory that took than a thousand."""
    code = (
        "import asyncio, sys; from pathlib import Path; from bench.reports import export_all;"
        "print(*export_all(Path(sys.argv[1]), Path(sys.argv[2])))"
    )
    out = journal.with_name("export.csv")
    done = subprocess.run(
        [sys.executable, "-c", code, str(journal), str(out)], check=True, capture_output=True, text=True
    )
    more, seconds = (float(word) for word in done.stdout.split())
    work = f"export of {EVENTS:,} rows as CSV ({out.stat().st_size / 1e6:.0f} MB in {seconds:.0f} s): memory"
    return _row(
        work,
        more,
        more,
        "MiB more than after 10,000 rows",
        f"under {_EXPORT_LIMIT_MIB:.0f} MiB",
        more < _EXPORT_LIMIT_MIB,
    )


def export_all(journal: Path, out: Path) -> tuple[float, float]:
    """Write the export; return how many MiB the process grew after the first ten parts, and the seconds it took."""
    early: list[int] = []

    def on_rows(count: int) -> None:
        if count <= 10_000:
            early[:] = [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]

    async def run() -> None:
        desk = ReportsDesk(journal, SystemClock(), UTC)
        export = Export(desk, Query(), Format.CSV, "all")
        from garrison.sdk import Caller  # noqa: PLC0415 # late: nothing else here wants it

        await export.write(out, Caller.myself(), replaces=True, on_rows=on_rows)

    started = time.perf_counter()
    asyncio.run(run())
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - early[0]) / 1024, time.perf_counter() - started


def _quiet_p99() -> float:
    """Return how long one has to wait on this computer while nothing is cut."""
    waits = []
    for _ in range(1000):
        started = time.perf_counter()
        time.sleep(0.002)
        waits.append((time.perf_counter() - started - 0.002) * 1000)
    return sorted(waits)[990]


def _retention(store: Store) -> dict[str, Any]:
    """Cut most of the journal while somebody asks every few milliseconds, and return how long each had to wait."""
    journal = Journal(store, SystemClock())
    journal.retention.limits = Limits(days=36_500, mib=int(store.used_bytes() / 1024 / 1024 * 0.8))
    waits: list[float] = []

    async def ask() -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0.002)
            waits.append((time.perf_counter() - started - 0.002) * 1000)

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(ask())
            await cut(journal)
            asking.cancel()

    before = store.read("SELECT count(*) FROM event").fetchone()[0]
    store.leave_log_to_others()
    asyncio.run(both())
    gone = before - store.read("SELECT count(*) FROM event").fetchone()[0]
    waits.sort()
    p99 = waits[int(len(waits) * 0.99)]
    told = f"median {statistics.median(waits):.2f} ms, worst {waits[-1]:.1f} ms"
    work = f"wait of others while {gone:,} rows are cut: p99 ({told})"
    return _row(work, p99, _quiet_p99(), "ms", f"under {_DOOR_LIMIT_MS:.0f} ms", p99 < _DOOR_LIMIT_MS)


def measure() -> dict[str, Any]:
    """Return rows."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), SystemClock())
        started = time.perf_counter()
        fill(store, EVENTS)
        made = time.perf_counter() - started
        started = time.perf_counter()
        index = TextIndex(store.path)
        while index.keep_up():
            pass
        indexed = time.perf_counter() - started
        files = {path.name: path.stat().st_size for path in Path(folder).iterdir()}
        rows = [*_page_rows(store.path), *_count_rows(store.path), _export(store.path), _retention(store)]
        store.close()
    return {
        "rows": rows,
        "detections": [],
        "cores": os.cpu_count(),
        "events": EVENTS,
        "seconds_to_write": made,
        "seconds_to_index": indexed,
        "bytes": files,
    }
