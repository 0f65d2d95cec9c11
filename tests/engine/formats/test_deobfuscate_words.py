from garrison.engine.formats.deobfuscate_words import Words


def test_the_sets_are_told_whatever_the_case() -> None:
    words = Words([(b"one", b"two"), (b"three",), (b"[45]x",)])
    assert words.present(b"a TWO and a one, 5X") == {0, 2}
    assert words.present(b"") == set()
