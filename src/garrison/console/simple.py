"""Pages that show one thing each: the databases, the inbox, and what Garrison is made of."""

import platform
import tomllib
from importlib import metadata
from typing import Any

from starlette.responses import Response

from garrison import __version__
from garrison.base.errors import GarrisonError
from garrison.console import shapes
from garrison.console.visit import Visit
from garrison.look.assets import vendored


async def databases(visit: Visit) -> Response:
    """Show what is known, where it comes from, and how new it is."""
    info = await visit.ask("databases.info")
    return await visit.page(
        "databases.html",
        info=info.result,
        feeds=(await visit.ask("databases.list")).result,
        history=shapes.table((await visit.ask("databases.history")).result, visit.t),
    )


async def inbox(visit: Visit) -> Response:
    """Show the questions, those that wait first, and the notices, unread ones first."""
    answer = await visit.ask("suite.inbox", with_answered=True)
    cards = [card for card in answer.result if not card["notice"]]
    notices = [card for card in reversed(answer.result) if card["notice"]]
    return await visit.page(
        "inbox.html",
        waiting=[card for card in cards if not card["answer"]],
        answered=[card for card in reversed(cards) if card["answer"]][:30],
        unread=[notice for notice in notices if not notice["is_read"]][:200],
        read=[notice for notice in notices if notice["is_read"]][:30],
        texts=answer.texts,
    )


async def about(visit: Visit) -> Response:
    """Say what Garrison is made of, under which licences, and what it cannot do."""
    try:
        versions = (await visit.ask("upgrades.versions")).result
    except GarrisonError as error:
        if error.fix == "console.open":
            raise
        versions = []
    return await visit.page(
        "about.html",
        version=__version__,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()}",
        versions=versions,
        parts=_parts(),
        assets=tomllib.loads(vendored()),
    )


def _parts() -> list[tuple[str, str, str]]:
    """Return the libraries that are installed here: name, version, licence as each says it."""
    found = {}
    for each in metadata.distributions():
        told: dict[str, Any] = each.metadata.json  # keys as PEP 566 has them
        licence = told.get("license_expression") or _classified(told.get("classifier", []))
        name = str(told.get("name", ""))
        found[name.lower()] = (name, each.version, licence or str(told.get("license", "")).partition("\n")[0][:80])
    return [found[name] for name in sorted(found) if name != "garrison"]


def _classified(classifiers: list[str]) -> str:
    licences = [entry.rpartition(" :: ")[2] for entry in classifiers if entry.startswith("License :: ")]
    return ", ".join(licence for licence in licences if licence != "OSI Approved")
