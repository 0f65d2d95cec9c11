"""The daemon as a program: python -m garrison.daemon --home DIR [--private] [--ready FD].

The descriptor FD gets one line: {"ready": true}, or the error that kept it from starting.
"""

import argparse
import asyncio
import contextlib
import gc
import io
import json
import logging
import logging.handlers
import os
import resource
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from garrison.base.errors import GarrisonError
from garrison.base.files import explain
from garrison.base.paths import Home


class _LogFile(logging.handlers.RotatingFileHandler):
    """A log that is written where it lies, never through a link."""

    def _open(self) -> io.TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.fdopen(os.open(self.baseFilename, flags, 0o600), "a", encoding=self.encoding, errors=self.errors)


def _log_to(home: Home) -> None:
    try:
        handler = _LogFile(home.log, maxBytes=1024 * 1024, backupCount=3, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise explain(error, "write {path}", path=home.log) from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _allow_many_files() -> None:
    """Use as many descriptors as this account may: each scan holds some hundreds."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _boot() -> Callable[[Home, bool, Callable[[], None]], Coroutine[Any, Any, None]]:
    """Return what runs the suite. Nothing that importing makes is rubbish: it is never looked at, now or later."""
    gc.disable()
    from garrison.daemon.boot import run  # noqa: PLC0415 # see above

    gc.freeze()
    gc.enable()
    return run


def _tell(descriptor: int | None, message: dict[str, Any]) -> None:
    if descriptor is not None:
        with contextlib.suppress(OSError):  # whoever started us has gone
            os.write(descriptor, json.dumps(message).encode("ascii") + b"\n")
            os.close(descriptor)


def main() -> int:
    """Run the daemon; return its exit code."""
    parser = argparse.ArgumentParser(prog="garrison.daemon")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--private", action="store_true", help="end with the last client or job")
    parser.add_argument("--ready", type=int, default=None, help="descriptor to report on")
    options = parser.parse_args()
    home = Home(options.home.absolute())
    os.umask(0o077)
    _allow_many_files()
    try:
        home.prepare()
        _log_to(home)
        run = _boot()
        asyncio.run(run(home, not options.private, lambda: _tell(options.ready, {"ready": True})))
    except GarrisonError as error:
        logging.getLogger(__name__).error("%s", error.text)  # noqa: TRY400 # no trace is needed
        _tell(options.ready, error.to_plain())
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
