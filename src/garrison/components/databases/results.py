"""What the databases component answers."""

from enum import StrEnum
from typing import Any

from garrison import sdk
from garrison.base.text import plural, printable

_SHOWN = 20
_DAY_HOURS = 24


class FeedKind(StrEnum):
    """What a feed brings. The same as `feeds.kinds.KINDS`, for surfaces to choose from."""

    CLAMAV = "clamav"
    YARA = "yara"
    HASHES = "hashes"
    SIGNATURES = "signatures"
    URLS = "urls"
    VULNERABILITIES = "vulnerabilities"


class FeedAdded(sdk.Event):
    """A feed is used from now on."""

    says = "The feed {feed} is used from now on, by account {uid}: {address}"
    severity = sdk.Severity.IMPORTANT
    feed: str
    address: sdk.UntrustedText
    uid: int


class FeedDropped(sdk.Event):
    """A feed is used no longer."""

    says = "The feed {feed} is used no longer, by account {uid}"
    severity = sdk.Severity.IMPORTANT
    feed: str
    uid: int


class FeedRow(sdk.Frozen):
    """A feed. on: whether it is used. checked, changed: ISO 8601, "" for never. failure: of the last time, or ""."""

    id: str
    kind: str
    on: bool
    title: sdk.UntrustedText
    checked: str
    failure: sdk.UntrustedText
    licence: str
    terms: str
    address: sdk.UntrustedText
    changed: str
    details: dict[str, sdk.UntrustedText]


class FeedChanged(sdk.Result):
    """What became of a feed."""

    says = "{what}: {title} ({id}). {next}"
    what: str
    id: str
    title: sdk.UntrustedText
    next: str


class HistoryRow(sdk.Frozen):
    """A set that was taken into use. change: in signatures, from the set before. details: the same by table."""

    at: str
    set: str
    source: sdk.UntrustedText
    signatures: int
    change: str
    transferred_bytes: int
    details: dict[str, int]


class Compiled(sdk.Result):
    """What came of compiling. Counts are of entries; skipped: by reason. left_out: the entries, as far as named."""

    folder: sdk.UntrustedText
    read: int
    compiled: int
    skipped: dict[str, int]
    rules: int
    counts: dict[str, int]
    digest: str
    sources: list[dict[str, Any]]
    left_out: list[dict[str, str]]

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        lines = [
            sdk.Text(
                "Compiled {compiled} of {read} into {folder}.",
                compiled=f"{self.compiled:,}",
                read=plural(self.read, "signature", "signatures"),
                folder=printable(self.folder),
            )
        ]
        by_count = sorted(self.skipped.items(), key=lambda entry: (-entry[1], entry[0]))
        lines += [
            sdk.Text("Left out {count}: {why}", count=f"{count:,}", why=printable(why))
            for why, count in by_count[:_SHOWN]
        ]
        if len(by_count) > _SHOWN:
            lines.append(sdk.Text("... and for {more} more reasons: --json shows all.", more=len(by_count) - _SHOWN))
        return lines


class SetInfo(sdk.Result):
    """What a set of databases says of itself, and what is known of how it came.

    set: what it is called, by its content. created: ISO 8601, "" when unknown. source, transferred_bytes: of the set in
    use only.
    """

    folder: sdk.UntrustedText
    name: str
    set: str
    created: str
    age_hours: float | None
    signatures: int
    source: sdk.UntrustedText
    transferred_bytes: int | None
    about: dict[str, str]
    rules: int
    hashes: dict[str, int]
    counts: dict[str, int]
    bytes: int

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        lines = [
            sdk.Text(
                "Databases {name}, built {built} by Garrison {version}",
                name=self.name,
                built=self.created or "at an unknown time",
                version=self.about.get("garrison", "?"),
            )
        ]
        if self.source:
            lines.append(sdk.Text("  source: {source}", source=printable(self.source)))
        if self.age_hours is not None:
            lines.append(sdk.Text("  age: {age}", age=_age(self.age_hours)))
        lines += [
            sdk.Text("  {what}: {count}", what=what, count=f"{count:,}") for what, count in sorted(self.counts.items())
        ]
        return [*lines, sdk.Text("  rules: {count}", count=f"{self.rules:,}")]


def _age(hours: float) -> str:
    whole = max(0, int(hours))
    return plural(whole, "hour", "hours") if whole < 2 * _DAY_HOURS else plural(whole // _DAY_HOURS, "day", "days")


class SetTested(sdk.Result):
    """Whether a set is whole."""

    folder: sdk.UntrustedText
    passed: bool
    why: sdk.UntrustedText

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        if self.passed:
            return [sdk.Text("The databases are whole: every file is as it was built.")]
        return [sdk.Text("The databases cannot be used: {why}", why=printable(self.why))]

    def exit_code(self) -> int:
        """Return 3 when it is not."""
        return 0 if self.passed else 3
