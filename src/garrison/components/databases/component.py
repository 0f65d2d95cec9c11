"""The databases component: what the scanner knows, compiled, tested, described."""

import asyncio
import os
from pathlib import Path
from typing import Annotated, Any

from garrison import sdk
from garrison.abilities.databases.compiler import Compiler
from garrison.abilities.databases import Databases, check_folder
from garrison.base.errors import Failed, GarrisonError, Invalid, Refused
from garrison.base.files import read_json
from garrison.base.text import plural, printable

_MOST_SOURCES = 1000
_SHOWN = 20


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
    """What a set of databases says of itself."""

    folder: sdk.UntrustedText
    name: str
    about: dict[str, str]
    rules: int
    hashes: dict[str, int]
    counts: dict[str, int]
    bytes: int

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        built = self.about.get("built") or "at an unknown time"
        lines = [
            sdk.Text(
                "Databases {name}, built {built} by Garrison {version}",
                name=self.name,
                built=built,
                version=self.about.get("garrison", "?"),
            )
        ]
        lines += [
            sdk.Text("  {what}: {count}", what=what, count=f"{count:,}") for what, count in sorted(self.counts.items())
        ]
        return [*lines, sdk.Text("  rules: {count}", count=f"{self.rules:,}")]


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


class DatabasesComponent(sdk.Component[sdk.Settings]):
    """Holds what the scanner knows: signatures, digests and rules."""

    id = "databases"
    title = "Databases"
    feature = sdk.Feature.CORE
    default_operation = "info"

    def __init__(self, host: sdk.Host, settings: sdk.Settings, databases: Databases, compiler: Compiler) -> None:
        super().__init__(host, settings)
        self._databases = databases
        self._compiler = compiler

    @sdk.task("Compile databases")
    async def compile(
        self,
        job: sdk.Job,
        sources: Annotated[
            list[Path], sdk.about("Files and folders of signatures", min_length=1, max_length=_MOST_SOURCES)
        ],
        to: Annotated[Path | None, sdk.about("The folder to write the set to")] = None,
        pua: Annotated[bool, sdk.about("Take signatures on unwanted programs too")] = False,
        unsigned: Annotated[bool, sdk.about("Take containers without a valid signature too")] = False,
    ) -> Compiled:
        """Compile signatures of ClamAV's formats, YARA rules and lists of digests into one set."""
        _owner_only(job.caller)
        if to is None:
            raise Invalid("No folder was named for the set.", "Name one: --to DIR")
        made = await self._compiler.compile(sources, to, pua=pua, unsigned=unsigned)
        return Compiled(folder=str(made.folder), **made.report)

    @sdk.action("About the databases", access=sdk.Access.VIEW)
    def info(
        self,
        caller: sdk.Caller,
        folder: Annotated[Path | None, sdk.about("Another set than the one in use")] = None,
    ) -> SetInfo:
        """Say what is in a set of databases, and when it was built."""
        where = self._where(folder, caller)
        try:
            plain = read_json(where / "set.json")
            return SetInfo(
                folder=str(where),
                name=where.name,
                about=plain["about"],
                rules=plain["rules"],
                hashes=plain["hashes"],
                counts=plain.get("counts", {}),
                bytes=sum(file["bytes"] for file in plain["files"].values()),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Failed(f"{printable(str(where))} is no set of databases.") from error

    @sdk.task("Test databases")
    async def test(
        self,
        job: sdk.Job,
        folder: Annotated[Path | None, sdk.about("Another set than the one in use")] = None,
    ) -> SetTested:
        """Read every file of a set, and compare it with what it was when it was built."""
        where = self._where(folder, job.caller)
        try:
            await asyncio.to_thread(check_folder, where)
        except GarrisonError as error:
            return SetTested(folder=str(where), passed=False, why=error.text)
        return SetTested(folder=str(where), passed=True, why="")

    def _where(self, folder: Path | None, caller: sdk.Caller) -> Path:
        if folder is None:
            return self._databases.current()
        _owner_only(caller)
        return folder


def _owner_only(caller: sdk.Caller) -> None:
    """Refuse an account for which the suite would touch files that are not its own. Raises Refused."""
    if caller.uid not in {0, os.geteuid()}:
        raise Refused(
            "Only the owner of this suite may have it read other databases.",
            "Start a suite of your own: garrison start",
        )
