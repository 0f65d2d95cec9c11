from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from garrison.base.errors import Invalid
from garrison.daemon.reports import search as searching
from garrison.daemon.reports.connecting import reading
from garrison.daemon.reports.query import Query, Row, Sort
from garrison.daemon.reports.search import Search
from garrison.daemon.reports.text_index import TextIndex
from tests.daemon.parts import NOON
from tests.daemon.reports.filled import ScanEnded, filled


def everything(journal: Path, query: Query, block_rows: int = 64) -> list[Row]:
    """Return all rows, page by page."""
    rows: list[Row] = []
    after = query.after
    while True:
        with reading(journal) as connection:
            page = Search(connection, replace(query, after=after), None, block_rows).page()
        assert len(page.rows) <= query.limit
        rows += page.rows
        after = page.after
        if not after:
            return rows


def wanted(row: Row, query: Query) -> bool:
    told = row.says.lower() + "\n" + str(row.details.get("path", "")).lower()
    return (
        query.owner in {None, row.owner}
        and (not query.components or row.component in query.components)
        and (not query.severities or row.severity in query.severities)
        and (query.text.lower() in told)
        and (query.since is None or datetime.fromisoformat(row.at) >= query.since)
        and (query.until is None or datetime.fromisoformat(row.at) < query.until)
    )


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("journal")
    with filled(folder, 300) as made:
        path = made.store.path
        index = TextIndex(path, 64)
        while index.keep_up():
            pass
    return path


_TIMES = st.none() | st.integers(0, 310).map(lambda hours: NOON + timedelta(hours=hours, minutes=30))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.builds(
        Query,
        owner=st.sampled_from([None, None, 1001, 1002, 5]),
        components=st.sampled_from([(), ("scan",), ("file-protection", "scan"), ("no",)]),
        severities=st.sampled_from([(), ("critical",), ("info", "critical")]),
        since=_TIMES,
        until=_TIMES,
        text=st.sampled_from(["", "", "ann", ".pdf", "12", "was FOUND", "/srv/1", "nowhere"]),
        sort=st.sampled_from(list(Sort)),
        limit=st.sampled_from([7, 60, 1000]),
    ),
    reads_few=st.booleans(),
)
def test_pages_are_what_a_look_at_every_row_finds(journal: Path, query: Query, reads_few: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if reads_few:
            patch.setattr(searching, "_FEW_ROWS", 10)  # so that the index is asked
        found = everything(journal, query)
    rows = everything(journal, Query(limit=1000))
    right = [row for row in rows if wanted(row, query)]
    assert len(rows) == 300
    ranks = {Sort.SEVERITY: lambda row: ("critical", "important", "info").index(row.severity)}
    if query.sort is Sort.OLDEST:
        right.reverse()
    elif query.sort is not Sort.NEWEST:
        key = ranks.get(query.sort, lambda row: row.component if query.sort is Sort.COMPONENT else row.name)
        right.sort(key=key)
    assert [row.id for row in found] == [row.id for row in right]


def test_columns_hold_their_texts(journal: Path) -> None:
    query = Query(columns=(("path", "/home/ann/1"), ("severity", "CRIT")), limit=1000)
    assert {row.details["path"] for row in everything(journal, query)} == {
        f"/home/Ann/{number}" for number in range(0, 300, 10) if str(number).startswith("1")
    }


def test_counts_are_exact_or_said_to_be_estimated(journal: Path) -> None:
    with reading(journal) as connection:
        exact = Search(connection, Query(severities=("critical",), limit=5)).page()
        assert (exact.total, exact.is_exact, bool(exact.after)) == (30, True, True)
        about = Search(connection, Query(text="pdf", limit=50), block_rows=64).page()
        assert not about.is_exact
        assert about.total in range(200, 340)
        whole = Search(connection, Query(text="/srv/123.pdf", limit=50), block_rows=64).page()
        assert (whole.total, whole.is_exact) == (1, True)


def test_a_page_ends_when_its_time_is_up_and_the_next_goes_on(journal: Path) -> None:
    query, rows = Query(columns=(("path", "nowhere"),), limit=3), 0
    with reading(journal) as connection:
        page = Search(connection, query, seconds=-1.0).page()
        assert (page.rows, page.is_whole, bool(page.after)) == ([], False, True)
        while page.after:
            rows += 1
            page = Search(connection, replace(query, after=page.after), seconds=-1.0).page()
    assert rows < 300
    assert page.rows == []


@pytest.mark.parametrize("after", ["x", "1", "-1.5", "0.x", "1.2.3", "9" * 40 + ".1"])
def test_a_cursor_of_ones_own_is_refused(journal: Path, after: str) -> None:
    with reading(journal) as connection, pytest.raises(Invalid):
        Search(connection, Query(after=after)).page()


def test_names_of_any_bytes_are_found(tmp_path: Path) -> None:
    with filled(tmp_path) as made:
        made.add(ScanEnded(path="/caf\udce9/Größe"))
        assert len(everything(made.store.path, Query(text="\udce9/Gr"))) == 1
        assert everything(made.store.path, Query(text="'; DROP TABLE event --")) == []
