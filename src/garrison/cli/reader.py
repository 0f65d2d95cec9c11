"""Who reads what the command line prints: their language, as gettext's programs find it. English costs nothing.

LANGUAGE lists languages; LC_ALL, LC_MESSAGES or LANG names one (gettext's manual, "Locale Environment Variables").
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from garrison.base.text import message

if TYPE_CHECKING:
    from garrison.base.languages import Translator

_SCRIPTS = {"zh_CN": "zh_Hans", "zh_SG": "zh_Hans", "zh": "zh_Hans", "zh_TW": "zh_Hant", "zh_HK": "zh_Hant"}
_spoken: list[str] = []  # what was asked for instead, if anything
_REGIONS = {"pt": "pt_PT"}  # where only one of two is meant by the language alone


def wanted(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the codes of the languages that somebody wants, the dearest first; none where they want none."""
    named = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    if _code(named) in {"", "C", "POSIX"}:
        return ()
    return tuple(map(_code, (environment.get("LANGUAGE") or named).split(":")))


def _code(locale: str) -> str:
    return locale.partition(".")[0].partition("@")[0]


def reader() -> "Translator | None":
    """Return who puts texts into the reader's language; None where that is English."""
    return _chosen(tuple(_spoken) or wanted(os.environ))


def speak(language: str) -> None:
    """Go on in a language that was asked for, whatever the surroundings say."""
    _spoken[:] = [language]


@cache
def _chosen(codes: tuple[str, ...]) -> "Translator | None":
    if not codes or _is_english(codes[0]):
        return None
    from garrison.base.languages import PSEUDO, available, is_pseudo_allowed, translator  # noqa: PLC0415 # late

    there = [*available(), *([PSEUDO] if is_pseudo_allowed() else [])]
    for code in codes:
        if _is_english(code):
            return None
        language = code.partition("_")[0]
        for candidate in (_SCRIPTS.get(code, code), language, _REGIONS.get(language, "")):
            if candidate in there:
                _bind_click()
                return translator(candidate)
    return None


def _bind_click() -> None:
    """Let what click says itself be looked up in our catalogues, by gettext's own rules."""
    import gettext  # noqa: PLC0415 # late: English needs none

    from garrison.base.languages import DOMAIN, FOLDER  # noqa: PLC0415

    gettext.bindtextdomain(DOMAIN, str(FOLDER))
    gettext.textdomain(DOMAIN)


def _is_english(code: str) -> bool:
    return code.partition("_")[0] in {"en", "C", "POSIX"}


def _(text: str, **values: Any) -> str:
    """Return one of our own texts in the reader's language."""
    t = reader()
    if t is None:
        return message(text, values) if values else text
    return t.text(text, values) if values else t.message(text)


def told(english: str, texts: Mapping[str, Any]) -> str:
    """Return what the door said in English in the reader's language. texts: what each was made of (wire.texts)."""
    t = reader()
    return english if t is None else t.told(english, texts)


def heading(name: str) -> str:
    """Return what a field of a result is called, over a column or before a value."""
    t = reader()
    return name if t is None else t.original(name.replace("_", " ").capitalize())
