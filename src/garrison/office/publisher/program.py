"""The commands of `garrison publisher`."""

import asyncio
import json
import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import click

from garrison.abilities.databases.publications import fingerprint
from garrison.abilities.fetching import Fetcher
from garrison.abilities.outgoing import Outgoing
from garrison.base.clock import Clock, SystemClock
from garrison.base.errors import EXIT_CANCELLED, EXIT_DONE, GarrisonError, Invalid, NotFound
from garrison.base.files import explain, read_json, write_json
from garrison.base.paths import Home
from garrison.base.text import plural, printable, size
from garrison.office.publisher.applications import publish_application
from garrison.office.publisher.feeds import Feeds
from garrison.office.publisher.keys import Keys
from garrison.office.publisher.publishing import Options, Outcome, Publisher
from garrison.office.publisher.repository import ROLES, Repository, Terms

_DAYS = {"root": 730, "targets": 180, "snapshot": 180, "timestamp": 14}
_STATE = "publisher.json"
_HELP = """Publish signed databases for an office: compiled once, taken by all with small updates.

DIR/public is what is served, by any web server or from a stick. DIR/keys is never served: keep the root's keys
elsewhere.
"""

_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_folder = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False, resolve_path=True))
_keys = click.option(
    "--keys",
    "keys",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Another folder with keys (repeatable).",
)
_passphrase = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with the passphrase of the root's keys.",
)


@dataclass(frozen=True, slots=True)
class _Office:
    """A publisher's folder with what works on it. state: publisher.json."""

    folder: Path
    repository: Repository
    publisher: Publisher
    state: dict[str, Any]

    def keep(self) -> None:
        """Write the state."""
        write_json(self.folder / _STATE, self.state)


def _office(
    folder: Path, keys: tuple[Path, ...] = (), passphrase: Path | None = None, clock: Clock | None = None
) -> _Office:
    """Open a folder. Raises NotFound when there is no publisher in it."""
    try:
        state = read_json(folder / _STATE)
        days = {role: int(state["days"][role]) for role in ROLES}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotFound(
            "There is no publisher in {folder}.", "Make one: garrison publisher init {folder}", folder=folder
        ) from error
    return _opened(folder, Keys([folder / "keys", *keys], _secret(passphrase)), state, days, clock or SystemClock())


def _opened(folder: Path, keys: Keys, state: dict[str, Any], days: Mapping[str, int], clock: Clock) -> _Office:
    repository = Repository(folder / "public", keys, clock, days)
    return _Office(folder, repository, Publisher(folder, repository, clock), state)


def _secret(path: Path | None) -> bytes:
    if path is None:
        return b""
    try:
        secret = path.read_bytes().removesuffix(b"\n")
    except OSError as error:
        raise explain(error, f"read {path}") from error
    if not secret:
        raise Invalid("There is no passphrase in {path}.", path=path)
    return secret


