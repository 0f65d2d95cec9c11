"""What the operations of updates give back, and what updates report."""

from garrison import sdk
from garrison.abilities.databases.updating import Updated
from garrison.base.text import plural, printable


class DatabasesUpdated(sdk.Event):
    """Other databases are in use."""

    says = "The databases were updated from {source}: {signatures} signatures, {transferred_bytes} bytes fetched"
    counts = (sdk.Counted.UPDATES,)
    set: str
    source: sdk.UntrustedText
    signatures: int
    transferred_bytes: int


class UpdateFailed(sdk.Event):
    """The databases could not be updated."""

    says = "The databases could not be updated: {why}"
    severity = sdk.Severity.IMPORTANT
    why: sdk.UntrustedText


class RolledBack(sdk.Event):
    """Earlier databases are in use again, because somebody wanted them."""

    says = "The databases of {created} are in use again"
    severity = sdk.Severity.IMPORTANT
    set: str
    created: str


class UpdateResult(sdk.Result):
    """What came of an update. failures: by source, why it brought nothing."""

    set: str
    source: sdk.UntrustedText
    has_changed: bool
    signatures: int
    transferred_bytes: int
    failures: dict[str, sdk.UntrustedText]
    held_until: str = ""

    @classmethod
    def of(cls, updated: Updated, signatures: int) -> "UpdateResult":
        """Return the result of an update."""
        return cls(
            set=updated.name,
            source=updated.source,
            has_changed=updated.has_changed,
            signatures=signatures,
            transferred_bytes=updated.transferred,
            failures=dict(updated.failures),
        )

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        if self.held_until:
            return [sdk.Text("The databases stay as they are until {until}.", until=self.held_until)]
        signatures = plural(self.signatures, "signature", "signatures")
        if self.has_changed:
            first = sdk.Text("The databases were updated from {source}: {signatures}.", source=printable(self.source),
                             signatures=signatures)  # fmt: skip
        else:
            first = sdk.Text("The databases are up to date: {signatures}.", signatures=signatures)
        failed = [
            sdk.Text("{source} brought nothing: {why}", source=printable(source), why=printable(why))
            for source, why in self.failures.items()
        ]
        return [first, *failed]


class RollbackResult(sdk.Result):
    """Which databases are in use now."""

    set: str
    created: str
    stays_until: str

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        lines = [sdk.Text("The databases of {created} are in use again.", created=self.created or "an unknown time")]
        if self.stays_until:
            lines.append(sdk.Text("They stay until {until}.", until=self.stays_until))
        return lines


class Used(sdk.Result):
    """A source that is asked from now on."""

    says = "{source} is asked from now on."
    source: sdk.UntrustedText
