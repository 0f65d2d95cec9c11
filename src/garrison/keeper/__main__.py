"""Keep: `python -I -m garrison.keeper FOLDER [--without FEATURE]...`; FOLDER: the guard's state folder.

With --adopt DESCRIPTOR it takes over from a keeper that died; a gate starts it so.
"""

import argparse
import os
import socket
import sys
from pathlib import Path

from garrison.base.clock import SystemClock
from garrison.base.errors import EXIT_FAILED, GarrisonError, Unavailable
from garrison.keeper.keeping import Keeper, take_over
from garrison.linux.fanotify import features


def main(arguments: list[str]) -> int:
    """Keep until the order to end; return the exit code."""
    parser = argparse.ArgumentParser(prog="garrison.keeper")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--adopt", type=int)
    parser.add_argument("--without", action="append", default=[])
    options = parser.parse_args(arguments)
    try:
        if not features().without(options.without).asks:
            raise Unavailable("The kernel does not let this account be asked before files are opened.")
        keeper = Keeper(options.folder.absolute(), SystemClock(), options.without)
        keeper.hold(None if options.adopt is None else take_over(socket.socket(fileno=options.adopt)))
        keeper.run()
    except GarrisonError as error:
        sys.stderr.write(f"{error.text}\n")
        return EXIT_FAILED
    except OSError as error:
        sys.stderr.write(f"{error.filename or 'keeper'}: {error.strerror or error}\n")  # a time-out has no number
        return EXIT_FAILED
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(sys.argv[1:]))
