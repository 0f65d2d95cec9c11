import pytest

from garrison.base.errors import Unavailable
from garrison.wire.mirroring import (
    Listening,
    Nonsense,
    ServeJob,
    decode_answer,
    decode_job,
    encode_answer,
    encode_job,
)


def test_a_job_comes_as_it_was_sent() -> None:
    job = ServeJob(7, "192.168.1.20", 8080)
    assert decode_job(encode_job(job)) == job


def test_where_it_listens_comes_as_it_was_told() -> None:
    assert decode_answer(encode_answer(Listening(8080))) == Listening(8080)


def test_why_it_cannot_comes_as_it_was_told() -> None:
    told = decode_answer(encode_answer(Unavailable("Port 80 is taken.", "Choose another.")))
    assert isinstance(told, Unavailable)
    assert (told.text, told.hint) == ("Port 80 is taken.", "Choose another.")


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[]", b"7", b"null", b'{"port": "80"}', b'{"port": 0}', b'{"port": true}', b"[" * 100_000]
)
def test_nonsense_is_no_answer(line: bytes) -> None:
    with pytest.raises(Nonsense):
        decode_answer(line)
