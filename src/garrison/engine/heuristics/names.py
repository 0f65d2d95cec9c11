"""Names that pass a program off as something else."""

# ruff: noqa: E501 - a rule is one row of a table, its pattern one word of it

import re

from garrison.engine.heuristics.rule import PROGRAMS, SCRIPTS, Look, Rule, Test
from garrison.engine.type import Type
from garrison.engine.verdict import Kind

_DOCUMENT = r"pdf|docx?|xlsx?|pptx?|odt|ods|rtf|jpe?g|png|gif|mp[34]|avi"
_DOUBLE = re.compile(
    rf"\.(?:{_DOCUMENT}|txt|zip)[ _]{{0,200}}\.(?:exe|scr|com|pif|bat|cmd|vbs|vbe|jse|wsf|hta|lnk|ps1|msi|desktop|run|bin)$",
    re.IGNORECASE,
)
_SPACES = re.compile(r"[ \u00a0\u2000-\u200b]{12}\.[a-z0-9]{2,8}$", re.IGNORECASE)
_ONLY = re.compile(rf"\.(?:{_DOCUMENT})$", re.IGNORECASE)
_TURNING = frozenset("\u202e\u202d\u2066\u2067\u2068")
_ACTIVE = PROGRAMS | SCRIPTS | {Type.LNK, Type.HTML, Type.JAVA_CLASS, Type.AUTOIT}


def _turned(look: Look) -> bool:
    return not _TURNING.isdisjoint(look.subject.name)


def _doubled(look: Look) -> bool:
    return _DOUBLE.search(look.subject.name) is not None


def _spaced(look: Look) -> bool:
    return _SPACES.search(look.subject.name) is not None


def _only(look: Look) -> bool:
    return _ONLY.search(look.subject.name) is not None


RULES = (
    Rule("name.turned", "Heuristic.Name.RightToLeft", Kind.TROJAN, 80,
         "its name has signs in it that make it read backwards", _ACTIVE, Test(_turned)),
    Rule("name.doubled", "Heuristic.Name.DoubleExtension", Kind.TROJAN, 75,
         "its name ends like a document's and then like a program's",
         PROGRAMS | {Type.LNK, Type.VBSCRIPT, Type.POWERSHELL, Type.BATCH}, Test(_doubled)),
    Rule("name.doubled-text", "Heuristic.Name.DoubleExtension", Kind.TROJAN, 45,
         "its name ends like a document's and then like a script's",
         frozenset({Type.TEXT, Type.SHELL, Type.SCRIPT, Type.HTML, Type.JAVASCRIPT}), Test(_doubled)),
    Rule("name.spaced", "Heuristic.Name.HiddenExtension", Kind.TROJAN, 60,
         "its name hides its ending behind many spaces", _ACTIVE, Test(_spaced)),
    Rule("name.document", "Heuristic.Name.ProgramAsDocument", Kind.TROJAN, 75,
         "it is a program with the name of a document or picture", frozenset({Type.PE, Type.ELF, Type.LNK}), Test(_only)),
)  # fmt: skip
