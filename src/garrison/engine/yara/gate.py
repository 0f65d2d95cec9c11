"""Which rules an object can hit at all: by its type, and by what one of their strings must bring.

A rule is gated when its condition cannot hold unless at least one of its strings is there. All strings of all gated
rules stand in one Vectorscan database; a rule runs only over objects in which one of its strings was seen. The gate may
let too much through, never too little.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import hyperscan

from garrison.engine.yara.literals import literals_in
from garrison.engine.yara.text import RuleText, StringText

_ESCAPES = {"n": b"\n", "t": b"\t", "r": b"\r", '"': b'"', "\\": b"\\"}
_ESCAPED = re.compile(r"\\(x[0-9A-Fa-f]{2}|.)|([^\\]+)", re.DOTALL)
_BLOCK = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_LEAST_BYTES = 3
_COMMON = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_DOTALL

Expression = tuple[bytes, int]


def types_of(rule: RuleText) -> frozenset[str]:
    """Return the types that a rule says it can hit, `*` for any."""
    named = frozenset(part.strip() for part in rule.meta.get("types", "*").split(",") if part.strip())
    return frozenset({"*"}) if not named or "*" in named else named


def expressions(rule: RuleText) -> list[Expression] | None:
    """Return what must be looked for before the rule has to run, or None when it must always run."""
    try:
        needs = bool(rule.strings) and _Condition(rule.condition).needs_a_string()
    except (IndexError, RecursionError):
        return None
    if not needs:
        return None
    found: list[Expression] = []
    for string in rule.strings.values():
        expression = _expressions(string)
        if not expression or not all(map(_is_understood, expression)):
            return None
        found += expression
    return found


@lru_cache(maxsize=4096)
def _is_understood(expression: Expression) -> bool:
    if not expression[1] & hyperscan.HS_FLAG_PREFILTER:
        return True  # a literal
    try:
        compile_gate([expression], [0])
    except hyperscan.error:
        return False
    return True


def compile_gate(expressions: list[Expression], numbers: list[int]) -> bytes:
    """Return the serialized Vectorscan database. Raises hyperscan.error."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[text for text, _ in expressions],
        ids=numbers,
        elements=len(expressions),
        flags=[flags for _, flags in expressions],
    )
    return bytes(hyperscan.dumpb(database))


def _expressions(string: StringText) -> list[Expression]:
    if string.words & {"xor", "base64", "base64wide"}:
        return []
    flags = _COMMON | (hyperscan.HS_FLAG_CASELESS if string.words & {"nocase", "i"} else 0)
    if not string.body.isascii():
        return []
    if string.kind == "regex":
        contents = literals_in(string.body)
        if not contents:  # Vectorscan takes it as it is, or not at all
            plain = "wide" not in string.words
            return [(string.body.encode("ascii"), flags | hyperscan.HS_FLAG_PREFILTER)] if plain else []
    else:
        contents = [_unescaped(string.body) if string.kind == "text" else _longest_run(string.body)]
    if any(len(content) < _LEAST_BYTES for content in contents):
        return []
    return [(_literal(form), flags) for content in contents for form in _forms(content, string.words)]


def _forms(content: bytes, words: frozenset[str]) -> list[bytes]:
    wide = b"".join(bytes((byte, 0)) for byte in content)
    if "wide" not in words:
        return [content]
    return [wide, content] if "ascii" in words else [wide]


def _literal(content: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in content)


def _unescaped(body: str) -> bytes:
    parts: list[bytes] = []
    for match in _ESCAPED.finditer(body):
        escaped, plain = match.groups()
        if plain is not None:
            parts.append(plain.encode("utf-8"))
        elif len(escaped) == 3:
            parts.append(bytes.fromhex(escaped[1:]))
        else:
            parts.append(_ESCAPES.get(escaped, b""))
    return b"".join(parts)


def _longest_run(body: str) -> bytes:
    """Return the longest run of whole, known bytes outside alternatives; b"" when there is none."""
    body = re.sub(r"\s+", "", _BLOCK.sub("", body))
    while "(" in body:
        simpler = re.sub(r"\([^()]*\)", "[]", body)
        if simpler == body:
            return b""
        body = simpler
    runs = (_run(part) for part in re.split(r"\[[^\]]*\]", body))
    return max((run for found in runs for run in found), key=len, default=b"")


def _run(part: str) -> Iterator[bytes]:
    run: list[str] = []
    at = 0
    while at + 1 < len(part):
        step = 3 if part[at] == "~" else 2
        pair = part[at : at + step]
        if step == 2 and re.fullmatch("[0-9A-Fa-f]{2}", pair):
            run.append(pair)
        else:
            yield bytes.fromhex("".join(run))
            run = []
        at += step
    yield bytes.fromhex("".join(run))


class _Condition:
    """Whether a condition can only hold when a string was found: `or` binds loosest, then `and`, then `not`."""

    def __init__(self, words: list[str]) -> None:
        self._words = [*words, ""]
        self._at = 0

    def needs_a_string(self) -> bool:
        needs = self._any()
        return needs and self._words[self._at] == ""

    def _any(self) -> bool:
        needs = self._all()
        while self._words[self._at] == "or":
            self._at += 1
            needs = self._all() and needs
        return needs

    def _all(self) -> bool:
        needs = self._one()
        while self._words[self._at] == "and":
            self._at += 1
            needs = self._one() or needs
        return needs

    def _one(self) -> bool:
        if self._words[self._at] == "not":
            self._at += 1
            self._one()
            return False
        if self._words[self._at] == "(":
            start = self._at
            self._at += 1
            needs = self._any()
            if self._words[self._at] == ")" and self._words[self._at + 1] in {"and", "or", ")", ""}:
                self._at += 1
                return needs
            self._at = start  # arithmetic in brackets
        return _brings(self._run())

    def _run(self) -> list[str]:
        """Return the words up to the next connective outside brackets."""
        depth, start = 0, self._at
        while self._words[self._at]:
            word = self._words[self._at]
            if not depth and word in {"and", "or", ")"}:
                break
            depth += (word == "(") - (word == ")")
            self._at += 1
        return self._words[start : self._at]


def _brings(run: list[str]) -> bool:
    """Return whether one plain claim cannot hold without a string."""
    if not run:
        return False
    if run[0].startswith("$"):
        return len(run) == 1 or run[1] in {"at", "in"}
    if len(run) == 3 and run[0].startswith("#"):
        return run[1] == ">" and run[2].isdigit()
    counts = run[0] in {"any", "all"} or (run[0].isdigit() and int(run[0]) > 0)
    if counts and len(run) >= 3 and run[1] == "of":
        return run[2] == "them" or (
            run[2] == "(" and all(word.startswith("$") or word in {",", ")", "("} for word in run[3:])
        )
    return False
