"""What can go wrong with one file, as a sentence."""

from garrison.base.errors import Unavailable


class Trouble(Exception):
    """A file could not be had.

    text: a sentence. status: of HTTP (404 too where a folder has no such file), 0 without an answer. may_pass: whether
    trying again may help; wait: after how many seconds at the earliest.
    """

    def __init__(self, text: str, *, status: int = 0, may_pass: bool = False, wait: float = 0.0) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.may_pass = may_pass
        self.wait = wait

    def as_error(self) -> Unavailable:
        """Return it as an error of the whole job."""
        return Unavailable(self.text)
