"""One file after the other in this very process: what no server can do, with answers damaged at random."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.fetch.getting import Getter, pause
from garrison.fetch.local import Locals
from garrison.fetch.requests import Requester
from garrison.wire.fetching import Line, Message, RequestMade, Wanted
from tests.fetch.servers import Server, content, cut_after, head, in_turn, raw

BODY = b"0123456789abcdef" * 64
ANSWERS = (
    head(200, Content_Length=len(BODY), ETag='"one"', Last_Modified="Tue, 24 Nov 2026 06:00:00 GMT") + BODY,
    head(200, Transfer_Encoding="chunked") + b"100\r\n" + BODY[:256] + b"\r\n300\r\n" + BODY[256:] + b"\r\n0\r\n\r\n",
    head(206, Content_Length=512, Content_Range="bytes 512-1023/1024", ETag='"one"') + BODY[512:],
    head(302, Location="/file", Content_Length=0),
    head(304, ETag='"one"'),
    head(503, Retry_After="0", Content_Length=0),
)


class Here:
    """A getter in this process, which works in the current folder."""

    def __init__(self, line: Line) -> None:
        self.said: list[Message] = []
        self.requester = Requester(line, self.said.append)
        self.getter = Getter(line, self.requester, Locals([]))

    def get(self, url: str) -> tuple[str, bytes | None]:
        arrived = self.getter.get(0, Wanted(url, "file", 4096), lambda _, __: None)
        body = Path("file").read_bytes() if arrived.has_file else None
        if body is not None:
            os.unlink("file")
        assert (body is None) or not arrived.failure
        assert body is None or len(body) == arrived.size
        return arrived.failure, body


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    monkeypatch.chdir(tmp_path)
    made = Here(Line(seconds=1.0, tries=1))
    yield made
    made.requester.close()


def damaged(answer: bytes, dice: random.Random) -> bytes:
    """Return an answer with some bytes changed, left out, doubled or moved, most of them in its head."""
    now = bytearray(answer)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(min(len(now), dice.choice((60, 300, len(now)))))
        what = dice.randrange(4)
        if what == 0:
            now[at] = dice.randrange(256)
        elif what == 1:
            del now[at : at + dice.randint(1, 20)]
        elif what == 2:
            now[at:at] = now[at : at + dice.randint(1, 20)]
        else:
            now[at:at] = dice.choice((b"\r\n", b"-", b"9" * 20, b"\x00", b": ", b"\r\n\r\n", b"HTTP/1.1 "))
        now = now or bytearray(b"x")
    return bytes(now)


@pytest.mark.parametrize("seed", range(100))
def test_a_damaged_answer_is_a_file_or_a_sentence(here: Here, seed: int) -> None:
    dice = random.Random(seed)
    answer = damaged(dice.choice(ANSWERS), dice)
    first = cut_after(512, BODY, '"one"') if seed % 3 == 0 else raw(answer)
    with Server({"/file": in_turn(first, raw(answer))}) as server:
        for _ in range(2):
            failure, body = here.get(server.url())
            assert failure or body is not None
            assert failure.isprintable()
    left = {path.name for path in Path.cwd().iterdir()}
    assert all(name.endswith((".part", ".part.json")) for name in left)
    assert len(left) in {0, 2}
    assert sum(isinstance(message, RequestMade) for message in here.said) >= 2


def test_what_is_put_together_is_the_file_whatever_the_cuts(here: Here) -> None:
    dice = random.Random(7)
    whole = content(BODY, '"one"')
    for _ in range(20):
        cuts = [cut_after(dice.randrange(1, len(BODY)), BODY, '"one"') for _ in range(dice.randint(1, 2))]
        with Server({"/file": in_turn(*cuts, whole)}) as server:
            body = None
            for _ in range(4):
                body = body or here.get(server.url())[1]
            assert body == BODY


def test_pauses_grow_and_are_never_all_the_same() -> None:
    pauses = [[pause(attempt) for _ in range(50)] for attempt in (1, 2, 10)]
    assert all(0.5 <= each <= 1.0 for each in pauses[0])
    assert all(1.0 <= each <= 2.0 for each in pauses[1])
    assert all(30 <= each <= 60 for each in pauses[2])
    assert len(set(pauses[0])) > 40
