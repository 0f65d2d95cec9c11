"""The reader's language: texts, numbers, sizes, dates and spans of time as it writes them; English where it has none.

Catalogues are gettext's (`locale/LANGUAGE/LC_MESSAGES/garrison.mo`), with the English text as its own key.
"""

import gettext
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from garrison.base.text import Message, Size

DOMAIN = "garrison"
FOLDER = Path(__file__).parent.parent / "locale"
ENGLISH = "en"
PSEUDO = "qps"  # brackets and lengthens every text; for tests alone
PSEUDO_VARIABLE = "GARRISON_PSEUDO"
_DATA = Path(__file__).parent / "languages.json"
_NAMED = re.compile(r"\{(\w+)\}|\{\{|\}\}")
_KEPT = re.compile(r"\{\w+\}|%\(\w+\)s|\{\{|\}\}|%%")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_STEPS = ("KiB", "MiB", "GiB", "TiB", "PiB")
_LENGTHS = (("day", 86_400), ("hour", 3600), ("minute", 60))
_LONGER = 0.4


@dataclass(frozen=True, slots=True)
class Language:
    """A language, and how it writes (CLDR; ./dev languages makes the file). name: as its readers call it.

    grouped_from: the least number whose thousands are set apart. day, time, moment: patterns with {names}. halves: of
    the day. plural: gettext's rule for the form that a number asks for. units: the forms of each, in that order.
    """

    code: str
    name: str
    right_to_left: bool
    grouping: str
    decimal: str
    grouped_from: int
    day: str
    time: str
    moment: str
    months: tuple[str, ...]
    halves: tuple[str, str]
    plural: str
    units: Mapping[str, tuple[str, ...]]


def _languages() -> dict[str, Language]:
    read: dict[str, dict[str, Any]] = json.loads(_DATA.read_text("utf-8"))
    return {code: Language(code=code, **told) for code, told in read.items()}


LANGUAGES = _languages()


