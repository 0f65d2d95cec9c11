"""The words between the daemon and the fetching process."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.base.errors import Unavailable
from garrison.wire.fetching import (
    MOST_AHEAD,
    Ahead,
    Arrived,
    Asking,
    Done,
    GetJob,
    Job,
    Line,
    Mail,
    Message,
    Nonsense,
    Post,
    Problem,
    Progress,
    Proxy,
    Refreshed,
    RequestMade,
    SendJob,
    TrustedJob,
    Wanted,
    decode_job,
    decode_message,
    encode_job,
    encode_message,
    part_name,
)

LINE = Line(Proxy("http://proxy.example:3128", "anna", "secret"), 1000, is_metered=True, seconds=5.0, tries=2)


@pytest.mark.parametrize(
    "job",
    [
        GetJob(LINE, (Wanted("http://a.example/", "a", 10, '"tag"', "now", ("b.example",), ("Auth-Key", "secret")),)),
        GetJob(Line(), ()),
        TrustedJob(Line(), ("http://a.example/", "/media/stick"), ("databases.json",), "2026-11-24T12:00:00+00:00"),
        TrustedJob(Line(), (), ("a",), "2026-11-24T12:00:00+00:00", Ahead("deltas/0-", "atoms-", 0.5, 1000)),
        SendJob(LINE, Post("https://a.example/hook", "ü", {"X-Own": "yes"})),
        SendJob(Line(), Mail("mail.example", 465, "tls", "a@b.example", "c@d.example", "Subject: x", "ann", "secret")),
    ],
)
def test_a_job_arrives_as_it_was_sent(job: Job) -> None:
    assert decode_job(encode_job(job)) == job


@pytest.mark.parametrize(
    "message",
    [
        Asking("a.example"),
        RequestMade("a.example", 10, 20, "200"),
        Progress(10, None),
        Progress(10, 20),
        Arrived(0, has_file=True, size=3, transferred=3, etag='"x"'),
        Refreshed((0, 2), 3, "2026-11-24", "/media", 4, is_stale=True, failures={"http://a.example/": "no"}),
        Refreshed((0,), 3, "2026-11-24", "/media", 4, is_stale=False, ahead=("deltas/0-1/a", "deltas/0-1/b")),
        Done(),
    ],
)
def test_a_message_arrives_as_it_was_sent(message: Message) -> None:
    assert decode_message(encode_message(message)) == message


def test_an_error_arrives_as_one() -> None:
    got = decode_message(encode_message(Problem(Unavailable("No.", "Wait."))))
    assert isinstance(got, Problem)
    assert isinstance(got.error, Unavailable)
    assert (got.error.text, got.error.hint) == ("No.", "Wait.")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b'"done"',
        b'{"say": "other"}',
        b'{"say": "progress", "done": -1, "total": null}',
        b'{"say": "progress", "done": true, "total": null}',
        b'{"say": "progress", "done": 1}',
        b'{"say": "progress", "done": 1, "total": null, "more": 1}',
        b'{"say": "arrived", "index": "0", "has_file": true, "size": 1, "transferred": 1}',
        b'{"say": "request", "host": 5, "sent": 1, "received": 1, "outcome": ""}',
        b'{"say": "refreshed", "targets": [-1]}',
        b'{"say": "refreshed", "targets": 5}',
        b'{"say": "refreshed", "ahead": [5]}',
        json.dumps({"say": "refreshed", "ahead": ["a"] * (MOST_AHEAD + 1)}).encode(),
        b"[" * 100_000,
    ],
)
def test_what_is_no_message_is_not_believed(line: bytes) -> None:
    with pytest.raises(Nonsense):
        decode_message(line)


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.integers()), max_size=4))
def test_any_message_is_one_or_nonsense(plain: dict[str, object]) -> None:
    for word in ("request", "progress", "arrived", "refreshed", "done", "problem"):
        try:
            decode_message(json.dumps({**plain, "say": word}).encode())
        except Nonsense:
            continue


def test_parts_of_different_files_have_different_names() -> None:
    assert part_name("http://a.example/1") != part_name("http://a.example/2")
