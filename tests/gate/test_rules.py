"""What the plan leaves out, and that a path alone convinces nobody."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from garrison.gate.rules import Rules, path_of
from garrison.linux.mounted import Mount, Mounts, mount_of, read
from garrison.wire.guarding import Examining, Place, Plan, Reach, Types

EVERYTHING = (Place(Reach.EVERYTHING, "/"),)


def plan(**parts: Any) -> Plan:
    return Plan(Examining("/databases", {}), **{"places": EVERYTHING, **parts})


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    path = tmp_path / "inside" / "report.txt"
    path.parent.mkdir()
    path.write_bytes(b"text")
    descriptor = os.open(path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def left_out(file: int, mounts: Mounts | None = None, **parts: Any) -> bool:
    return Rules(plan(**parts), mounts or read()).leave_out(file, os.getpid())


def test_a_plan_without_exceptions_leaves_nothing_out(file: int) -> None:
    assert not left_out(file)


@pytest.mark.parametrize(
    ("mask", "fits"),
    [
        ("*.txt", True),
        ("report.*", True),
        ("inside/*", True),
        ("inside", False),  # a name without a slash is the file's
        ("*/inside/", True),
        ("/elsewhere/*", False),
        ("*.pdf", False),
        ("*", False),  # would leave everything out: taken for none
    ],
)
def test_masks_go_by_name_path_and_folder(file: int, mask: str, fits: bool) -> None:
    assert left_out(file, masks=(mask,)) is fits


def test_a_private_folder_is_left_out_with_all_below(file: int, tmp_path: Path) -> None:
    assert left_out(file, private=(str(tmp_path),))
    assert left_out(file, private=(str(tmp_path / "inside"),))
    assert not left_out(file, private=(str(tmp_path / "other"),))


def test_a_folder_is_watched_and_what_is_beside_it_is_not(file: int, tmp_path: Path) -> None:
    assert not left_out(file, places=(Place(Reach.FOLDER, str(tmp_path / "inside")),))
    assert not left_out(file, places=(Place(Reach.MOUNT, str(tmp_path)),))
    (tmp_path / "other").mkdir()
    assert left_out(file, places=(Place(Reach.FOLDER, str(tmp_path / "other")),))


def test_no_path_counts_that_was_reached_over_a_mount_of_another_view(file: int, tmp_path: Path) -> None:
    known = mount_of(file)
    strangers = Mounts([Mount(known + 100_000, "0:1", "/", "/", "ext4")])
    (tmp_path / "other").mkdir()
    for parts in (
        {"masks": ("*.txt",)},
        {"private": (str(tmp_path),)},
        {"types": Types.EXTENSION},
        {"places": (Place(Reach.FOLDER, str(tmp_path / "other")),)},
    ):
        assert left_out(file, **parts)
        assert not left_out(file, strangers, **parts)


def test_a_harmless_name_of_something_that_can_be_run_is_examined(file: int) -> None:
    assert left_out(file, types=Types.EXTENSION)
    os.chmod(f"/proc/self/fd/{file}", 0o755)
    assert not left_out(file, types=Types.EXTENSION)


def test_a_path_is_told_also_of_a_file_that_is_gone(file: int, tmp_path: Path) -> None:
    assert path_of(file) == str(tmp_path / "inside" / "report.txt")
    (tmp_path / "inside" / "report.txt").unlink()
    assert path_of(file) == str(tmp_path / "inside" / "report.txt")
    assert path_of(9999) == ""
