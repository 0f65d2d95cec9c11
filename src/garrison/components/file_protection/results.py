"""What file protection answers."""

from datetime import datetime

from garrison import sdk
from garrison.base.text import printable


class PlaceRow(sdk.Frozen):
    """A place that is to be watched. how: "blocking", "telling", "paused", "not watched: ..."."""

    path: sdk.UntrustedText
    reach: str
    how: sdk.UntrustedText


class RequestRow(sdk.Frozen):
    """A file that somebody was kept from. state: "" while nobody asked, "asked", "allowed", "refused"."""

    id: int
    at: str
    path: sdk.UntrustedText
    threat: str
    uid: int
    program: sdk.UntrustedText
    state: str


class Proved(sdk.Result):
    """What came of trying file protection with the test file. passed: None when there was nothing to try."""

    passed: bool | None
    milliseconds: int
    what: sdk.UntrustedText

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        if self.passed is None:
            return [sdk.Text("There was nothing to try: {what}.", what=self.what)]
        if self.passed:
            return [sdk.Text("File protection works: {what}.", what=self.what)]
        return [sdk.Text("File protection does not work: {what}.", what=printable(self.what))]

    def exit_code(self) -> int:
        """Return 3 when the test file was let through."""
        return 3 if self.passed is False else 0

    def proof(self, at: datetime) -> sdk.Proof | None:
        """Return it as a proof, None when nothing was tried."""
        if self.passed is None:
            return None
        when = at.strftime("%Y-%m-%d %H:%M")
        if self.passed:
            return sdk.Proof(at=at, text=sdk.Text("last proved itself {at}: {what}", at=when, what=self.what))
        return sdk.Proof(at=at, text=sdk.Text("File protection does not work: {what}", what=self.what), passed=False)
