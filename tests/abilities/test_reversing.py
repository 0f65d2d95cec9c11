"""Tests of telling what undoes a journal."""

import os

from garrison.abilities.reversing import Copy, reverse
from garrison.wire.watching import Deed, Did


def deed(did: Did, path: str, to: str = "", copy: str = "", file: str = "") -> Deed:
    lineage = ("7.70", "5.50")
    return Deed(1.0, did, path, lineage[0], lineage, 5, "/usr/bin/evil", os.geteuid(), to, copy, {}, file)


def test_the_first_copy_of_a_file_is_what_counts() -> None:
    deeds = [deed(Did.CHANGED, "/d/a", copy="1"), deed(Did.CHANGED, "/d/a", copy="2")]
    assert reverse(iter(deeds)).restores == {"/d/a": Copy("1", {})}


def test_a_copy_is_better_than_the_word_that_there_is_none() -> None:
    deeds = [deed(Did.CHANGED, "/d/a"), deed(Did.DELETED, "/d/a", copy="2")]
    assert reverse(iter(deeds)).restores == {"/d/a": Copy("2", {})}


def test_what_was_made_is_not_restored_but_taken_away() -> None:
    deeds = [deed(Did.CREATED, "/d/a"), deed(Did.CHANGED, "/d/a", copy="1"), deed(Did.RENAMED, "/d/a", "/d/b")]
    reversal = reverse(iter(deeds))
    assert (reversal.restores, reversal.made) == ({}, ["/d/b"])


def test_what_was_made_and_deleted_is_nothing() -> None:
    deeds = [deed(Did.CREATED, "/d/a"), deed(Did.DELETED, "/d/a", copy="1")]
    reversal = reverse(iter(deeds))
    assert (reversal.restores, reversal.made, reversal.moves) == ({}, [], {})


def test_a_file_that_was_only_renamed_is_moved_back() -> None:
    deeds = [deed(Did.RENAMED, "/d/a", "/d/b"), deed(Did.RENAMED, "/d/b", "/d/c")]
    assert reverse(iter(deeds)).moves == {"/d/c": "/d/a"}


def test_a_file_that_was_renamed_and_changed_is_restored_under_its_old_name() -> None:
    deeds = [deed(Did.RENAMED, "/d/a", "/d/a.locked"), deed(Did.CHANGED, "/d/a.locked", copy="1")]
    reversal = reverse(iter(deeds))
    assert reversal.restores == {"/d/a": Copy("1", {})}
    assert (reversal.made, reversal.moves) == (["/d/a.locked"], {})


def test_a_file_that_was_replaced_by_a_made_one_is_restored() -> None:
    deeds = [
        deed(Did.CREATED, "/d/t"), deed(Did.REPLACED, "/d/a", copy="1"), deed(Did.RENAMED, "/d/t", "/d/a"),
    ]  # fmt: skip
    reversal = reverse(iter(deeds))
    assert (reversal.restores, reversal.made) == ({"/d/a": Copy("1", {})}, [])


def test_deeds_belong_to_a_process_with_its_descendants_to_a_session_or_a_program() -> None:
    one = deed(Did.CHANGED, "/d/a")
    yes = ("process:7.70", "process:5.50", "session:5", f"program:{os.geteuid()}:/usr/bin/evil")
    assert all(one.is_of(node) for node in yes)
    assert not any(one.is_of(node) for node in ("process:7.71", "session:7", "program:1:/usr/bin/evil"))


def test_all_files_that_were_made_changed_or_renamed_are_known() -> None:
    deeds = [
        deed(Did.CREATED, "/d/t", file="1"), deed(Did.CHANGED, "/d/a", copy="1", file="2"),
        deed(Did.RENAMED, "/d/t", "/d/a", file="1"), deed(Did.DELETED, "/d/b", file="3"),
    ]  # fmt: skip
    reversal = reverse(iter(deeds))
    assert reversal.files == frozenset("12")
    assert [reversal.has(file) for file in "123"] == [True, True, False]


def test_where_a_journal_does_not_know_its_files_any_may_be_meant() -> None:
    reversal = reverse(iter([deed(Did.CREATED, "/d/t", file="1"), deed(Did.CHANGED, "/d/a", copy="1")]))
    assert reversal.files is None
    assert reversal.has("9")


def test_what_was_only_read_is_told_apart() -> None:
    deeds = [deed(Did.READ, "/d/a", copy="1"), deed(Did.READ, "/d/b", copy="2"), deed(Did.CHANGED, "/d/b", copy="3")]
    assert reverse(iter(deeds)).only_read == {"/d/a"}
