"""Tests of the exclusions component, in a real suite."""

import pytest

from garrison.base.errors import Invalid, NotFound
from tests.suite import RunningSuite


def test_add_list_and_remove(suite: RunningSuite) -> None:
    added = suite.call("exclusions.add", by="mask", value="*.iso", note="images")
    again = suite.call("exclusions.add", by="mask", value="*.iso")
    assert added["id"] == again["id"]
    (row,) = suite.call("exclusions.list")
    assert (row["by"], row["value"], row["note"]) == ("mask", "*.iso", "images")
    suite.call("exclusions.remove", id=row["id"])
    assert suite.call("exclusions.list") == []
    with pytest.raises(NotFound):
        suite.call("exclusions.remove", id=row["id"])


def test_survives_a_restart(suite: RunningSuite) -> None:
    number = suite.call("exclusions.add", by="name", value="EICAR-*")["id"]
    suite.kill()
    suite.start()
    assert [row["value"] for row in suite.call("exclusions.list")] == ["EICAR-*"]
    suite.call("exclusions.remove", id=number)


@pytest.mark.parametrize(
    ("by", "value"), [("mask", "*"), ("mask", "/*"), ("hash", "xyz"), ("name", "*"), ("colour", "x")]
)
def test_what_would_leave_everything_out_is_refused(suite: RunningSuite, by: str, value: str) -> None:
    with pytest.raises(Invalid):
        suite.call("exclusions.add", by=by, value=value)


def test_it_is_written_down(suite: RunningSuite) -> None:
    number = suite.call("exclusions.add", by="name", value="Test.Only")["id"]
    suite.call("exclusions.remove", id=number)
    names = [row["name"] for row in suite.call("suite.journal", component="exclusions", limit=2)]
    assert names == ["ExclusionRemoved", "ExclusionAdded"]
