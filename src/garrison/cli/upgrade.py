"""`garrison upgrade`: asks the suite for a new version, then waits for what comes of the change.

The suite that was asked ends meanwhile.
"""

import time

import click

from garrison.base.errors import EXIT_DONE, Failed
from garrison.base.installed import Installed, Switch, SwitchState
from garrison.base.paths import Home
from garrison.base.text import phrase
from garrison.cli import show, switching
from garrison.cli.session import Session
from garrison.cli.values import place

_SECONDS = 600.0
_LOOK_SECONDS = 0.1


def upgrade_command(session: Session) -> click.Command:
    """Return the command."""

    @click.command(
        "upgrade",
        short_help="Change to the newest version of Garrison that your publisher has.",
        help="Take the newest version of Garrison from a publisher that you trust, install it beside this one, try "
        "it, and change to it. If it does not come up as it should, this version goes on by itself. A source is the "
        "address or folder of a publisher; without one, those in the settings are asked.",
    )
    @click.argument("sources", nargs=-1)
    @click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
    def upgrade(sources: tuple[str, ...], as_json: bool) -> int:
        named = [place(source) for source in sources]
        message = session.ask("upgrades.upgrade", {"sources": named}, "Upgrade", as_json)
        result = message.get("result")
        if not isinstance(result, dict) or not result.get("is_begun"):
            return session.show(message, as_json)
        if not as_json:
            show.answer(message, as_json)
        return _tell(_awaited(session.home), as_json)

    return upgrade


def _awaited(home: Home) -> Switch:
    """Return what came of the change, brought to its end here if its watcher was ended. Raises Failed."""
    installed = Installed(home)
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        was_switching = installed.is_switching()
        last = installed.last_switch()
        if last is not None and last.state is not SwitchState.TRYING:
            return last
        if not was_switching:
            last = switching.finish(home)
            if last is not None:
                return last
            raise Failed("The change to the new version was interrupted.", "To see what runs: garrison upgrades")
        time.sleep(_LOOK_SECONDS)
    raise Failed("The change to the new version takes very long.", "To see what came of it: garrison upgrades")


def _tell(switch: Switch, as_json: bool) -> int:
    if switch.state is not SwitchState.WORKS:
        raise Failed(
            "Garrison {version} did not work: {why}",
            "Garrison {before} is back in its place.",
            version=switch.version,
            why=switch.why,
            before=switch.before,
        )
    text = phrase(
        "Garrison {version} is in use now; before, it was {before}.", version=switch.version, before=switch.before
    )
    show.sentence(text, as_json, version=switch.version, before=switch.before)
    return EXIT_DONE
