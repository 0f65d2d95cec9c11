"""Tests of the privacy component, in a real suite."""

import pytest

from garrison.base.errors import Invalid
from tests.suite import RunningSuite


def test_a_suite_that_sent_nothing_says_so(suite: RunningSuite) -> None:
    assert suite.call("privacy.outgoing") == []


def test_every_purpose_is_listed_with_your_word_on_it(suite: RunningSuite) -> None:
    rows = suite.call("privacy.consents")
    assert [row["purpose"] for row in rows] == [row["id"] for row in suite.call("suite.consents")]
    assert not any(row["agreed"] or row["requests"] for row in rows)


def test_days_are_no_less_than_none(suite: RunningSuite) -> None:
    with pytest.raises(Invalid):
        suite.call("privacy.outgoing", days=-1)
