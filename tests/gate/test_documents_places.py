"""Tests of which folders have marks, after plans that differ."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.gate.documents_places import Places
from garrison.linux import fanotify
from garrison.linux.fanotify import Init
from tests.gate.volumes import why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "can")
_BOTH = Init.CLOEXEC | Init.NONBLOCK | Init.UNLIMITED_MARKS
_NAMES = Init.CLASS_NOTIF | Init.REPORT_FID | Init.REPORT_DIR_FID | Init.REPORT_NAME


class Watched:
    """Two groups over folders of a volume, and which of these have marks in both."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.asks = fanotify.open_group(Init.CLASS_PRE_CONTENT | _BOTH)
        self.tells = fanotify.open_group(_NAMES | _BOTH)
        self.places = Places(self.asks, self.tells)
        for name in ("a/b", "c/own", "starts"):
            (top / name).mkdir(parents=True)

    def apply(self, folders: str, traces: str = "", private: str = "") -> set[str]:
        parts = ([str(self.top / name) for name in names.split()] for names in (folders, traces, private))
        self.places.apply(*map(tuple, parts))
        marked = [self.marked(group) for group in (self.asks, self.tells)]
        assert marked[0] == marked[1]
        return marked[0]

    def marked(self, group: int) -> set[str]:
        """Return the folders that the kernel says have a mark (proc(5), fdinfo)."""
        inodes = {path.stat().st_ino: str(path.relative_to(self.top)) for path in self.top.rglob("*") if path.is_dir()}
        lines = Path(f"/proc/self/fdinfo/{group}").read_text("ascii").splitlines()
        return {inodes[int(line.split()[1].removeprefix("ino:"), 16)] for line in lines if " ino:" in line}

    def close(self) -> None:
        self.places.close()
        os.close(self.asks)
        os.close(self.tells)


@pytest.fixture
def watched(documents: Path) -> Iterator[Watched]:
    made = Watched(documents)
    yield made
    made.close()


def test_only_what_is_in_the_plan_has_marks(watched: Watched) -> None:
    assert watched.apply("a c", "starts") == {"a", "a/b", "c", "c/own", "starts"}
    assert watched.apply("c", "starts") == {"c", "c/own", "starts"}
    assert watched.apply("c", "", "c/own") == {"c"}
    assert watched.apply("c") == {"c", "c/own"}
    assert watched.apply("a/b", "c") == {"a/b", "c"}
    assert watched.apply("a", "a/b") == {"a", "a/b"}
    assert watched.apply("") == set()


def test_what_stays_watched_never_loses_its_marks(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.apply("a c")
    seen: list[set[str]] = []
    really = fanotify.mark

    def marked(*arguments: object) -> None:
        really(*arguments)  # type: ignore[arg-type] # as they come
        seen.append(watched.marked(watched.asks))

    monkeypatch.setattr(fanotify, "mark", marked)
    watched.apply("a", private="c")
    watched.apply("a c")
    assert seen
    assert all(each >= {"a", "a/b"} for each in seen)
