from garrison.daemon.reports.query import Row
from garrison.daemon.reports.results import GroupCount, JournalRow, ProblemRow, ReportPage, Verified


def verified(*problems: ProblemRow, cut: int = 0, known_head: int | None = None) -> Verified:
    return Verified(
        intact=not problems,
        first_broken=problems[0].row if problems else None,
        problems=list(problems),
        rows=5,
        cut=cut,
        sealed_since=0,
        head=5,
        chain="ab" * 32,
        known_head=known_head,
    )


def said(result: Verified | ReportPage) -> list[str]:
    return [str(line) for line in result.sentences()]


def test_a_changed_journal_is_a_failure_in_a_shell() -> None:
    assert verified().exit_code() == 0
    broken = verified(ProblemRow(wrong="changed", row=3, last=3, text="Row 3 was changed."))
    assert (broken.exit_code(), said(broken)[1]) == (3, "  Row 3 was changed.")
    assert "2 older rows were removed" in said(verified(cut=2))[1]


def test_a_mark_that_no_row_bears_is_a_failure() -> None:
    assert (verified(known_head=4).exit_code(), verified(known_head=0).exit_code()) == (0, 3)
    assert "row 4" in said(verified(known_head=4))[1]


def test_a_page_says_what_is_estimated_and_where_it_goes_on() -> None:
    page = ReportPage(
        rows=[], groups=[GroupCount(name="", count=2)], total=70, is_exact=False, after="0.9", is_whole=True
    )
    assert said(page) == ["-: 2", "About 70 rows in all.", "There is more: --after 0.9"]
    empty = ReportPage(rows=[], groups=[], total=0, is_exact=True, after="", is_whole=True)
    assert said(empty) == ["Nothing."]


def test_a_row_of_the_journal_is_told_as_a_sentence() -> None:
    row = JournalRow.of(Row(1, "at", "scan", "Seen", "info", 0, "{path} was seen, {gone}", {"path": "{\udcff}"}))
    assert row.text == "{\udcff} was seen, {gone}"
