"""./dev languages: how each language writes numbers, dates, sizes and spans of time, from CLDR by way of Babel.

The product itself has no Babel: it reads base/languages.json with the standard library alone.
"""

import gettext
import json
import re
import sys
from pathlib import Path
from typing import Any, Literal

from babel import Locale
from babel.messages.plurals import get_plural
from babel.units import format_unit

TARGET = Path("src/garrison/base/languages.json")
CODES = (
    *("en", "de", "ar", "ja"),
    *("cs", "es", "es_MX", "fi", "fr", "hu", "it", "ko", "nl", "pl", "pt_BR", "pt_PT", "ro", "ru", "sr", "sv", "tr"),
    *("vi", "zh_Hans", "zh_Hant"),
)
# Babel says one form for these; gettext's users, CLDR and the translators say two.
_TWO_FORMS = {"tr": (2, "(n != 1)"), "hu": (2, "(n != 1)")}
_WRITES_AS = {"en": "en_GB"}  # day before month, twenty-four hours: read alike everywhere
_LATE_GROUPING = {"es", "pl", "pt_PT"}  # minimumGroupingDigits of 2, which Babel does not tell
_TOKEN = re.compile(r"'([^']*)'|([a-zA-Z])\2*|[^a-zA-Z']+")
_FIELDS = {
    "y": "{year}",
    "M": "{month}",
    "MM": "{month:02}",
    "MMM": "{name}",
    "d": "{day}",
    "dd": "{day:02}",
    "H": "{hour}",
    "HH": "{hour:02}",
    "h": "{hour12}",
    "hh": "{hour12:02}",
    "mm": "{minute:02}",
    "a": "{half}",
}
_UNITS = {"second": "duration", "minute": "duration", "hour": "duration", "day": "duration", "byte": "digital"}


def plural_of(code: str) -> tuple[int, str]:
    """Return how many forms a language has for numbers, and the rule that chooses one, as gettext writes it."""
    if code in _TWO_FORMS:
        return _TWO_FORMS[code]
    forms, rule = get_plural(code)
    return int(forms), str(rule)


def _pattern(pattern: str) -> str:
    return "".join(
        match[1] if match[1] is not None else _FIELDS[match[0]] if match[2] else match[0]
        for match in _TOKEN.finditer(pattern)
    )


def _time(pattern: str) -> str:
    return pattern if "B" not in pattern else "HH:mm"  # with words for parts of the day, which take a table of hours


def _language(code: str) -> dict[str, Any]:
    locale, writes = Locale.parse(code), Locale.parse(_WRITES_AS.get(code, code))
    forms, rule = plural_of(code)
    chosen = gettext.c2py(rule)
    samples = [next(n for n in range(1000) if chosen(n) == form) for form in range(forms)]
    halves = locale.day_periods["format"]["abbreviated"]
    return {
        "name": locale.get_display_name(code),
        "right_to_left": locale.text_direction == "rtl",
        "grouping": locale.number_symbols["latn"]["group"],
        "decimal": locale.number_symbols["latn"]["decimal"],
        "grouped_from": 10_000 if code in _LATE_GROUPING else 1000,
        "day": _pattern(str(writes.date_formats["medium"].pattern)),
        "time": _pattern(_time(str(writes.time_formats["short"].pattern))),
        "moment": str(writes.datetime_formats["medium"]).replace("{1}", "{day}").replace("{0}", "{time}"),
        "months": [locale.months["format"]["abbreviated"][month] for month in range(1, 13)],
        "halves": [halves["am"], halves["pm"]],
        "plural": rule,
        "units": {unit: [_form(f"{kind}-{unit}", sample, code) for sample in samples] for unit, kind in _UNITS.items()},
    }


def _form(unit: str, sample: int, code: str) -> str:
    lengths: tuple[Literal["long", "short", "narrow"], ...] = ("long", "short", "narrow")  # where one is as the next
    tried = (format_unit(sample, unit, length=length, locale=code) for length in lengths)
    return next(text for text in tried if unit not in text).replace(str(sample), "{count}")


def written() -> str:
    """Return what the file should hold."""
    return json.dumps({code: _language(code) for code in CODES}, ensure_ascii=False, indent=1) + "\n"


def stale() -> str:
    """Return why the file is not what CLDR says, "" when it is."""
    is_right = TARGET.is_file() and TARGET.read_text("utf-8") == written()
    return "" if is_right else f"{TARGET}: not what CLDR says; run ./dev languages"


def main(_: list[str]) -> int:
    """Write the file."""
    TARGET.write_text(written(), "utf-8")
    print(f"{len(CODES)} languages", file=sys.stderr)
    return 0
