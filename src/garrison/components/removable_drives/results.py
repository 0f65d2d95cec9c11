"""What is told of drives."""

from garrison import sdk
from garrison.base.text import printable


class DriveConnected(sdk.Event):
    """A drive was plugged in."""

    says = "{drive} ({size}) was connected as {device}"
    drive: sdk.UntrustedText
    size: sdk.UntrustedText
    device: str


class DriveScanned(sdk.Event):
    """A drive was scanned after it had been connected."""

    says = "{drive} was scanned ({way}). Files: {files}; threats: {threats}, of them out of the way: {handled}"
    drive: sdk.UntrustedText
    way: str
    files: int
    threats: int
    handled: int


class DriveLeftOut(sdk.Event):
    """A drive is not to be scanned."""

    says = "{drive} was not scanned: {why}"
    drive: sdk.UntrustedText
    why: str


class DriveNotScanned(sdk.Event):
    """A drive was to be scanned, and that did not come to its end."""

    says = "{drive} was not scanned to its end: {why}"
    severity = sdk.Severity.IMPORTANT
    drive: sdk.UntrustedText
    why: sdk.UntrustedText


EVENTS = (DriveConnected, DriveScanned, DriveLeftOut, DriveNotScanned)


class DriveRow(sdk.Frozen):
    """A drive that is connected. size: in bytes. places: where it is mounted. state: what became of it, in words."""

    device: str
    drive: sdk.UntrustedText
    size: int
    places: list[sdk.UntrustedText]
    state: sdk.UntrustedText


class RememberedRow(sdk.Frozen):
    """An answer that was given for good. since: ISO 8601."""

    id: int
    drive: sdk.UntrustedText
    answer: str
    since: str


class Forgotten(sdk.Result):
    """What was forgotten."""

    drives: list[sdk.UntrustedText]

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        lines = [sdk.Text("{drive} will be asked about again.", drive=printable(drive)) for drive in self.drives]
        return [
            *lines,
            sdk.Text("{count} answer forgotten.", many="{count} answers forgotten.", count=len(self.drives)),
        ]
