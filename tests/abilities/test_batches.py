"""Tests of how files are taken from a walk."""

import os
from pathlib import Path

from garrison.abilities.batches import BATCH_BYTES, Taken, close, count_some, next_batch
from garrison.linux.walk import Known, Trouble, Walk


def test_so_many_files_and_troubles_at_a_time_and_then_the_end(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / str(number)).touch()
    os.mkfifo(tmp_path / "0.pipe")
    walk, sizes = Walk().files([str(tmp_path)]), []
    while True:
        taken = Taken()
        is_over = next_batch(walk, 2, taken)
        close(taken.batch)
        if is_over:
            break
        sizes.append((len(taken.batch), len(taken.troubles)))
    assert sizes == [(1, 1), (2, 0), (2, 0)]


def test_one_big_file_is_enough(tmp_path: Path) -> None:
    for name in "ab":
        with open(tmp_path / name, "wb") as file:
            file.truncate(BATCH_BYTES + 1)
    taken = Taken()
    assert not next_batch(Walk().files([str(tmp_path)]), 10, taken)
    close(taken.batch)
    assert len(taken.batch) == 1


def test_what_is_known_and_what_waits() -> None:
    taken = Taken()
    assert not next_batch(iter([Known("/a", 1), None, Trouble("/b", "gone")]), 2, taken)
    assert (len(taken.known), len(taken.troubles)) == (1, 0)


def test_names_are_counted_a_thousand_at_a_time() -> None:
    names = iter([str(number) for number in range(1500)])
    assert [count_some(names) for _ in range(3)] == [1000, 500, 0]
