"""Tests of places in a walk."""

import os
from pathlib import Path

import pytest

from garrison.linux import walk as walk_module
from garrison.linux.place import Place
from garrison.linux.walk import Found, Trouble, Walk


def test_places_compare_as_the_walk_goes(tmp_path: Path) -> None:
    for name in ("b/c/x", "b/a", "b.txt", "a/z", "c", "b/c.d/y"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    walk, places = Walk(), []
    for item in walk.files([str(tmp_path), str(tmp_path / "c")]):
        assert isinstance(item, Found)
        os.close(item.descriptor)
        places.append(walk.at())
    assert len(places) == 7
    assert places == sorted(places)


def test_a_folder_comes_before_its_files_and_these_before_its_folders() -> None:
    places = [
        Place(1),
        Place.of_folder(1, "/a"),
        Place.of_file(1, "/a/z"),
        Place.of_note(1, "/a"),
        Place.of_folder(1, "/a/b"),
        Place.of_file(1, "/a/b/c"),
        Place(2),
    ]
    assert places == sorted(places)
    assert [Place.from_plain(place.plain()) for place in places] == places


@pytest.mark.parametrize("damaged", [[], [1], ["1", []], [1, [[1]]], [1, [["a", "b"]]], None, [1, 2]])
def test_what_is_no_place_is_refused(damaged: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        Place.from_plain(damaged)


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "top"
    folder.mkdir()
    return folder


def walked(*roots: Path | str, walk: Walk | None = None) -> tuple[list[str], list[Trouble]]:
    """Return the paths of the files found, and the troubles."""
    paths, troubles = [], []
    for item in (walk or Walk()).files([str(root) for root in roots]):
        if isinstance(item, Found):
            paths.append(item.path)
            os.close(item.descriptor)
        elif isinstance(item, Trouble):
            troubles.append(item)
    return paths, troubles


def _tree(top: Path) -> list[str]:
    for name in ("b/c/x", "b/a", "b.txt", "a/z", "a/m", "c", "b/c.d/y", "d/e/f/g"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).touch()
    return walked(top)[0]


def test_a_walk_goes_on_where_another_one_got_to_whatever_that_place_is(top: Path, tmp_path: Path) -> None:
    every = _tree(top)
    roots = [str(top / "c"), str(top), str(top / "d"), str(tmp_path / "none")]
    walk, places = Walk(), [Place()]
    for item in walk.files(roots):
        if isinstance(item, Found):
            os.close(item.descriptor)
        places.append(walk.at())
    assert len(places) == len(every) + 3  # the file that is given too, what is not there, and the beginning
    for number, place in enumerate(places):
        paths, troubles = walked(*roots, walk=Walk(after=place))
        assert paths == [roots[0], *every][number:]
        assert len(troubles) == (number <= len(every) + 1)


def test_a_walk_goes_on_where_the_last_file_is_gone_and_leaves_out_what_came_before_it_since(top: Path) -> None:
    every = _tree(top)
    place = Place.of_file(0, str(top / "a/z"))
    (top / "a/z").unlink()
    (top / "a/new").touch()
    (top / "b/new").touch()
    paths = walked(top, walk=Walk(after=place, but=frozenset({str(top / "b/a")})))[0]
    assert paths == [str(top / "b/new"), *every[every.index(str(top / "b/a")) + 1 :]]


def test_in_a_folder_too_big_to_be_sorted_nothing_is_passed_over(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = set(_tree(top)) | {str(top / f"b/{number}") for number in range(40)}
    for number in range(40):
        (top / f"b/{number}").touch()
    monkeypatch.setattr(walk_module, "_LISTED_AT_ONCE", 10)
    walk, given, places = Walk(), [], []
    for item in walk.files([str(top)]):
        assert isinstance(item, Found)
        os.close(item.descriptor)
        given.append(item.path)
        places.append(walk.at())
    assert set(given) == every
    for number, place in enumerate(places):
        assert set(walked(top, walk=Walk(after=place))[0]) >= set(given[number + 1 :])
