"""What file protection tells."""

from garrison import sdk


class FileBlocked(sdk.Event):
    """Somebody was kept from opening or running a file with a threat in it."""

    says = "{program} (account {uid}) was kept from {doing} {path}: {threat} is in it; {result}"
    severity = sdk.Severity.CRITICAL
    counts = (sdk.Counted.THREATS, sdk.Counted.BLOCKED)
    program: sdk.UntrustedText
    uid: int
    doing: str
    path: sdk.UntrustedText
    threat: str
    result: sdk.UntrustedText


class FileFoundOnUse(sdk.Event):
    """A file with a threat in it was opened or run, and not blocked."""

    says = "{threat} is in {path}, and {program} (account {uid}) was not kept from {doing} it; {result}"
    severity = sdk.Severity.CRITICAL
    counts = (sdk.Counted.THREATS,)
    program: sdk.UntrustedText
    uid: int
    doing: str
    path: sdk.UntrustedText
    threat: str
    result: sdk.UntrustedText


class FileFoundOnChange(sdk.Event):
    """A threat was found in a file that had just been written, or that was written while nobody looked."""

    says = "{threat} was found in {path}, which was changed by {program}; {result}"
    severity = sdk.Severity.CRITICAL
    counts = (sdk.Counted.THREATS,)
    program: sdk.UntrustedText
    uid: int
    path: sdk.UntrustedText
    threat: str
    result: sdk.UntrustedText


class ProtectionGap(sdk.Event):
    """For a time nobody looked; what was changed meanwhile is scanned."""

    says = "File protection saw nothing for {seconds} s: {why} What was changed meanwhile is being scanned"
    severity = sdk.Severity.IMPORTANT
    seconds: float
    why: sdk.UntrustedText


class GapScanned(sdk.Event):
    """What was changed while nobody looked has been scanned."""

    says = "What was changed while file protection did not look has been scanned: files {files}, threats {threats}"
    files: int
    threats: int


class ProtectionPaused(sdk.Event):
    """File protection does not look for a while."""

    says = "File protection is paused {how}"
    severity = sdk.Severity.IMPORTANT
    how: sdk.UntrustedText


class ProtectionResumed(sdk.Event):
    """File protection looks again."""

    says = "File protection goes on; what was changed meanwhile is being scanned"


class ProtectionConfirmed(sdk.Event):
    """The owner wants every file watched, and blocked where there is a threat in it."""

    says = "Every local file is protected from now on, by the word of account {uid}"
    uid: int


class ReleaseRequested(sdk.Event):
    """Somebody wants a file that was blocked."""

    says = "Account {uid} asks that {path} be released, in which {threat} was found"
    severity = sdk.Severity.IMPORTANT
    uid: int
    path: sdk.UntrustedText
    threat: str


class ReleaseAnswered(sdk.Event):
    """The owner has answered who asked for a file."""

    says = "That {path} be released was {answer}"
    severity = sdk.Severity.IMPORTANT
    path: sdk.UntrustedText
    answer: str


class ProtectionProved(sdk.Event):
    """File protection was tried with the test file."""

    says = "File protection was tried with the test file: {what}"
    what: str


class ProtectionNotProved(sdk.Event):
    """File protection let the test file through."""

    says = "File protection let the test file through: {why}"
    severity = sdk.Severity.CRITICAL
    why: sdk.UntrustedText


EVENTS = (
    FileBlocked,
    FileFoundOnUse,
    FileFoundOnChange,
    ProtectionGap,
    GapScanned,
    ProtectionPaused,
    ProtectionResumed,
    ProtectionConfirmed,
    ReleaseRequested,
    ReleaseAnswered,
    ProtectionProved,
    ProtectionNotProved,
)