class Translator:
    """Puts texts into one language."""

    def __init__(self, language: Language, catalogue: gettext.NullTranslations) -> None:
        self.language = language
        self._catalogue = catalogue
        self._form = gettext.c2py(language.plural)

    def original(self, message: str) -> str:
        """Return a text in this language with its {names} still in it."""
        return self._catalogue.gettext(message) if message else ""

    def originals(self, one: str, many: str, count: int) -> str:
        """Return the form of a text that a number asks for, with its {names} still in it."""
        return self._catalogue.ngettext(one, many, count)

    def text(self, message: str, values: Mapping[str, Any] | None = None) -> str:
        """Return a text with its values; a missing value shows as its name."""
        return self._filled(self.original(message), values or {})

    def plural(self, one: str, many: str, count: int, values: Mapping[str, Any] | None = None) -> str:
        """Return a text for a number, which {count} shows."""
        return self._filled(self.originals(one, many, count), {**(values or {}), "count": self.number(count)})

    def message(self, text: str) -> str:
        """Return one of our own texts, put together anew where it remembers what it was made of."""
        return self._made(text.plain(), {}) if isinstance(text, Message | Size) else self.original(text)

    def told(self, english: str, texts: Mapping[str, Any]) -> str:
        """Return what the door answered in English; texts: its table of what each text was made of."""
        made = texts.get(english)
        return self.original(english) if made is None else self._made(made, texts)

    def _made(self, made: Mapping[str, Any], texts: Mapping[str, Any]) -> str:
        if "bytes" in made:
            return self.size(int(made["bytes"]))
        values = {name: self._value(value, texts) for name, value in dict(made.get("values", {})).items()}
        if made.get("many"):
            count = int(made.get("count", 1))
            return self.plural(made["text"], made["many"], count, values)
        return self.text(made["text"], values)

    def _value(self, value: Any, texts: Mapping[str, Any]) -> Any:
        if isinstance(value, dict) and ("bytes" in value or "text" in value):
            return self._made(value, texts)
        return self.original(value) if isinstance(value, str) else value

    def _filled(self, message: str, values: Mapping[str, Any]) -> str:
        def value(match: re.Match[str]) -> str:
            if match[1] is None:
                return match[0][0]
            found = values.get(match[1], match[0])
            return "" if found is None else str(found)  # a number as it is: a port, a process, a row's name

        return _NAMED.sub(value, message)

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number: 1,234.5."""
        grouped = "," if abs(value) >= self.language.grouped_from else ""
        whole, point, part = f"{value:{grouped}.{decimals}f}".partition(".")
        return whole.replace(",", self.language.grouping) + (self.language.decimal if point else "") + part

    def _unit(self, unit: str, count: int) -> str:
        return self.language.units[unit][self._form(count)].replace("{count}", self.number(count))

    def size(self, count: int) -> str:
        """Return a number of bytes: 512 bytes, 3.4 MiB."""
        if count < 1024:
            return self._unit("byte", count)
        power = min((count.bit_length() - 1) // 10, len(_STEPS))
        return f"{self.number(count / 1024**power, 1)} {_STEPS[power - 1]}"

    def date(self, moment: datetime | str) -> str:
        """Return a day: 5 Jan 2026. Takes ISO 8601 too; what is no date stays as it is."""
        found = _moment(moment)
        if found is None:
            return str(moment)
        name = self.language.months[found.month - 1]
        return self.language.day.format(year=found.year, month=found.month, day=found.day, name=name)

    def time(self, moment: datetime | str) -> str:
        """Return a day and the time of it: 5 Jan 2026, 12:30."""
        found = _moment(moment)
        if found is None:
            return str(moment)
        half = self.language.halves[found.hour >= 12]
        hour = found.hour % 12 or 12
        time = self.language.time.format(hour=found.hour, hour12=hour, minute=found.minute, half=half)
        return self.language.moment.format(day=self.date(found), time=time)

    def moment(self, text: str) -> str:
        """Return a text, as a time where it is one in ISO 8601 with a day and a time of it."""
        return self.time(text) if _ISO.match(text) else text

    def duration(self, seconds: float) -> str:
        """Return a span of time in its largest unit: 3 minutes."""
        for unit, length in _LENGTHS:
            if seconds >= length:
                return self._unit(unit, round(seconds / length))
        return self._unit("second", max(0, round(seconds)))


class _Pseudo(gettext.NullTranslations):
    """Brackets every text and makes it longer by 40 %: what is not translated, or finds no room, is seen at once."""

    def gettext(self, message: str) -> str:
        """Return it so; one that is so already stays."""
        length = len(_KEPT.sub("", message).strip())
        if not length or message.startswith("["):
            return message
        return f"[{message}{'~' * max(1, math.ceil(length * _LONGER) - 2)}]"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the form for a number so."""
        return self.gettext(msgid1 if n == 1 else msgid2)


def _moment(moment: datetime | str) -> datetime | None:
    if isinstance(moment, datetime):
        return moment
    try:
        return datetime.fromisoformat(moment)
    except ValueError:
        return None


@cache
def translator(code: str) -> Translator:
    """Return the translator of a language; English for one that there is no catalogue of."""
    if code == PSEUDO and is_pseudo_allowed():
        return Translator(replace(LANGUAGES[ENGLISH], code=PSEUDO, name="Pseudo"), _Pseudo())
    if code not in available():
        code = ENGLISH
    catalogue = gettext.translation(DOMAIN, str(FOLDER), [code], fallback=True)
    return Translator(LANGUAGES.get(code, LANGUAGES[ENGLISH]), catalogue)


def is_pseudo_allowed() -> bool:
    """Return whether this is a test that looks at every text in the pseudo-locale."""
    return os.environ.get(PSEUDO_VARIABLE) == "1"


def available() -> list[str]:
    """Return the languages that texts exist in, English first."""
    there = (code for code in LANGUAGES if (FOLDER / code / "LC_MESSAGES" / f"{DOMAIN}.mo").is_file())
    return [ENGLISH, *(code for code in there if code != ENGLISH)]


def preferred(untrusted_header: str, among: list[str]) -> str:
    """Return which language a browser wants most (Accept-Language, RFC 9110, 12.5.4); the first when it wants none."""
    wanted: list[tuple[float, str]] = []
    for part in untrusted_header[:1000].split(","):
        code, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((float(weight or 1), code.lower().replace("-", "_")))
        except ValueError:
            continue
    known = {code.lower(): code for code in among}
    for _, code in sorted(wanted, key=lambda entry: -entry[0]):
        for candidate in (code, code.partition("_")[0]):
            if candidate in known:
                return known[candidate]
    return among[0]
