"""The six kinds of error a person can meet, and what each means to a shell or a browser.

An error is a sentence for the person, a hint what to do and, where there is one, the operation that mends it.
Anything else that is raised is a defect of ours.
"""

from typing import Any, ClassVar

from garrison.base.text import message

EXIT_DONE = 0
EXIT_INVALID = 1
EXIT_UNKNOWN = 2
EXIT_FAILED = 3
EXIT_CANCELLED = 4
EXIT_REFUSED = 5
EXIT_ALL_HANDLED = 101
EXIT_NOT_ALL_HANDLED = 102


class GarrisonError(Exception):
    """What went wrong, said to a person.

    text: one sentence. hint: what to do about it, or "". fix: the id of the operation that mends it, or "".
    values: for the {names} in both; without any, both are taken as they are.
    """

    code: ClassVar[str] = "failed"
    exit_code: ClassVar[int] = EXIT_FAILED
    http_status: ClassVar[int] = 500

    def __init__(self, text: str, hint: str = "", fix: str = "", **values: Any) -> None:
        self.text = message(text, values) if values else text
        self.hint = message(hint, values) if values and hint else hint
        self.fix = fix
        super().__init__(self.text)

    def to_plain(self) -> dict[str, str]:
        """Return what crosses a socket."""
        return {"code": self.code, "text": self.text, "hint": self.hint, "fix": self.fix}


class Invalid(GarrisonError):
    """A parameter or a setting has a value it cannot have."""

    code = "invalid"
    exit_code = EXIT_INVALID
    http_status = 400


class NotFound(GarrisonError):
    """What was named does not exist."""

    code = "not-found"
    http_status = 404


class Refused(GarrisonError):
    """The caller has no right to this."""

    code = "refused"
    exit_code = EXIT_REFUSED
    http_status = 403


class PasswordNeeded(Refused):
    """This needs the password, which the caller has not given lately."""

    code = "password-needed"
    http_status = 401


class Unlicensed(GarrisonError):
    """The subscription does not include this."""

    code = "unlicensed"
    exit_code = EXIT_REFUSED
    http_status = 402


class Unavailable(GarrisonError):
    """It cannot be done now, or not on this computer."""

    code = "unavailable"
    http_status = 503


class Failed(GarrisonError):
    """It was tried and did not work."""


class Unexpected(GarrisonError):
    """A defect of ours showed itself on the other side of a socket. Nothing raises it on purpose."""

    code = "unknown"
    exit_code = EXIT_UNKNOWN


KINDS: dict[str, type[GarrisonError]] = {
    kind.code: kind
    for kind in (Invalid, NotFound, Refused, PasswordNeeded, Unlicensed, Unavailable, Failed, Unexpected)
}


def error_from_plain(untrusted: object) -> GarrisonError:
    """Return the error that the other side of a socket described; a malformed one is a Failed."""
    if not isinstance(untrusted, dict):
        return Failed("The answer was not understood.")
    parts = {name: value for name, value in untrusted.items() if isinstance(value, str)}
    kind = KINDS.get(parts.get("code", ""), Failed)
    return kind(parts.get("text", "It failed."), parts.get("hint", ""), parts.get("fix", ""))
