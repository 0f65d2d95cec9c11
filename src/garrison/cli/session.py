"""One run of the command line, and the suite it speaks to."""

import contextlib
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from garrison.base.errors import EXIT_CANCELLED, EXIT_DONE, GarrisonError, PasswordNeeded
from garrison.base.paths import Home
from garrison.cli import launch, password, reader, show
from garrison.cli.progress import Progress
from garrison.wire.client import Client
from garrison.wire.golden import golden, golden_text
from garrison.wire.manifest import Manifest, Operation, digest, from_plain

T = TypeVar("T")
_DESCRIBE_SECONDS = 1.0  # help and completion do not wait longer for a suite that hangs


class Session:
    """client: the running suite, once it is known to run. password_file: named for what needs the password."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.client: Client | None = None
        self.password_file = ""
        with contextlib.suppress(GarrisonError):  # said when a command needs the suite; help does not
            self.client = launch.connect(home, _DESCRIBE_SECONDS)

    @property
    def is_of_another_release(self) -> bool:
        """Whether the running suite is not the one that this command line came with."""
        return self.client is not None and self.client.greeting.get("manifests") != digest(golden_text())

    def manifests(self) -> tuple[Manifest, ...]:
        """Return what the running suite says of itself, else what this release does."""
        if self.client is not None and self.is_of_another_release:
            # A daemon of another release may describe itself in another form: stop and restart must work all the same.
            with contextlib.suppress(GarrisonError, KeyError, TypeError):
                return from_plain(self.client.describe())
        return golden()

    def suite(self) -> Client:
        """Return the suite; a short-lived one is started when none runs."""
        if self.client is None:
            self.client, _ = launch.connect_or_launch(self.home)
        self.client.with_texts = reader.reader() is not None
        return self.client

    def start_lasting(self) -> bool:
        """Have a suite in the background; return whether it was started for that."""
        if self.client is not None:
            self.client.call("suite.stay", {})
            return False
        self.client, is_started = launch.connect_or_launch(self.home, lasting=True)
        if not is_started:
            self.client.call("suite.stay", {})
        return is_started

    def stop_suite(self) -> bool:
        """End the suite; return whether there was one."""
        self._hang_up()
        was_there = self.unlocked(lambda: launch.stop(self.home))
        self._hang_up()  # it was called again to be given the password
        return was_there

    def _hang_up(self) -> None:
        if self.client is not None:
            self.client.close()
            self.client = None

    def ask(self, operation: str, arguments: dict[str, Any], title: str, as_json: bool, **options: Any) -> Any:
        """Return the door's message, with the progress of a task shown meanwhile."""

        def call() -> Any:
            with Progress(reader._(title), quiet=as_json and not sys.stderr.isatty()) as progress:
                return self.suite().call(operation, arguments, progress, **options)

        return self.unlocked(call)

    def unlocked(self, do: Callable[[], T]) -> T:
        """Return what a call gives; where it needs the password, the person is asked for it, and it is called again."""
        try:
            return do()
        except PasswordNeeded as needed:
            password.unlock(self.suite(), needed, self.password_file)
        return do()

    def call(self, operation: Operation, arguments: dict[str, Any], as_json: bool, background: bool) -> int:
        """Ask for an operation, show the answer, and return its exit code."""
        message = self.ask(operation.id, arguments, operation.title, as_json, background=background)
        if not as_json and isinstance(message.get("result"), dict) and "stream" in message["result"]:
            return self._stream(message["result"], arguments)
        return self.show(message, as_json)

    def _stream(self, part: dict[str, Any], arguments: dict[str, Any]) -> int:
        """Show a text that comes in parts, as it is."""
        operations = (operation for manifest in self.manifests() for operation in manifest.operations)
        taken = {value.name for each in operations if each.id == part["operation"] for value in each.parameters}
        given = {name: value for name, value in arguments.items() if name in taken}
        while show.raw(part["stream"]) and part["next"]:
            part = self.suite().call(part["operation"], {**given, "after": part["next"]})["result"]
        return EXIT_DONE

    @staticmethod
    def show(message: dict[str, Any], as_json: bool) -> int:
        """Show an answer and return its exit code."""
        code = int(message.get("exit", EXIT_DONE))
        if as_json and code == EXIT_CANCELLED and message.get("result") is None:
            show.cancelled(as_json)
        else:
            show.answer(message, as_json)
        return code
