"""The outside of YARA rules, read from their text: names, meta, strings, the condition's words.

YARA-X compiles the rules; this reads only what a gate has to know. What it cannot read is no error: such a rule is
simply never kept from running. Source: "Writing YARA rules" in YARA's manual.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_WORD = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)|(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<name>[A-Za-z_][\w.]*)"""
    r"""|(?P<string>[$\#@!][\w*]*)|(?P<number>\d[\w.]*)|(?P<sign>.)""",
    re.DOTALL | re.VERBOSE,
)
_REGEX = re.compile(r"/(?P<body>(?:[^/\\\n]|\\.)+)/(?P<flags>[is]*)")
_HEX = re.compile(r"\{(?P<body>[^}]*)\}")
_WHOLE_LINE = re.compile(r'^[ \t]*include[ \t]+"(?P<name>[^"\n]{1,1000})"[ \t]*$', re.MULTILINE)
_MOST_INCLUDES = 100
_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StringText:
    """One entry of `strings:`. kind: text, hex or regex. body: without its quotes. words: its modifiers."""

    kind: str
    body: str
    words: frozenset[str]


@dataclass(slots=True)
class RuleText:
    """One rule. start, end: where it stands in the text. condition: its words and signs, in order."""

    name: str
    start: int
    end: int
    is_private: bool = False
    is_global: bool = False
    meta: dict[str, str] = field(default_factory=dict)
    strings: dict[str, StringText] = field(default_factory=dict)
    condition: list[str] = field(default_factory=list)


class Unreadable(ValueError):  # what it is, not an error of ours: the rules run without a gate
    """The text is not what this reader knows."""


def included(name: str, sources: Mapping[str, str]) -> str:
    """Return a source with what it includes in place, by full name or by base name.

    Raises ValueError when something is missing, includes itself, or grows too large.
    """
    return _included(name, sources, (), [_MOST_INCLUDES])


def _included(name: str, sources: Mapping[str, str], around: tuple[str, ...], left: list[int]) -> str:
    text = sources[name]

    def replace(match: re.Match[str]) -> str:
        wanted = _find(match["name"], sources)
        left[0] -= 1
        if wanted is None or wanted in (*around, name) or left[0] < 0:
            raise ValueError(f"includes what is not there, or itself: {match['name'][:100]}")
        return _included(wanted, sources, (*around, name), left)

    result = _WHOLE_LINE.sub(replace, text) if "include" in text else text
    if len(result) > _MOST_BYTES:
        raise ValueError("is too large with all that it includes")
    return result


def _find(wanted: str, sources: Mapping[str, str]) -> str | None:
    if wanted in sources:
        return wanted
    base = wanted.rsplit("/", 1)[-1]
    return next((name for name in sorted(sources) if name.rsplit("/", 1)[-1] == base), None)


def read_rules(text: str) -> tuple[list[str], list[RuleText]]:
    """Return the modules a text imports, and its rules. Raises Unreadable."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._began = 0

    def read(self) -> tuple[list[str], list[RuleText]]:
        imports: list[str] = []
        rules: list[RuleText] = []
        flags: set[str] = set()
        start = -1
        while (word := self._next()) is not None:
            start = self._began if start < 0 else start
            if word == "import":
                imports.append(self._quoted())
                start = -1
            elif word in {"private", "global"}:
                flags.add(word)
            elif word == "rule":
                rules.append(self._rule(start, flags))
                flags, start = set(), -1
            else:
                raise Unreadable(word)
        return imports, rules

    def _next(self) -> str | None:
        while self._at < len(self._text):
            match = _WORD.match(self._text, self._at)
            if match is None:
                raise Unreadable(self._text[self._at : self._at + 20])
            self._began, self._at = self._at, match.end()
            if match.lastgroup != "space":
                return match[0]
        return None

    def _needed(self) -> str:
        word = self._next()
        if word is None:
            raise Unreadable("it ends too early")
        return word

    def _quoted(self) -> str:
        word = self._needed()
        if not word.startswith('"'):
            raise Unreadable(word)
        return word[1:-1]

    def _peek(self) -> str:
        at, began = self._at, self._began
        word = self._needed()
        self._at, self._began = at, began
        return word

    def _rule(self, start: int, flags: set[str]) -> RuleText:
        rule = RuleText(self._needed(), start, 0, "private" in flags, "global" in flags)
        while self._needed() != "{":
            pass  # tags
        while (section := self._needed()) != "}":
            if self._needed() != ":":
                raise Unreadable(section)
            if section == "meta":
                self._meta(rule)
            elif section == "strings":
                self._strings(rule)
            elif section == "condition":
                self._condition(rule)
                break
            else:
                raise Unreadable(section)
        rule.end = self._at
        return rule

    def _meta(self, rule: RuleText) -> None:
        while self._peek() not in {"strings", "condition"}:
            name = self._needed()
            if self._needed() != "=":
                raise Unreadable(name)
            value = self._needed()
            if value == "-":
                value += self._needed()
            rule.meta[name] = value[1:-1] if value.startswith('"') else value

    def _strings(self, rule: RuleText) -> None:
        while self._peek().startswith("$"):
            name = self._needed()
            if self._needed() != "=":
                raise Unreadable(name)
            kind, body, words = self._value()
            while self._peek() in _MODIFIERS:
                words.add(self._needed())
                if self._peek() == "(":  # of xor and base64
                    while self._needed() != ")":
                        pass
            key = f"{name}{len(rule.strings)}" if name == "$" else name
            rule.strings[key] = StringText(kind, body, frozenset(words))

    def _value(self) -> tuple[str, str, set[str]]:
        first = self._peek()
        if first.startswith('"'):
            return "text", self._quoted(), set()
        self._needed()
        pattern = {"/": _REGEX, "{": _HEX}.get(first)
        match = pattern.match(self._text, self._began) if pattern else None
        if match is None:
            raise Unreadable(first)
        self._at = match.end()
        flags = set(match.groupdict().get("flags") or "")
        return ("regex" if first == "/" else "hex"), match["body"], flags

    def _condition(self, rule: RuleText) -> None:
        while (word := self._needed()) != "}":
            if word == "/" and rule.condition and rule.condition[-1] == "matches":
                match = _REGEX.match(self._text, self._began)
                if match is None:
                    raise Unreadable(word)
                self._at = match.end()
                word = match[0]
            rule.condition.append(word)


_MODIFIERS = {"nocase", "wide", "ascii", "xor", "base64", "base64wide", "fullword", "private"}


def rule_names(condition: list[str]) -> Iterator[str]:
    """Yield the words of a condition that may be the names of other rules."""
    return (word for word in condition if word[:1].isalpha() or word[:1] == "_")
