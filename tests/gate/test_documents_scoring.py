"""Tests of the judging of what was done to documents, by properties."""

import base64
import io
import os
import random
import zipfile
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.gate.documents_scoring import (
    BLOCK_BYTES,
    Sample,
    Scores,
    damage,
    is_opaque,
    is_random,
    is_whole,
)

TEXT = b" ".join(b"the invoice of %d was paid by the customer in the second week of the month" % n for n in range(400))


def sample_of(content: bytes) -> Sample:
    size = len(content)
    if size <= BLOCK_BYTES:
        return Sample(size, (content,) if content else ())
    middle = size // 2 - BLOCK_BYTES // 2
    places = sorted({0, max(0, middle), size - BLOCK_BYTES})
    return Sample(size, tuple(content[at : at + BLOCK_BYTES] for at in places))


def zipped(content: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.xml", content)
    return held.getvalue()


def noise(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)  # the same each time


@given(st.integers(0, 10_000), st.integers(256, 4096))
def test_what_is_random_looks_random(seed: int, size: int) -> None:
    assert is_random(noise(seed, size))


@given(st.integers(0, 10_000), st.integers(256, 2000))
def test_what_is_random_still_looks_so_when_it_is_encoded(seed: int, size: int) -> None:
    content = noise(seed, size)
    assert is_random(base64.encodebytes(content))
    assert is_random(content.hex().encode("ascii"))


@given(st.integers(0, len(TEXT) - 4096), st.integers(128, 4096))
def test_text_does_not_look_random(at: int, size: int) -> None:
    assert not is_random(TEXT[at : at + size])


def test_programs_and_tables_do_not_look_random() -> None:
    with open("/bin/sh", "rb") as file:
        assert not is_random(file.read(BLOCK_BYTES))
    assert not is_random(b",".join(b"%d;%d" % (n, n * n) for n in range(300)))


@given(st.integers(0, 500), st.integers(300, 20_000), st.sampled_from(["text", "zip"]))
def test_encryption_is_damage_whatever_it_was_before(seed: int, size: int, kind: str) -> None:
    plain = (TEXT * 2)[:size]
    before = sample_of(plain if kind == "text" else zipped(plain))
    assert damage(before, sample_of(noise(seed, before.size)))[0] == 1.0


@given(st.integers(0, 500), st.integers(6000, 20_000))
def test_half_of_a_text_turned_random_is_damage(seed: int, size: int) -> None:
    plain = (TEXT * 2)[:size]
    changed = plain[: size // 2] + noise(seed, size - size // 2)
    assert damage(sample_of(plain), sample_of(changed))[0] == 1.0


@given(st.integers(1, 15_000), st.integers(1, 15_000), st.integers(0, 3000))
def test_writing_and_saving_texts_and_archives_anew_is_no_damage(old: int, new: int, at: int) -> None:
    before, after = TEXT[at : at + old], TEXT[at : at + new]
    assert damage(sample_of(before), sample_of(after)) == (0.0, "")
    assert damage(sample_of(zipped(before)), sample_of(zipped(after)))[0] == 0.0


def test_an_archive_that_lost_its_end_is_damaged() -> None:
    whole = zipped(os.urandom(9000))
    assert is_whole(sample_of(whole))
    cut = whole[:4096] + noise(1, len(whole) - 4096)
    assert damage(sample_of(whole), sample_of(cut))[0] == 1.0


def test_an_archive_whose_form_is_only_pretended_is_damaged() -> None:
    whole = zipped(os.urandom(9000))
    for forged in (
        b"PK\3\4" + noise(1, 9000) + b"PK\5\6" + bytes(18),
        whole[:60] + noise(2, len(whole) - 82) + whole[-22:],
        whole[:60] + noise(3, len(whole) - 316) + whole[-256:],
    ):
        assert damage(sample_of(whole), sample_of(forged))[0] == 1.0
        assert damage(sample_of(TEXT), sample_of(forged))[0] >= 0.5


@given(st.integers(600, 20_000))
def test_a_text_whose_ends_are_kept_is_damaged_all_the_same(size: int) -> None:
    plain = (TEXT * 2)[:size]
    changed = plain[:60] + noise(size, size - 120) + plain[-60:]
    assert damage(sample_of(plain), sample_of(changed))[0] == 1.0


def test_what_was_emptied_and_then_saved_no_longer_counts_but_destruction_does() -> None:
    scores = Scores(600.0)
    scores.add_damage(["n"], 1.0, "/d/saved", 0.3, "emptied")
    scores.add_damage(["n"], 1.0, "/d/lost", 1.0, "why")
    scores.mend("/d/saved")
    scores.mend("/d/lost")
    assert scores.reasons("n") == {"/d/lost": "why"}


def test_emptying_and_blanking_are_told_apart() -> None:
    before = sample_of(TEXT)
    assert damage(before, Sample(0))[0] == 0.3
    assert damage(before, sample_of(bytes(len(TEXT))))[0] == 1.0


def test_what_was_opaque_before_is_not_damaged_by_being_so_again() -> None:
    assert damage(sample_of(noise(1, 9000)), sample_of(noise(2, 9000))) == (0.0, "")


def test_compressed_data_of_a_known_kind_is_not_opaque() -> None:
    assert not is_opaque(sample_of(zlib.compress(os.urandom(5000), 1)))
    assert is_opaque(sample_of(noise(3, 5000)))


weights = st.lists(
    st.tuples(st.floats(0, 500), st.sampled_from("abcdefgh"), st.sampled_from([0.0, 0.3, 0.5, 1.0])), max_size=30
)


@settings(max_examples=60)
@given(weights)
def test_a_file_counts_once_and_never_more_than_one_and_breadth(deeds: list[tuple[float, str, float]]) -> None:
    scores = Scores(600.0)
    for when, name, weight in deeds:
        scores.add_damage(["n"], when, f"/d/{name}", weight, "why")
    files = {name for _, name, weight in deeds if weight}
    assert 0 <= scores.score("n", 500.0) <= len(files)


@settings(max_examples=60)
@given(weights, st.floats(0, 3000))
def test_scores_only_fade_with_time_and_end(deeds: list[tuple[float, str, float]], later: float) -> None:
    scores = Scores(600.0)
    for when, name, weight in deeds:
        scores.add_damage(["n"], when, f"/{name}/x", weight, "why")
    now = scores.score("n", 500.0)
    assert scores.score("n", 500.0 + later) <= now
    assert scores.score("n", 1101.0) == 0.0
    scores.prune(1101.0)
    assert not scores._books


@given(st.integers(0, 20), st.integers(0, 20))
def test_a_new_file_and_a_deletion_count_as_one_destroyed_file(outputs: int, deletions: int) -> None:
    scores = Scores(600.0)
    for number in range(outputs):
        scores.add_output(["n"], 1.0, f"/d/{number}.locked")
    for number in range(deletions):
        scores.add_deletion(["n"], 1.0, f"/d/{number}")
    pairs = min(outputs, deletions)
    assert abs(scores.score("n", 1.0) - (pairs + 0.2 * (deletions - pairs))) < 1e-9


def test_what_is_deleted_and_then_there_again_does_not_count() -> None:
    scores = Scores(600.0)
    for name in "abc":
        scores.add_deletion(["n"], 1.0, f"/d/{name}")
    scores.put_back("/d/a")
    assert abs(scores.score("n", 1.0) - 0.4) < 1e-9


def test_many_folders_weigh_more_than_one() -> None:
    one, many = Scores(600.0), Scores(600.0)
    for number in range(4):
        one.add_damage(["n"], 1.0, f"/d/{number}", 0.5, "")
        many.add_damage(["n"], 1.0, f"/d/{number}/x", 0.5, "")
    assert many.score("n", 1.0) > one.score("n", 1.0)


def test_who_is_forgiven_begins_anew() -> None:
    scores = Scores(600.0)
    scores.add_damage(["a", "b"], 1.0, "/d/x", 1.0, "why")
    scores.forgive(["a"])
    assert (scores.score("a", 1.0), scores.score("b", 1.0)) == (0.0, 1.0)
    assert scores.reasons("b") == {"/d/x": "why"}
