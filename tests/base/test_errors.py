import pytest

from garrison.base.errors import KINDS, Failed, GarrisonError, Invalid, NotFound, Unexpected, error_from_plain
from garrison.base.text import Message


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
        "password-needed": 5,
        "unlicensed": 5,
        "unavailable": 3,
        "failed": 3,
        "unknown": 2,
    }
    assert {kind.http_status for kind in KINDS.values()} == {400, 401, 404, 403, 402, 503, 500}


def test_the_sentence_is_what_str_says() -> None:
    assert str(Invalid("A.", "B.")) == "A."
    assert issubclass(Unexpected, GarrisonError)


def test_an_error_remembers_what_it_was_made_of() -> None:
    error = NotFound("There is no {name}.", "Not {name}.", name="x{y}")
    assert (error.text, error.hint, str(error)) == ("There is no x{y}.", "Not x{y}.", "There is no x{y}.")
    assert isinstance(error.text, Message)
    assert error.text.plain() == {"text": "There is no {name}.", "values": {"name": "x{y}"}}
    assert Failed("{ stays {as} it is }").text == "{ stays {as} it is }"
