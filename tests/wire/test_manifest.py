from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.wire.manifest import EventKind, Manifest, Operation, Purpose, Value, digest, dump, from_plain, to_plain

words = st.text(max_size=10)
values = st.builds(
    Value,
    name=words,
    kind=words,
    title=words,
    default=st.none() | st.integers() | st.lists(words, max_size=2),
    choices=st.lists(words, max_size=3).map(tuple),
    limits=st.dictionaries(words, st.integers(), max_size=2),
)
some_values = st.lists(values, max_size=2).map(tuple)
operations = st.builds(
    Operation, id=words, title=words, help=words, access=words, parameters=some_values, schedule=words
)
manifests = st.builds(
    Manifest,
    id=words,
    title=words,
    help=words,
    feature=words,
    settings=some_values,
    operations=st.lists(operations, max_size=2).map(tuple),
    events=st.lists(
        st.builds(EventKind, id=words, says=words, severity=words, fields=st.lists(words, max_size=2).map(tuple)),
        max_size=2,
    ).map(tuple),
    purposes=st.lists(st.builds(Purpose, id=words, title=words, text=words), max_size=2).map(tuple),
    aliases=st.dictionaries(words, words, max_size=2),
)


@given(st.lists(manifests, max_size=2).map(tuple))
def test_a_manifest_survives_the_socket(some: tuple[Manifest, ...]) -> None:
    assert from_plain(to_plain(some)) == some


@given(st.lists(manifests, max_size=2).map(tuple))
def test_equal_manifests_have_equal_names(some: tuple[Manifest, ...]) -> None:
    assert digest(dump(some)) == digest(dump(from_plain(to_plain(some))))


@pytest.mark.parametrize("plain", [[{}], [{"id": "x"}], [3], ["text"], [None]])
def test_what_is_no_manifest(plain: list[Any]) -> None:
    with pytest.raises((KeyError, TypeError)):
        from_plain(plain)


def test_an_operation_is_found_by_its_name() -> None:
    scan = Operation("scan.quick", "Quick scan", "", "operate")
    manifest = Manifest("scan", "Scan", "", "core", operations=(scan,))
    assert manifest.operation("quick") is scan
    assert manifest.operation("slow") is None
    assert manifest.operation("scan.quick") is None
