"""What pages show of plain results."""

from dataclasses import replace

from garrison.base.languages import translator
from garrison.console import shapes
from garrison.wire.manifest import Operation, Value

EN = translator("en")


def test_a_table_shows_what_is_filled_sorted_and_in_pages() -> None:
    rows = [{"name": f"n{number}", "size": number, "empty": "", "details": {"a": 1}} for number in range(120)]
    table = shapes.table(rows, EN, sort="-size", page="2")
    assert [column.title for column in table.columns] == ["Name", "Size"]
    assert (table.page, table.pages, table.rows[0]["size"], len(table.rows)) == (2, 3, 69, 50)


def test_what_nobody_can_sort_by_or_turn_to_does_no_harm() -> None:
    for sort, page in (("nonsense", "0"), ("--", "-1"), ("", "999999999999"), ("", "99"), ("size", "x")):
        table = shapes.table([{"size": 1}, {"size": None}, {"size": "a"}], EN, sort, page)
        assert (table.page, len(table.rows)) == (1, 3)
    assert shapes.table([], EN).rows == []


def test_a_plain_list_is_a_table_of_one_column() -> None:
    table = shapes.table(["a", "b"], EN)
    assert ([column.title for column in table.columns], [row["value"] for row in table.rows]) == (["Value"], ["a", "b"])


def test_what_takes_a_secret_is_never_asked_by_its_address() -> None:
    shown = Operation("a.list", "List", "", "view")
    assert shapes.only_shows(shown)
    assert not shapes.only_shows(replace(shown, access="operate"))
    assert not shapes.only_shows(replace(shown, is_task=True))
    assert not shapes.only_shows(replace(shown, parameters=(Value("password", "secret", "Password"),)))


def test_facts_leave_out_what_is_empty() -> None:
    assert shapes.facts({"a_b": 1, "c": "", "d": [], "e": False}, EN) == [("A b", 1), ("E", False)]
