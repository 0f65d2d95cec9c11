"""Tests of being told of written files, on the real kernel."""

import os
import select
from pathlib import Path

from garrison.linux.inotify import Inotify, Kind


def _told(notices: Inotify) -> set[str]:
    found = set()
    while select.select([notices.descriptor], [], [], 0.2)[0]:
        found |= {notice.path for notice in notices.take() if notice.kind is Kind.WRITTEN}
    return found


def test_files_that_are_written_or_moved_in_are_told(tmp_path: Path) -> None:
    (tmp_path / "watched" / "deep").mkdir(parents=True)
    (tmp_path / "outside").write_text("x")
    with Inotify() as notices:
        notices.watch(str(tmp_path / "watched"))
        assert len(notices) == 2
        (tmp_path / "watched" / "a").write_text("x")
        (tmp_path / "watched" / "deep" / "b").write_text("x")
        os.rename(tmp_path / "outside", tmp_path / "watched" / "c")
        (tmp_path / "watched" / "a").read_text()
        assert _told(notices) == {str(tmp_path / "watched" / name) for name in ("a", "deep/b", "c")}


def test_folders_that_appear_are_taken_up_with_what_is_in_them(tmp_path: Path) -> None:
    (tmp_path / "from" / "x").mkdir(parents=True)
    (tmp_path / "from" / "x" / "early").write_text("x")
    (tmp_path / "watched").mkdir()
    with Inotify() as notices:
        notices.watch(str(tmp_path / "watched"))
        os.rename(tmp_path / "from", tmp_path / "watched" / "new")
        assert str(tmp_path / "watched" / "new" / "x" / "early") in _told(notices)
        (tmp_path / "watched" / "new" / "x" / "late").write_text("x")
        assert str(tmp_path / "watched" / "new" / "x" / "late") in _told(notices)


def test_links_are_not_followed_and_what_goes_is_let_go(tmp_path: Path) -> None:
    (tmp_path / "watched" / "gone").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "watched" / "link").symlink_to(tmp_path / "other")
    with Inotify() as notices:
        notices.watch(str(tmp_path / "watched"))
        (tmp_path / "other" / "a").write_text("x")
        (tmp_path / "watched" / "gone").rmdir()
        assert _told(notices) == set()
        assert len(notices) == 1
