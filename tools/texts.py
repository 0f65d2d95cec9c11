"""Finds every text that a person may read: in the manifest, the code, the templates and the scripts."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from jinja2.ext import babel_extract

SOURCE = Path("src/garrison")
MANIFEST = SOURCE / "wire" / "golden.json"
_IN_MANIFEST = {"title", "help", "says", "text", "choices"}
_ERRORS = {"Invalid", "NotFound", "Refused", "Unlicensed", "Unavailable", "Failed", "Unexpected"}
_TEXTS = {"Text", "message", "phrase", "sentence", "_", "Choice"}
_HELPS = {"help", "short_help", "epilog"}  # of the command line's own commands
_CLICK = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types")
_SCRIPT = re.compile(r"""\b_\(\s*("(?:[^"\\]|\\.)*")""")
_OTHER_PROGRAMS = ("office", "engine/signatures")  # their operators read English


@dataclass(frozen=True, order=True, slots=True)
class Found:
    """A text. many: its form for other numbers than one, "" where it has none. where: the file it stands in."""

    one: str
    many: str
    where: str


def all_texts() -> list[Found]:
    """Return every text once for each place it stands in, in order."""
    found = {*_in_manifest(), *_in_code(), *_in_templates(), *_in_scripts(), *_in_click()}
    return sorted(each for each in found if re.search(r"[^\W\d_]", re.sub(r"\{\w+\}|%\(\w+\)s", "", each.one)))


def _in_manifest() -> Iterator[Found]:
    yield from _manifest_texts(json.loads(MANIFEST.read_text("utf-8")), "")


def _manifest_texts(node: Any, name: str) -> Iterator[Found]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _manifest_texts(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from _manifest_texts(value, name)
    elif isinstance(node, str) and name in _IN_MANIFEST:
        yield Found(node, "", MANIFEST.as_posix())


def _in_code() -> Iterator[Found]:
    for path in sorted(SOURCE.rglob("*.py")):
        if path.relative_to(SOURCE).as_posix().startswith(_OTHER_PROGRAMS):
            continue
        where = path.as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                for one, many in _of_call(node):
                    yield Found(one, many, where)
                if where.startswith(f"{SOURCE}/cli/"):
                    yield from (Found(text, "", where) for text in _helps(node))
            elif isinstance(node, ast.ClassDef):
                yield from (Found(name, "", where) for name in _columns(node))


def _of_call(call: ast.Call) -> Iterator[tuple[str, str]]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    texts = [text for argument in call.args[:3] for text in _constants(argument)[:1]]
    is_whole = bool(call.args and _constants(call.args[0]))  # base.text.plural has the count first
    if name == "plural" and not is_whole and len(texts) == 2:
        yield "{count} " + texts[0], "{count} " + texts[1]
    elif name in {"plural", "_plural", "plural_of"} and len(texts) == 2:
        yield texts[0], texts[1]
    elif name == "explain" and texts:
        yield f"Could not {texts[0]}: {{why}}.", ""
    elif name in _ERRORS:
        for argument in call.args[:2]:
            yield from ((text, "") for text in _constants(argument))
    elif (name in _TEXTS or _is_said(call.func)) and call.args:
        many = next((keyword.value for keyword in call.keywords if keyword.arg == "many"), None)
        yield from ((text, "".join(_constants(many)[:1])) for text in _constants(call.args[0]))


def _helps(call: ast.Call) -> list[str]:
    return [text for keyword in call.keywords if keyword.arg in _HELPS for text in _constants(keyword.value)]


def _columns(node: ast.ClassDef) -> list[str]:
    """Return what the fields of a row or a result are called over a column."""
    if not any(ast.unparse(base).split(".")[-1] in {"Frozen", "Result"} for base in node.bases):
        return []
    fields = [each for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)]
    return [
        ast.unparse(each.target).replace("_", " ").capitalize()
        for each in fields
        if not ast.unparse(each.annotation).startswith("ClassVar")
    ]


def _in_click() -> Iterator[Found]:
    """Yield what click itself says, which gettext puts into the reader's language too."""
    for name in _CLICK:
        path = Path(click.__file__).with_name(f"{name}.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"_", "ngettext"}:
                texts = [text for argument in node.args[:2] for text in _constants(argument)]
                if texts:
                    yield Found(texts[0], "".join(texts[1:]), "click")


def _is_said(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute) and function.attr == "of" and ast.unparse(function.value).endswith("Said")
    )


def _constants(node: ast.expr | None) -> list[str]:
    """Return the texts that an expression can be, where they stand in it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [*_constants(node.body), *_constants(node.orelse)]
    return []


def _in_templates() -> Iterator[Found]:
    for path in sorted(SOURCE.rglob("templates/**/*.html")):
        with path.open("rb") as file:
            options = {"trimmed": "true", "newstyle_gettext": "true"}
            for _, _, texts, _ in babel_extract(file, ["_", "gettext", "ngettext"], [], options):
                one, many = (*texts, "")[:2] if isinstance(texts, tuple) else (texts, "")
                yield Found(one or "", many or "", path.as_posix())


def _in_scripts() -> Iterator[Found]:
    for path in sorted((SOURCE / "look" / "assets").glob("garrison*.js")):
        for text in _SCRIPT.findall(path.read_text("utf-8")):
            yield Found(json.loads(text), "", path.as_posix())
