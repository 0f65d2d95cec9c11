"""Where every command begins: has the newest version of Garrison that is known to work take over, then runs it.

Nothing is loaded before that but what it takes to read one link.
"""

import os
import sys
from collections.abc import Sequence

from garrison import __version__
from garrison.base.installed import Installed, version_key
from garrison.base.paths import choose_home

_OF_ITS_OWN = "uninstall"  # it removes what it would be run from


def main() -> None:
    """Run a command and exit."""
    hand_over(sys.argv[1:])
    from garrison.cli.main import main as run  # noqa: PLC0415 # late: another version may run in place of this one

    run()


def hand_over(arguments: Sequence[str]) -> None:
    """Become the version that the home's link names, when it is newer than this one; else, or if it is gone, return."""
    command = next((argument for argument in arguments if not argument.startswith("-")), "")
    if command == _OF_ITS_OWN:
        return
    installed = Installed(choose_home(system="--system" in arguments[:1]))
    version = installed.linked()
    if not version or version_key(version) <= version_key(__version__):
        return
    python = str(installed.python(version))
    try:
        os.execv(python, [python, "-X", "utf8", "-I", "-m", "garrison.cli", *arguments])  # noqa: S606 # no shell
    except OSError:
        return
