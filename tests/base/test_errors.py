import pytest

from garrison.base.errors import KINDS, Failed, GarrisonError, Invalid, Unexpected, error_from_plain


@pytest.mark.parametrize("kind", KINDS.values())
def test_an_error_survives_the_socket(kind: type[GarrisonError]) -> None:
    back = error_from_plain(kind("It is so.", "Do this.", "suite.fix").to_plain())
    assert (type(back), back.text, back.hint, back.fix) == (kind, "It is so.", "Do this.", "suite.fix")


@pytest.mark.parametrize(
    "untrusted", [None, 3, [], "x", {}, {"code": "no-such"}, {"code": ["invalid"]}, {"text": 3, "hint": None}]
)
def test_a_malformed_error_is_a_failure(untrusted: object) -> None:
    error = error_from_plain(untrusted)
    assert type(error) is Failed
    assert error.text


def test_the_exit_codes_are_those_of_the_documentation() -> None:
    assert {code: kind.exit_code for code, kind in KINDS.items()} == {
        "invalid": 1,
        "not-found": 3,
        "refused": 5,
        "unlicensed": 5,
        "unavailable": 3,
        "failed": 3,
        "unknown": 2,
    }
    assert {kind.http_status for kind in KINDS.values()} == {400, 404, 403, 402, 503, 500}


def test_the_sentence_is_what_str_says() -> None:
    assert str(Invalid("A.", "B.")) == "A."
    assert issubclass(Unexpected, GarrisonError)
