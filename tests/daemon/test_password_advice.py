from zxcvbn_rs_py import Warning as Weakness

from garrison.daemon.password_advice import _WEAKNESSES, advice


def test_good_ones_need_none() -> None:
    assert advice("violet-Tractor-7-lantern") == []


def test_weak_ones_are_told_why() -> None:
    assert next(map(str, advice("Password1"))) == "It is a common password."
    for weak in ("Qwerty123", "Abcdefg1", "Aaaaaaa1", "Summer2024", "\udcff1Aaaaaaa"):
        assert advice(weak)
    assert advice("aB1" * 10_000)


def test_every_weakness_has_words() -> None:
    assert {name for name in dir(Weakness) if not name.startswith("_")} == set(_WEAKNESSES)
    for name in _WEAKNESSES:
        assert repr(getattr(Weakness, name)).endswith(f".{name}")
