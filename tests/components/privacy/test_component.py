"""Tests of the privacy component, in a real suite."""

import hashlib

import pytest

from garrison.base.errors import GarrisonError, Invalid
from tests.fetch.servers import Server, content
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


DIGESTS = b"".join(hashlib.sha256(bytes([number])).hexdigest().encode() + b"\n" for number in range(20))


def test_what_goes_out_is_agreed_to_and_written_down(suite: RunningSuite) -> None:
    with Server({"/list.hsb": content(DIGESTS, '"one"')}) as server:
        suite.call("databases.add", address=server.url("/list.hsb"), kind="hashes")  # and agree that it is asked
        suite.call("suite.consent-withdraw", purpose="updates.databases")
        with pytest.raises(GarrisonError, match=r"updates\.databases"):
            suite.call("updates.check")
        assert server.asked == []
        suite.call("databases.add", address=server.url("/list.hsb"), kind="hashes", id="again")
        suite.call("databases.remove", id="again")
        suite.call("updates.update", sources=[])
        (row,) = suite.call("privacy.outgoing", host="127.0.0.1")
        assert (row["purpose"], row["outcome"]) == ("updates.databases", "200")
        assert row["received"] > len(DIGESTS)
        suite.call("updates.check")
        assert [row["outcome"] for row in suite.call("privacy.outgoing")] == ["304", "200"]
        suite.call("suite.consent-withdraw", purpose="updates.databases")
        with pytest.raises(GarrisonError, match="not agreed"):
            suite.call("updates.update", sources=[])
        assert len(server.asked) == 2
    (purpose,) = (row for row in suite.call("privacy.consents") if row["purpose"] == "updates.databases")
    assert (purpose["agreed"], purpose["requests"]) == (False, 2)
    assert str(server.port) not in str(suite.call("privacy.outgoing"))
