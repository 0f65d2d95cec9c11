"""The answers to the first questions, from a person or a file: all checked before anything is done.

    language = "de"
    accept-terms = true
    recommended-settings = true
    first-update = true
    first-scan = true

    [consents]
    "updates.databases" = true

Who writes a file may leave out what is to stay as it is; a consent that is not in it is not given.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from garrison.base.errors import GarrisonError, Invalid
from garrison.base.languages import LANGUAGES
from garrison.daemon.password import check_rules
from garrison.daemon.settings_files import parse
from garrison.wire.manifest import Purpose

TERMS = Purpose(
    "terms",
    "Terms of use",
    "Garrison is free software: you may use, study, share and change it under the GNU General Public License, version "
    "3 or later. It comes without any warranty, as far as the law allows that. No protection is complete: keep "
    "backups.",
)
_FLAGS = ("accept-terms", "recommended-settings", "first-update", "first-scan")
_KNOWN = ("language", *_FLAGS, "password-file", "consents")


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered. language: "" when nothing was said of it. consents: by purpose."""

    language: str = ""
    flags: frozenset[str] = frozenset()
    consents: Mapping[str, bool] = field(default_factory=dict)

    def wants(self, flag: str) -> bool:
        """Whether something is to be done."""
        return flag in self.flags


def read_answers(untrusted: str, password: str, purposes: Iterable[str]) -> Answers:
    """Return the answers in a TOML text. Raises Invalid that names every mistake, those in the password too."""
    plain = parse(untrusted.encode("utf-8", "surrogatepass"))
    mistakes = [f"{name}: there is no such answer (known: {', '.join(_KNOWN)})" for name in plain if name not in _KNOWN]
    mistakes += _in_flags(plain) + _in_consents(plain.get("consents", {}), frozenset(purposes))
    language = plain.get("language", "")
    if language and language not in LANGUAGES:
        mistakes.append(f"language: one of {', '.join(LANGUAGES)}")
    if password:
        try:
            check_rules(password)
        except GarrisonError as error:
            mistakes.append(f"password: {error.text.rstrip('.')}")
    if mistakes:
        raise Invalid("{mistakes}.", mistakes="; ".join(mistakes))
    flags = frozenset(name for name in _FLAGS if plain.get(name))
    return Answers(language, flags, plain.get("consents", {}))


def _in_flags(plain: Mapping[str, Any]) -> list[str]:
    mistakes = [f"{name}: true or false" for name in _FLAGS if not isinstance(plain.get(name, False), bool)]
    if plain.get("accept-terms") is not True:
        mistakes.append(
            "accept-terms: Garrison is set up for who accepts its terms only (garrison consents shows them)"
        )
    if not isinstance(plain.get("language", ""), str) or not isinstance(plain.get("password-file", ""), str):
        mistakes.append("language, password-file: a text")
    return mistakes


def _in_consents(untrusted: Any, purposes: frozenset[str]) -> list[str]:
    if not isinstance(untrusted, dict):
        return ["consents: a table of purposes, each true or false"]
    unknown = [f"consents: {name}: there is no such purpose" for name in untrusted if name not in purposes]
    return unknown + [
        f"consents: {name}: true or false"
        for name, given in untrusted.items()
        if name in purposes and not isinstance(given, bool)
    ]
