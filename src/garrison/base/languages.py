"""The reader's language: texts, numbers, sizes, dates and spans of time as it writes them; English where it has none.

Catalogues are gettext's (`locale/LANGUAGE/LC_MESSAGES/garrison.mo`), with the English text as its own key.
"""

import gettext
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

DOMAIN = "garrison"
FOLDER = Path(__file__).parent.parent / "locale"
ENGLISH = "en"
_NAMED = re.compile(r"\{(\w+)\}|\{\{|\}\}")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_STEPS = ("KiB", "MiB", "GiB", "TiB", "PiB")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Language:
    """A language. name: as its readers call it. grouping, decimal, day: how it writes numbers and dates (CLDR 48)."""

    code: str
    name: str
    right_to_left: bool = False
    grouping: str = ","
    decimal: str = "."
    day: str = "{year}-{month:02}-{day:02}"


LANGUAGES = {
    language.code: language
    for language in (
        Language("en", "English", day="{day} {name} {year}"),
        Language("de", "Deutsch", grouping=".", decimal=",", day="{day:02}.{month:02}.{year}"),
        Language("ar", "العربية", right_to_left=True, day="{day}\u200f/{month}\u200f/{year}"),
        Language("ja", "日本語", day="{year}/{month:02}/{day:02}"),
    )
}


class Translator:
    """Puts texts into one language."""

    def __init__(self, language: Language, catalogue: gettext.NullTranslations) -> None:
        self.language = language
        self._catalogue = catalogue

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
        return self._filled(self.originals(one, many, count), {"count": count, **(values or {})})

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
            return self.plural(made["text"], made["many"], count, {**values, "count": count})
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
            if isinstance(found, int) and not isinstance(found, bool):
                return self.number(found)
            return "" if found is None else str(found)

        return _NAMED.sub(value, message)

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number: 1,234.5."""
        whole, point, part = f"{value:,.{decimals}f}".partition(".")
        return whole.replace(",", self.language.grouping) + (self.language.decimal if point else "") + part

    def size(self, count: int) -> str:
        """Return a number of bytes: 512 bytes, 3.4 MiB."""
        if count < 1024:
            return self.plural("{count} byte", "{count} bytes", count)
        power = min((count.bit_length() - 1) // 10, len(_STEPS))
        return f"{self.number(count / 1024**power, 1)} {_STEPS[power - 1]}"

    def date(self, moment: datetime | str) -> str:
        """Return a day: 5 Jan 2026. Takes ISO 8601 too; what is no date stays as it is."""
        found = _moment(moment)
        if found is None:
            return str(moment)
        name = self.original(_MONTHS[found.month - 1])
        return self.language.day.format(year=found.year, month=found.month, day=found.day, name=name)

    def time(self, moment: datetime | str) -> str:
        """Return a day and the time of it: 5 Jan 2026, 12:30."""
        found = _moment(moment)
        return str(moment) if found is None else f"{self.date(found)}, {found.hour:02}:{found.minute:02}"

    def moment(self, text: str) -> str:
        """Return a text, as a time where it is one in ISO 8601 with a day and a time of it."""
        return self.time(text) if _ISO.match(text) else text

    def duration(self, seconds: float) -> str:
        """Return a span of time in its largest unit: 3 minutes."""
        for length, one, many in (
            (86_400, "{count} day", "{count} days"),
            (3600, "{count} hour", "{count} hours"),
            (60, "{count} minute", "{count} minutes"),
        ):
            if seconds >= length:
                return self.plural(one, many, round(seconds / length))
        return self.plural("{count} second", "{count} seconds", max(0, round(seconds)))


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
    if code not in available():
        code = ENGLISH
    catalogue = gettext.translation(DOMAIN, str(FOLDER), [code], fallback=True)
    return Translator(LANGUAGES.get(code, LANGUAGES[ENGLISH]), catalogue)


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
