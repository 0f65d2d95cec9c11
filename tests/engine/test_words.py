from collections.abc import Iterator

import hyperscan
import pytest

from garrison.engine import words
from garrison.engine.words import Expressions, Words, bring, packed

SETS = [(b"one", b"two"), (b"three",), (b"[45]x",)]


@pytest.fixture(autouse=True)
def _brings_nothing() -> Iterator[None]:
    before = dict(words._brought)
    yield
    words._brought.clear()
    words._brought.update(before)


def _uncompilable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Expressions) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(Expressions, "_compiled", refuse)


def test_the_sets_are_told_whatever_the_case() -> None:
    made = Words(SETS)
    assert made.present(b"a TWO and a one, 5X") == {0, 2}
    assert made.present(b"") == set()


def test_literal_words_are_no_expressions() -> None:
    assert Words([(b"[45]x",)], is_literal=True).present(b"4x [45]X") == {0}
    assert Words([(b"[45]x",)], is_literal=True).present(b"4x") == set()


def test_what_a_set_brings_is_not_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    bring(packed([Words([(b"other",)]), Words(SETS)]))
    _uncompilable(monkeypatch)
    assert Words(SETS).present(b"three") == {1}
    assert Words([(b"other",)]).present(b"three OTHER") == {0}


@pytest.mark.parametrize("change", ["other words", "no mark", "cut", "damaged"])
def test_what_does_not_fit_is_compiled(change: str) -> None:
    content = packed([Words([(b"other",)] if change == "other words" else SETS)])
    if change == "no mark":
        content = b"x" + content[1:]
    elif change == "cut":
        content = content[:-1]
    elif change == "damaged":
        content = content[:52] + bytes(40) + content[92:]
    bring(content)
    assert Words(SETS).present(b"three") == {1}


def test_the_next_set_replaces_what_the_last_one_brought() -> None:
    bring(packed([Words(SETS)]))
    bring(b"")
    assert not words._brought


def test_expressions_keep_their_numbers_and_flags_and_come_with_a_set_too(monkeypatch: pytest.MonkeyPatch) -> None:
    each = [(7, b"a.c", hyperscan.HS_FLAG_DOTALL), (9, b"end", hyperscan.HS_FLAG_SINGLEMATCH)]
    bring(packed([Words(SETS), Expressions(each)]))
    _uncompilable(monkeypatch)
    found: list[tuple[int, int]] = []
    Expressions(each).prepared().scan(
        b"a\nc end end A\nC", match_event_handler=lambda number, _, to, *__: found.append((number, to))
    )
    assert found == [(7, 3), (9, 7)]