@click.group("garrison publisher", help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Take a command."""


@commands.command("init", help="Make a publisher's folder with its keys, and an empty signed repository.")
@_folder
@click.option("--root-keys", default=3, show_default=True, type=click.IntRange(1, 20), help="Keys of the root.")
@click.option("--root-threshold", default=2, show_default=True, type=click.IntRange(1, 20), help="How many must sign.")
@click.option("--signing-keys", default=1, show_default=True, type=click.IntRange(1, 20), help="Keys of “targets”.")
@click.option(
    "--signing-threshold", default=1, show_default=True, type=click.IntRange(1, 20), help="How many must sign."
)
@click.option(
    "--valid-days",
    default=_DAYS["timestamp"],
    show_default=True,
    type=click.IntRange(1, 365),
    help="Days until clients refuse what was not published again.",
)
@_passphrase
@_json
def init(  # noqa: PLR0913 # one for each option
    folder: Path,
    root_keys: int,
    root_threshold: int,
    signing_keys: int,
    signing_threshold: int,
    valid_days: int,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Make a publisher."""
    if root_threshold > root_keys or signing_threshold > signing_keys:
        raise Invalid("More keys would have to sign than there are.")
    if (folder / _STATE).exists() or (folder / "public").exists():
        raise Invalid("There is a publisher in {folder} already.", folder=folder)
    days = {**_DAYS, "timestamp": valid_days}
    office = _opened(
        folder,
        Keys([folder / "keys"], _secret(passphrase_file)),
        {"version": 1, "days": days, "feeds": []},
        days,
        SystemClock(),
    )
    with office.publisher.locked():
        one = dict.fromkeys(ROLES, 1)
        keys = {**one, "root": root_keys, "targets": signing_keys}
        thresholds = {**one, "root": root_threshold, "targets": signing_threshold}
        office.repository.init(Terms(keys, thresholds, days))
        office.keep()
    root = office.repository.root_content()
    found = {
        "folder": str(folder),
        "public": str(folder / "public"),
        "root": str(folder / "public" / "metadata" / "root.json"),
        "fingerprint": fingerprint(root),
    }
    _tell(
        found,
        as_json,
        f"A publisher is in {folder}. Serve {folder / 'public'}, and nothing else of it.",
        f"The root's fingerprint, for clients to compare: {found['fingerprint']}",
        f"Move the root's keys to where nobody gets at them: {folder / 'keys'}/root-*.pem. Only rotating needs them.",
        f"Next: garrison publisher publish {shlex.quote(str(folder))} --feed PATH_OR_URL",
    )


@commands.command(
    "publish", help="Compile feeds and Garrison's own rules into a set, and publish it with its small update."
)
@_folder
@click.argument("more", nargs=-1, metavar="[PATH_OR_URL]...")
@click.option(
    "--feed",
    "feeds",
    multiple=True,
    metavar="PATH_OR_URL",
    help="A file or folder of signatures, or the address of a file. Without any: those of the last time.",
)
@click.option("--pua", is_flag=True, help="Take signatures on unwanted programs too.")
@click.option("--unsigned", is_flag=True, help="Take containers without a valid signature too.")
@click.option(
    "--outbreak", is_flag=True, help="Have clients look for updates more often, until you publish without it."
)
@_keys
@_passphrase
@_json
def publish(  # noqa: PLR0913 # one for each option
    folder: Path,
    more: tuple[str, ...],
    feeds: tuple[str, ...],
    pua: bool,
    unsigned: bool,
    outbreak: bool,
    keys: tuple[Path, ...],
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Publish."""
    office = _office(folder, keys, passphrase_file)
    named = [feed if "://" in feed else os.path.abspath(feed) for feed in (*feeds, *more)]
    with office.publisher.locked():
        addresses = named or list(office.state.get("feeds", []))
        options = Options(pua=pua, unsigned=unsigned, outbreak=outbreak)
        work = folder / "work"
        outgoing = Outgoing(lambda _: True)  # who runs this names the addresses
        source = Feeds(work / "feeds", Fetcher(Home(work), SystemClock(), outgoing))
        outcome = asyncio.run(office.publisher.publish(source, addresses, options))
        office.state["feeds"] = addresses
        office.keep()
    _tell_published(outcome, as_json)


def _tell_published(outcome: Outcome, as_json: bool) -> None:
    for feed, why in outcome.failures.items():
        print(
            f"garrison: {printable(feed)}: {printable(why)} Its last good file was taken, if there is one.",
            file=sys.stderr,
        )
    plain = {
        "set": outcome.name,
        "created": outcome.created,
        "signatures": outcome.signatures,
        "is_new": outcome.is_new,
        "bytes": outcome.bytes,
        "update_bytes": outcome.update_bytes,
        "failures": dict(outcome.failures),
        "skipped": outcome.report.get("skipped", {}),
    }
    count = plural(outcome.signatures, "signature", "signatures")
    lines = [f"Published {outcome.name}: {count}, {size(outcome.bytes)} as a whole."]
    if not outcome.is_new:
        lines = [f"The feeds bring nothing new: {outcome.name} with {count} was signed anew."]
    elif outcome.update_bytes:
        lines.append(f"Who has the one before needs {size(outcome.update_bytes)}.")
    skipped = outcome.report.get("skipped", {})
    if skipped:
        lines.append(f"Left out: {', '.join(f'{count:,} ({why})' for why, count in sorted(skipped.items()))}")
    _tell(plain, as_json, *lines)


@commands.command(
    "publish-application", help="Publish a version of Garrison itself, from a folder with all the wheels it takes."
)
@_folder
@click.option(
    "--wheels",
    required=True,
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False, resolve_path=True),
    help="Wheels of Garrison, of what it depends on, and of pip.",
)
@click.option("--version", default="", help="This version, where the folder has several.")
@click.option("--min-previous", default="", metavar="VERSION", help="The oldest version that can change to this one.")
@_keys
@_json
def publish_version(
    folder: Path, wheels: Path, version: str, min_previous: str, keys: tuple[Path, ...], as_json: bool
) -> None:
    """Publish a version."""
    office = _office(folder, keys)
    with office.publisher.locked():
        release = publish_application(
            office.repository, SystemClock(), wheels, folder / "work", version=version, min_previous=min_previous
        )
    count = plural(len(release.wheels), "wheel", "wheels")
    _tell(
        {
            "version": release.version,
            "python": release.python,
            "machine": release.machine,
            "bytes": release.bytes,
            "wheels": sorted(release.wheels),
        },
        as_json,
        f"Published Garrison {release.version} for Python {release.python} on {release.machine}: "
        f"{count}, {size(release.bytes)}.",
        "Computers that trust this publisher take it with: garrison upgrade",
    )


@commands.command("renew", help="Sign what is published again, so that it holds for longer.")
@_folder
@_keys
@_json
def renew(folder: Path, keys: tuple[Path, ...], as_json: bool) -> None:
    """Sign again."""
    office = _office(folder, keys)
    with office.publisher.locked():
        office.repository.renew()
    expires = office.repository.signed("timestamp").expires.isoformat()
    _tell({"expires": expires}, as_json, f"Signed until {expires}.")


@commands.command("rotate", help="Give a role new keys, and sign anew: after a key got lost, or into wrong hands.")
@_folder
@click.argument("role", type=click.Choice(ROLES))
@_keys
@_passphrase
@_json
def rotate(folder: Path, role: str, keys: tuple[Path, ...], passphrase_file: Path | None, as_json: bool) -> None:
    """Change keys."""
    office = _office(folder, keys, passphrase_file)
    with office.publisher.locked():
        office.repository.rotate(role)
    found = fingerprint(office.repository.root_content())
    _tell(
        {"role": role, "root_version": office.repository.root().version, "fingerprint": found},
        as_json,
        f"“{role}” has new keys. Clients follow by themselves; the root's fingerprint for new ones: {found}",
    )


@commands.command("show", help="Say what is published, signed by whom and until when.")
@_folder
@_json
def show(folder: Path, as_json: bool) -> None:
    """Say what there is."""
    office = _office(folder)
    root, last = office.repository.root(), office.publisher.last()
    roles = {
        role: {
            "keys": len(root.roles[role].keyids),
            "threshold": root.roles[role].threshold,
            "expires": office.repository.signed(role).expires.astimezone(UTC).isoformat(),
            "version": office.repository.signed(role).version,
        }
        for role in ROLES
    }
    plain: dict[str, Any] = {
        "folder": str(folder),
        "fingerprint": fingerprint(office.repository.root_content()),
        "roles": roles,
        "feeds": office.state.get("feeds", []),
        "set": last.set if last is not None else "",
        "created": last.created if last is not None else "",
        "checked": last.checked if last is not None else "",
        "signatures": last.signatures if last is not None else 0,
        "bytes": last.packed if last is not None else 0,
        "updates": [{"from": each.before, "to": each.after, "bytes": each.packed} for each in last.deltas]
        if last
        else [],
    }
    lines = [f"The root's fingerprint: {plain['fingerprint']}"]
    lines += [
        f"{role}: {told['threshold']} of {plural(told['keys'], 'key', 'keys')} sign, until {told['expires']}"
        for role, told in roles.items()
    ]
    if last is None:
        lines.append("Nothing is published yet.")
    else:
        count = plural(last.signatures, "signature", "signatures")
        lines.append(f"Published: {last.set} of {last.created}, {count}, {size(last.packed)}")
        lines += [f"  update from {each.before}: {size(each.packed)}" for each in last.deltas]
    _tell(plain, as_json, *lines)


def _tell(plain: Mapping[str, Any], as_json: bool, *lines: str) -> None:
    if as_json:
        print(json.dumps(plain, indent=2, ensure_ascii=True))
    else:
        for line in lines:
            print(printable(line))


def main() -> int:
    """Run a command; return the exit code."""
    arguments = sys.argv[1:]
    try:
        commands.main(arguments or ["--help"], prog_name="garrison publisher", standalone_mode=False)
    except click.UsageError as error:
        problem: GarrisonError = Invalid(error.format_message(), "See: garrison publisher --help")
    except click.ClickException as error:
        problem = Invalid(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        return EXIT_CANCELLED
    except GarrisonError as error:
        problem = error
    except OSError as error:
        problem = explain(error, "do it")
    else:
        return EXIT_DONE
    _tell_problem(problem, as_json="--json" in arguments)
    return problem.exit_code


def _tell_problem(problem: GarrisonError, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": problem.to_plain()}, indent=2, ensure_ascii=True))
        return
    print(f"garrison: {printable(problem.text)}", file=sys.stderr)
    if problem.hint:
        print(f"  {printable(problem.hint)}", file=sys.stderr)
