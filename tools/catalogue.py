"""./dev catalogue: every text for people, gathered for the translators, and what they made of it, compiled.

locale/garrison.pot holds the texts; locale/LANGUAGE/LC_MESSAGES/garrison.po their translations (the file a translator
edits), garrison.mo the same as the product reads it (gettext's formats).
"""

import io
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from garrison.base.languages import DOMAIN, FOLDER
from tools.cldr import plural_of
from tools.texts import all_texts

_PLACES = re.compile(r"\{\w+(?:![rs])?\}|%\(\w+\)s")
_MOST_SAME = 0.05  # of the texts may be as in English: names, and words that are the same
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_WRONG = 40  # told at once


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a translation."""

    language: str
    text: str
    what: str

    def __str__(self) -> str:
        return f"{self.language}: {self.what}: {self.text}"


def template() -> Catalog:
    """Return the catalogue of all texts, without translations."""
    made = Catalog(project="Garrison", charset="utf-8", header_comment="# The texts of Garrison.")
    where: dict[str, set[str]] = defaultdict(set)
    many: dict[str, str] = {}
    for found in all_texts():
        where[found.one].add(found.where)
        many[found.one] = many.get(found.one) or found.many
    for one in sorted(where):
        identity = (one, many[one]) if many[one] else one
        made.add(identity, locations=[(path, 0) for path in sorted(where[one])])
    return made


def languages() -> list[str]:
    """Return the codes of the languages that there are translations of."""
    return sorted(path.parent.parent.name for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def load(language: str) -> Catalog:
    """Return a language's translations."""
    with _po(language).open("rb") as file:
        return read_po(file, locale=language)


def wrong(language: str) -> list[Wrong]:
    """Return what is missing or broken in a language's translations."""
    return [
        Wrong(language, _one(message), what)
        for message in load(language)
        if message.id
        for what in [_fault(message)]
        if what
    ]


def _fault(message: Message) -> str:
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    if not all(forms):
        return "not translated"
    if message.fuzzy:
        return "marked as unsure"
    wanted = [
        set(_PLACES.findall(text or "")) for text in ((message.id,) if isinstance(message.id, str) else message.id)
    ]
    # A form for one thing alone may say "one" instead of the number.
    may_miss = {"{count}", "%(count)s"} if len(forms) > 1 or len(wanted) > 1 else set()
    for form in forms:
        here = set(_PLACES.findall(form or ""))
        if not here <= wanted[-1] | wanted[0] or not wanted[0] - may_miss <= here:
            return "other {names} than the English"
    return ""


def _one(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _po(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def _written(catalogue: Catalog) -> bytes:
    """Return a catalogue as it is kept: without dates, which would change with nothing else."""
    file = io.BytesIO()
    write_po(
        file, catalogue, width=100, omit_header=False, sort_output=True, ignore_obsolete=True, include_lineno=False
    )
    dated = re.compile(rb'^"(POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator): .*\n', re.MULTILINE)
    return dated.sub(b"", file.getvalue())


def _compiled(catalogue: Catalog) -> bytes:
    file = io.BytesIO()
    catalogue.creation_date = catalogue.revision_date = _NO_DATE  # else it would change with nothing else
    write_mo(file, catalogue)
    return file.getvalue()


def files() -> dict[Path, bytes]:
    """Return every generated file with the content it should have."""
    fresh = template()
    wanted = {FOLDER / f"{DOMAIN}.pot": _written(fresh)}
    for language in languages():
        catalogue = load(language)
        catalogue.update(fresh, no_fuzzy_matching=True)
        wanted[_po(language)] = _written(catalogue)
        if _is_complete(catalogue):  # readers are offered what is compiled
            compiled = _compiled(read_po(io.BytesIO(_written(catalogue)), locale=language))
            wanted[_po(language).with_suffix(".mo")] = compiled
    return wanted


def _is_complete(catalogue: Catalog) -> bool:
    return not any(message.id and _fault(message) for message in catalogue)


def add(language: str) -> None:
    """Begin the translations of a language: every text, none translated."""
    made = Catalog(locale=language, project="Garrison", charset="utf-8")
    forms, rule = plural_of(language)  # Babel's own are not all as gettext's
    made.mime_headers = [("Plural-Forms", f"nplurals={forms}; plural={rule};")]
    path = _po(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    made.update(template(), no_fuzzy_matching=True)
    path.write_bytes(_written(made))


def unready() -> str:
    """Return what is wrong: stale files, and gaps or too much English in the catalogues that are compiled."""
    lines = [line for line in [stale()] if line]
    for language in filter(lambda each: _po(each).with_suffix(".mo").exists(), languages()):
        lines += [str(each) for each in wrong(language)[:_MOST_WRONG]]
        messages = [message for message in load(language) if message.id]
        same = [message for message in messages if message.string and message.string == message.id]
        if len(same) >= _MOST_SAME * max(1, len(messages)):
            lines.append(f"{language}: {len(same)} of {len(messages)} texts are as in English")
    return "\n".join(lines)


def stale() -> str:
    """Return which files are not what the texts say, "" when all are."""
    differing = [path for path, content in files().items() if not path.exists() or path.read_bytes() != content]
    lines = [f"{path.name} of {path.parts[-3]}: not what the texts say; run ./dev catalogue" for path in differing]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Write them; with --add LANGUAGE begin one; with --wrong LANGUAGE, say what is missing there instead."""
    if arguments[:1] == ["--wrong"]:
        found = [each for language in arguments[1:] or languages() for each in wrong(language)]
        print("\n".join(map(str, found[:_MOST_WRONG])))
        return 1 if found else 0
    for language in arguments[1:] if arguments[:1] == ["--add"] else ():
        add(language)
    wanted = files()
    for path in set(FOLDER.glob("*/LC_MESSAGES/*.mo")) - set(wanted):
        path.unlink()
    for path, content in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    print(f"{len(template())} texts; languages: {', '.join(languages()) or 'none but English'}", file=sys.stderr)
    return 0
